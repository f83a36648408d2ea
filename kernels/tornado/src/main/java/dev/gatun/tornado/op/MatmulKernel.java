package dev.gatun.tornado.op;

import dev.gatun.DType;
import dev.gatun.Matmul;
import dev.gatun.Tensor;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Unsupported;
import dev.gatun.tornado.kernel.Elements;
import dev.gatun.tornado.kernel.Grid;
import dev.gatun.tornado.kernel.Kernel;
import dev.gatun.tornado.kernel.Launch;
import dev.gatun.tornado.kernel.Products;
import dev.gatun.tornado.kernel.Weights;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Matmul. */
final class MatmulKernel implements OperatorKernel<Matmul> {
  private static final Map<DType, Integer> TYPES = new EnumMap<>(Map.ofEntries(
      Map.entry(DType.F32, Elements.F32), Map.entry(DType.F16, Elements.F16), Map.entry(DType.BF16, Elements.BF16),
      Map.entry(DType.F8_E4M3, Weights.F8_E4M3), Map.entry(DType.F8_E5M2, Weights.F8_E5M2),
      Map.entry(DType.Q8_0, Weights.Q8_0),
      Map.entry(DType.Q4_0, Weights.Q4_0),
      Map.entry(DType.Q4_1, Weights.Q4_1),
      Map.entry(DType.Q5_0, Weights.Q5_0),
      Map.entry(DType.Q5_1, Weights.Q5_1),
      Map.entry(DType.IQ4_NL, Weights.IQ4_NL),
      Map.entry(DType.MXFP4, Weights.MXFP4),
      Map.entry(DType.Q2_K, Weights.Q2_K),
      Map.entry(DType.Q3_K, Weights.Q3_K),
      Map.entry(DType.Q4_K, Weights.Q4_K),
      Map.entry(DType.Q5_K, Weights.Q5_K),
      Map.entry(DType.Q6_K, Weights.Q6_K)));

  private static final Map<DType, Kernel> FEW = new EnumMap<>(DType.class);

  static {
    TYPES.forEach((dtype, number) -> FEW.put(dtype, Products.rows(number, dtype.label())));
  }

  private static final int CPU_ROWS = 16;
  private static final int GPU_ROWS = 4;
  private static final int UNIT = 5;

  @Override
  public Decision plan(Matmul operator, Traits traits) {
    if (!TYPES.containsKey(operator.w().dtype())) {
      return new Unsupported("no kernel for weights of " + operator.w().dtype());
    }
    return Shapes.refusal(operator).map(Decision.class::cast).orElseGet(() -> new TornadoPlan(FEW.get(operator.w().dtype()).name(), "", 0,
        Shapes.bytes(operator), 2 * operator.x().size(0) * operator.w().shape().elements(), List.of()));
  }

  @Override
  public List<Launch> launches(Matmul operator, Traits traits, Binding binding) {
    Tensor w = operator.w();
    int rows = traits.cpu() ? CPU_ROWS : GPU_ROWS;
    long m = operator.x().size(0);
    int most = Math.clamp(m, 1, 8);
    int bits = Math.min(floorLog(Products.MOST_W / rows), floorLog(Products.MOST_X / most));
    Shapes.Count count = Shapes.Count.of(binding, operator);
    DType type = w.dtype();
    long stride = type.isBlock() ? type.bytes(w.stride(0)) : w.stride(0);
    Launch.Builder launch = Launch.of(FEW.get(type))
        .integers(m, count.index(), binding.index(operator.x()), operator.x().stride(0), Shapes.type(operator.x()), most, rows, bits, traits.cpu() ? 0 : 1,
            operator.bias().map(binding::index).orElse(-1), binding.index(operator.y()), operator.y().stride(0), Shapes.type(operator.y()))
        .integers(w.size(1), w.size(0), binding.index(w), stride, type.isBlock() || traits.cpu() ? UNIT : 0)
        .integers(scale(operator, binding))
        .memory(binding.place(operator.x())).memory(binding.place(w)).memory(binding.place(operator.scale().orElse(operator.x())));
    return List.of(launch.memory(binding.place(operator.bias().orElse(operator.x()))).memory(binding.place(operator.y())).memory(count.place())
        .over(new Grid((int) Math.max(1, Math.ceilDiv(w.size(0), rows)), (int) Math.max(1, Math.ceilDiv(m, most)), 1, traits.local())));
  }

  private static int floorLog(int n) {
    return 31 - Integer.numberOfLeadingZeros(n);
  }

  /** Index of the first scale, rows that share it, and the ways to the next ones down and along. */
  private static long[] scale(Matmul operator, Binding binding) {
    if (operator.scale().isEmpty()) {
      return new long[] {-1, 1, 0, 0};
    }
    Tensor scale = operator.scale().get();
    long index = binding.index(scale);
    if (scale.shape().rank() == 2) {
      return new long[] {index, Matmul.SCALED, scale.stride(0), 1};
    }
    return new long[] {index, 1, scale.size(0) == 1 ? 0 : 1, 0};
  }
}
