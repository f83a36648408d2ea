package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.Dequantize;
import dev.gatun.Tensor;
import dev.gatun.tck.Level;
import dev.gatun.tck.ModelShape;
import dev.gatun.tck.lab.Bound;
import dev.gatun.tck.lab.Bounds;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import dev.gatun.tck.lab.Trial;
import dev.gatun.tck.lab.Workbench;

/** {@link Dequantize}, from every block type. */
final class DequantizeFamily extends MoveFamily {
  private static final int SUPER_BLOCK = 256;

  /** What x holds. */
  private enum Contents {
    /** Every code and every scale. */
    CODES,
    /** Values such as a weight has. */
    NEAR,
    /** Blocks of zeros. */
    ZERO,
    /** Blocks whose scale is NaN among others. */
    NAN
  }

  DequantizeFamily() {
    super(MoveFamily.signature("dequantize").with("x", "q8_0").with("y", "f32").with("contents", Contents.CODES));
  }

  @Override
  public String column(Values values) {
    return values.text("x");
  }

  @Override
  public void list(Listing listing) {
    for (DType x : BLOCKS) {
      int block = x.blockSize();
      for (DType y : RowFamily.FLOATS) {
        for (Placement lies : Placement.values()) {
          listing.add(lies == Placement.STRIDED && y.ordinal() == x.ordinal() % 3 ? Level.QUICK : Level.STANDARD,
              signature().of("rows", 5, "n", 3 * block, "lies", lies, "x", x.label(), "y", y.label()));
        }
        for (Contents contents : Contents.values()) {
          if (x != DType.MXFP4 || contents != Contents.NAN) {
            listing.add(y == DType.F32 && (contents == Contents.CODES || x == DType.Q4_0 || x == DType.Q4_K) ? Level.QUICK : Level.STANDARD,
                signature().of("rows", 2, "n", 2 * block, "x", x.label(), "y", y.label(), "contents", contents));
          }
        }
      }
      for (int blocks : new int[] {1, 2, 4, 5, 7, 8, 9, 16, 17, 33, 65}) {
        listing.add(common(x) || blocks % 16 == 1 ? Level.STANDARD : Level.FULL, signature().of("rows", 3, "n", blocks * block, "x", x.label()));
      }
      for (int rows : new int[] {0, 1, 17, 64}) {
        listing.add(Level.STANDARD, signature().of("rows", rows, "n", block, "x", x.label()));
      }
      for (int count : new int[] {0, 1, 2, 3, 50, -1}) {
        listing.add(x == DType.Q8_0 || x == DType.Q4_K ? Level.QUICK : count == 2 || common(x) ? Level.STANDARD : Level.FULL,
            signature().of("rows", 3, "n", block, "lies", Placement.STRIDED, "count", count, "x", x.label()));
      }
      for (String inner : new String[] {"", "2+3+", "2+2+2+", "0+2+"}) {
        listing.add(x == DType.Q5_0 ? Level.QUICK : inner.length() == 4 ? Level.STANDARD : Level.FULL,
            signature().of("shape", inner + 2 * block, "lies", Placement.STRIDED, "x", x.label(), "y", "f16"));
      }
      for (ModelShape model : listing.models()) {
        listing.add(common(x) ? Listing.later(Level.STANDARD, model.least()) : Level.FULL, signature().of("rows", listing.sized(64, 4, 4),
            "n", wholeBlocks(listing.sized(model.hidden(), 512, SUPER_BLOCK), x), "x", x.label(), "y", "f16"));
      }
    }
    for (DType x : new DType[] {DType.Q4_0, DType.Q6_K}) {
      listing.add(Level.FULL, signature().of("rows", listing.sized(14336, 64, 16), "n", listing.sized(4096, 512, SUPER_BLOCK), "x", x.label(), "y", "bf16"));
    }
  }

  private static boolean common(DType type) {
    return COMMON.contains(type);
  }

  @Override
  Trial trial(Values values, Workbench bench) {
    DType type = values.dtype("x");
    if (!type.isBlock()) {
      throw values.wrong("x", "a block type");
    }
    long[] shape = blockShape(values, type);
    Tensor x = placed(values, bench, type, shape);
    int n = within(values, shape);
    switch (values.choice("contents", Contents.class)) {
      case CODES -> {
        if (n > 0) {
          bench.random(x.slice(0, 0, shape.length == 1 ? n : n / (x.shape().elements() / shape[0])), values.seed("x"));
        }
      }
      case NEAR -> bench.fill(x, Fill.NORMAL.values(values.seed("x"), n));
      case ZERO -> bench.fill(x, Fill.ZERO.values(values.seed("x"), n));
      case NAN -> bench.fill(x, Fill.ONE_NAN.values(values.seed("x"), n));
    }
    Tensor y = placed(values, bench, values.dtype("y"), shape);
    return independentRows(values, bench, Trial.of(new Dequantize(x, y)).expect(bound(type, y.dtype())), x, y);
  }

  /** Of elements of {@code type} that are written as {@code to}. */
  static Bound bound(DType type, DType to) {
    return type.isBlock() && to != DType.F32 && hasMinimum(type) ? Bounds.EXPANDED_TWICE_ROUNDED : Bounds.EXACT;
  }

  private static boolean hasMinimum(DType type) {
    return switch (type) {
      case Q4_1, Q5_1, Q2_K, Q4_K, Q5_K -> true;
      default -> false;
    };
  }
}
