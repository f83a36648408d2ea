package dev.gatun.tornado.op;

import dev.gatun.DType;
import dev.gatun.Dequantize;
import dev.gatun.spi.Decision;
import dev.gatun.tornado.kernel.Expand;
import dev.gatun.tornado.kernel.Kernel;
import dev.gatun.tornado.kernel.Launch;
import java.util.List;

/** Dequantize: a work-group for each piece of a row; the types of most files have a kernel each. */
final class DequantizeKernel implements OperatorKernel<Dequantize> {
  @Override
  public Decision plan(Dequantize operator, Traits traits) {
    return Shapes.refusal(operator, traits, Cut.groups(operator.x(), traits), kernel(operator.x().dtype())).map(Decision.class::cast)
        .orElseGet(() -> new TornadoPlan(kernel(operator.x().dtype()).name(), Cut.tile(traits), 0,
            Shapes.bytes(operator), operator.x().shape().elements(), List.of()));
  }

  @Override
  public List<Launch> launches(Dequantize operator, Traits traits, Binding binding) {
    Cut cut = new Cut(operator.x(), traits, Shapes.Count.of(binding, operator));
    return List.of(Launch.of(kernel(operator.x().dtype()))
        .integers(cut.integers()).integers(Shapes.type(operator.y()), Shapes.type(operator.x()), operator.x().dtype().blockBytes())
        .integers(Shapes.rows(operator.x(), binding)).integers(Shapes.rows(operator.y(), binding))
        .memory(binding.place(operator.x())).memory(binding.place(operator.y())).memory(cut.count().place())
        .over(cut.grid()));
  }

  private static Kernel kernel(DType type) {
    return switch (type) {
      case Q8_0 -> Expand.Q8_0;
      case Q4_0 -> Expand.Q4_0;
      case Q4_K -> Expand.Q4_K;
      case Q6_K -> Expand.Q6_K;
      default -> Expand.OTHER;
    };
  }
}
