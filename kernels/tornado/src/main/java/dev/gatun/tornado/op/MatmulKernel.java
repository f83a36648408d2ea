package dev.gatun.tornado.op;

import dev.gatun.DType;
import dev.gatun.Matmul;
import dev.gatun.Tensor;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Unsupported;
import dev.gatun.tornado.kernel.Grid;
import dev.gatun.tornado.kernel.Kernel;
import dev.gatun.tornado.kernel.Launch;
import dev.gatun.tornado.kernel.Products;
import dev.gatun.tornado.kernel.Tiles;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Matmul: rows of the weight for each work-group where the rows of x are few, tiles of the result where they are many. */
final class MatmulKernel implements OperatorKernel<Matmul> {
  private static final Map<DType, Kernel> ROWS = new EnumMap<>(DType.class);
  private static final Map<DType, Kernel> TILES = new EnumMap<>(DType.class);

  static {
    for (DType type : DType.values()) {
      if (type != DType.I8 && type != DType.I32) {
        ROWS.put(type, Products.rows(Shapes.type(type), type.label()));
        TILES.put(type, Tiles.of(Shapes.type(type), type.label()));
      }
    }
  }

  /** Rows of x up to which a weight is decoded once for each of its rows; a group's local memory takes no more. */
  private static final int FEW = 8;

  private static final int CPU_FEW = 16;

  /** An item of a processor takes a row by itself, in which the compiler finds vectors. */
  private static final int CPU_ROWS = 16;

  private static final int GPU_ROWS = 4;
  private static final int UNIT_BITS = 5;

  /**
   * How a case is cut.
   *
   * @param tiled whether in tiles
   * @param tall rows of x of a group
   * @param wide rows of the weight of a group
   * @param rejected the other form, and why not
   */
  private record Cut(boolean tiled, int tall, int wide, String rejected) {
    static Cut of(Matmul operator, Traits traits) {
      long m = operator.x().size(0);
      if (traits.cpu() || m <= FEW) {
        int most = traits.cpu() ? CPU_FEW : FEW;
        return new Cut(false, Math.clamp(m, 1, most), traits.cpu() ? CPU_ROWS : GPU_ROWS,
            traits.cpu() ? "tiles: a processor's vectors lie along K" : "tiles: " + m + " rows of x leave most of a tile empty");
      }
      int columns = 1 << (Integer.SIZE - Integer.numberOfLeadingZeros(traits.local())) / 2;
      return new Cut(true, Tiles.EACH * traits.local() / columns, Tiles.EACH * columns, "rows: the weight would be decoded " + Math.ceilDiv(m, (long) FEW) + " times");
    }

    Kernel kernel(DType type) {
      return (tiled ? TILES : ROWS).get(type);
    }
  }

  @Override
  public Decision plan(Matmul operator, Traits traits) {
    return refusal(operator).map(Decision.class::cast).orElseGet(() -> {
      Cut cut = Cut.of(operator, traits);
      return new TornadoPlan(cut.kernel(operator.w().dtype()).name(), cut.tall + " rows of x by " + cut.wide + " of w for " + traits.local() + " items", 0,
          Shapes.bytes(operator), 2 * operator.x().size(0) * operator.w().shape().elements(), List.of(cut.rejected));
    });
  }

  private static Optional<Unsupported> refusal(Matmul operator) {
    Tensor w = operator.w();
    if (w.dtype().isBlock() && w.dtype() != DType.MXFP4 && w.offset() % Short.BYTES != 0) {
      return Optional.of(new Unsupported("w " + w + " starts at byte " + w.offset() + ", between two shorts; copy it to an aligned buffer"));
    }
    return Shapes.refusal(operator);
  }

  @Override
  public List<Launch> launches(Matmul operator, Traits traits, Binding binding) {
    Cut cut = Cut.of(operator, traits);
    Tensor x = operator.x();
    Tensor w = operator.w();
    Tensor y = operator.y();
    DType type = w.dtype();
    Shapes.Count count = Shapes.Count.of(binding, operator);
    int bits = Math.min(log(Products.MOST_W / cut.wide), log(Products.MOST_X / cut.tall));
    int run = type.isBlock() || traits.cpu() ? UNIT_BITS : 0;
    return List.of(Launch.of(cut.kernel(type))
        .integers(x.size(0), count.index(), binding.index(x), x.stride(0), Shapes.type(x), cut.tall, cut.wide, bits, traits.cpu() ? 0 : 1,
            operator.bias().map(binding::index).orElse(-1), binding.index(y), y.stride(0), Shapes.type(y))
        .integers(w.size(1), w.size(0), binding.index(w), type.bytes(w.stride(0)) / (type.isBlock() ? 1 : type.blockBytes()), run)
        .integers(scale(operator, binding))
        .memory(binding.place(x)).memory(binding.place(w)).memory(binding.place(operator.scale().orElse(x))).memory(binding.place(operator.bias().orElse(x)))
        .memory(binding.place(y)).memory(count.place())
        .over(new Grid(groups(w.size(0), cut.wide), groups(x.size(0), cut.tall), 1, traits.local())));
  }

  private static int groups(long n, int each) {
    return Math.toIntExact(Math.max(1, Math.ceilDiv(n, (long) each)));
  }

  private static int log(int n) {
    return Integer.SIZE - 1 - Integer.numberOfLeadingZeros(n);
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
