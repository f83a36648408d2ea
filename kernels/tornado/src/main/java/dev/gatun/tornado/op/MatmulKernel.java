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
  private static final Map<DType, Kernel> SMALL_ROWS = new EnumMap<>(DType.class);
  private static final Map<DType, Kernel> TILES = new EnumMap<>(DType.class);

  static {
    for (DType type : DType.values()) {
      if (type != DType.I8 && type != DType.I32) {
        ROWS.put(type, Products.rows(Products.Size.LARGE, Shapes.type(type), type.label()));
        SMALL_ROWS.put(type, Products.rows(Products.Size.SMALL, Shapes.type(type), type.label()));
        TILES.put(type, Tiles.of(Shapes.type(type), type.label()));
      }
    }
  }

  /** Rows of x up to which a weight is decoded once for each of its rows. */
  private static final int FEW = 8;

  /** A processor's rows of either for a group: each of its 16 items takes a row of the weight by itself, in which the compiler finds vectors. */
  private static final int CPU_FEW = 16;

  /** The same where there are more rows of x: what is brought to local memory then serves twice as many products. */
  private static final int CPU_MANY = 32;

  private static final int GPU_ROWS = 4;
  private static final int UNIT_BITS = 5;

  /** Some interfaces to devices have no more work-groups in another direction than the first. */
  private static final int MOST_GROUPS_DOWN = (1 << 16) - 1;

  /**
   * How a case is cut.
   *
   * @param kernel the kernel
   * @param size what it takes of local memory, if it is not that for tiles
   * @param tall rows of x of a group
   * @param wide rows of the weight of a group
   * @param rejected the other form, and why not
   */
  private record Cut(Kernel kernel, Products.Size size, int tall, int wide, String rejected) {
    static Cut of(Matmul operator, Traits traits) {
      long m = operator.x().size(0);
      DType type = operator.w().dtype();
      if (traits.cpu()) {
        boolean large = traits.holds(ROWS.get(type));
        int side = large && m > CPU_FEW ? CPU_MANY : CPU_FEW;
        return new Cut((large ? ROWS : SMALL_ROWS).get(type), large ? Products.Size.LARGE : Products.Size.SMALL, Math.clamp(m, 1, side), side,
            "tiles: a processor's vectors lie along K");
      }
      int few = Math.min(FEW, Products.Size.SMALL.sums() / Math.max(GPU_ROWS, traits.local()));
      boolean tiled = m > FEW && traits.holds(TILES.get(type));
      if (!tiled) {
        return new Cut(SMALL_ROWS.get(type), Products.Size.SMALL, Math.clamp(m, 1, few), GPU_ROWS, m <= FEW ? "tiles: " + m + " rows of x leave most of a tile empty"
            : "tiles: they take " + TILES.get(type).localBytes() + " bytes of local memory, the device has " + traits.localBytes());
      }
      int columns = 1 << (Integer.SIZE - Integer.numberOfLeadingZeros(traits.local())) / 2;
      return new Cut(TILES.get(type), Products.Size.SMALL, Tiles.EACH * traits.local() / columns, Tiles.EACH * columns,
          "rows: the weight would be decoded " + Math.ceilDiv(m, (long) few) + " times");
    }

    /** Work-groups along the rows of the weight. */
    long across(Matmul operator) {
      return Math.ceilDiv(operator.w().size(0), (long) wide);
    }

    /** Work-groups along the rows of x. */
    long down(Matmul operator) {
      return Math.ceilDiv(operator.x().size(0), (long) tall);
    }

    /** The binary logarithm of the columns that are in local memory at a time. */
    int bits() {
      return Math.min(log(size.w() / wide), log(size.x() / tall));
    }
  }

  @Override
  public Decision plan(Matmul operator, Traits traits) {
    return refusal(operator, traits).map(Decision.class::cast).orElseGet(() -> {
      Cut cut = Cut.of(operator, traits);
      return new TornadoPlan(cut.kernel.name(), cut.tall + " rows of x by " + cut.wide + " of w for " + traits.local() + " items", 0,
          Shapes.bytes(operator), 2 * operator.x().size(0) * operator.w().shape().elements(), List.of(cut.rejected));
    });
  }

  private static Optional<Unsupported> refusal(Matmul operator, Traits traits) {
    Tensor w = operator.w();
    if (w.dtype().isBlock() && w.dtype() != DType.MXFP4 && w.offset() % Short.BYTES != 0) {
      return Optional.of(new Unsupported("w " + w + " starts at byte " + w.offset() + ", between two shorts; copy it to an aligned buffer"));
    }
    Cut cut = Cut.of(operator, traits);
    if (cut.down(operator) > MOST_GROUPS_DOWN) {
      return Optional.of(new Unsupported("x " + operator.x() + " has more rows than a launch takes, " + (long) MOST_GROUPS_DOWN * cut.tall + "; split them"));
    }
    return Shapes.refusal(operator, traits, cut.across(operator), cut.kernel);
  }

  @Override
  public List<Launch> launches(Matmul operator, Traits traits, Binding binding) {
    Cut cut = Cut.of(operator, traits);
    Tensor x = operator.x();
    Tensor w = operator.w();
    Tensor y = operator.y();
    DType type = w.dtype();
    Shapes.Count count = Shapes.Count.of(binding, operator);
    int run = type.isBlock() || traits.cpu() ? UNIT_BITS : 0;
    return List.of(Launch.of(cut.kernel)
        .integers(x.size(0), count.index(), binding.index(x), Shapes.stride(x, 0), Shapes.type(x), cut.tall, cut.wide, cut.bits(), traits.cpu() ? 0 : 1,
            operator.bias().map(binding::index).orElse(-1), binding.index(y), Shapes.stride(y, 0), Shapes.type(y))
        .integers(w.size(1), w.size(0), binding.index(w), type.bytes(Shapes.stride(w, 0)) / (type.isBlock() ? 1 : type.blockBytes()), run)
        .integers(scale(operator, binding))
        .memory(binding.place(x)).memory(binding.place(w)).memory(binding.place(operator.scale().orElse(x))).memory(binding.place(operator.bias().orElse(x)))
        .memory(binding.place(y)).memory(count.place())
        .over(new Grid(groups(cut.across(operator)), groups(cut.down(operator)), 1, traits.local())));
  }

  private static int groups(long n) {
    return Math.toIntExact(Math.max(1, n));
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
      return new long[] {index, Matmul.SCALED, Shapes.stride(scale, 0), 1};
    }
    return new long[] {index, 1, scale.size(0) == 1 ? 0 : 1, 0};
  }
}
