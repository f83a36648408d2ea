package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.Quantize;
import dev.gatun.Tensor;
import dev.gatun.tck.Level;
import dev.gatun.tck.ModelShape;
import dev.gatun.tck.lab.Bounds;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import dev.gatun.tck.lab.Trial;
import dev.gatun.tck.lab.Workbench;

/** {@link Quantize}, to every block type. */
final class QuantizeFamily extends MoveFamily {
  private static final int SUPER_BLOCK = 256;
  private static final int SMALL_BLOCK = 32;

  private static final int[] EXTREMES = {127, -8, -127, 8, -16, 15};
  private static final double[] LARGE = {3.3e38, -3.3e38, 65504.0 * 127, -65504.0 * 8, 65519.0 * 127, -65521.0 * 8, 1e7, -1e7};

  /** What x holds. */
  private enum Contents {
    /** What {@code fill} says. */
    FILL,
    /** Elements that lie in the middle between two codes. */
    TIES,
    /** Blocks with one element so large that the scale is the largest of F16, or past it. */
    HUGE,
    /** Blocks whose scale F16 holds with few bits, or not at all. */
    TINY
  }

  QuantizeFamily() {
    super(MoveFamily.signature("quantize").with("y", "q8_0").with("fill", Fill.NORMAL).with("contents", Contents.FILL));
  }

  @Override
  public String column(Values values) {
    return values.text("y");
  }

  @Override
  public void list(Listing listing) {
    for (DType y : BLOCKS) {
      // What every backend has that rounds at all; of the others it mostly says that it does not.
      boolean first = y == DType.Q8_0 || y == DType.Q4_0;
      Level quick = first ? Level.QUICK : y == DType.Q4_K || y == DType.Q5_1 ? Level.STANDARD : Level.FULL;
      Level standard = first ? Level.STANDARD : Level.FULL;
      for (Placement lies : Placement.values()) {
        listing.add(lies == Placement.STRIDED ? Level.QUICK : standard, signature().of("rows", 4, "n", SUPER_BLOCK, "lies", lies, "y", y.label()));
      }
      for (Fill fill : Fill.values()) {
        if (y != DType.MXFP4 || fill.isFinite()) {
          listing.add(quick, signature().of("rows", 2, "n", 2 * SUPER_BLOCK, "y", y.label(), "fill", fill));
        }
      }
      for (Contents contents : first ? Contents.values() : new Contents[] {Contents.TIES}) {
        listing.add(quick, signature().of("rows", 4, "n", SUPER_BLOCK, "y", y.label(), "contents", contents));
      }
      for (int blocks : new int[] {1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33, 65}) {
        listing.add(blocks == 1 || blocks == 33 ? quick : standard, signature().of("rows", 3, "n", blocks * y.blockSize(), "y", y.label()));
      }
      for (int rows : new int[] {0, 1, 17, 64, 257}) {
        listing.add(rows == 0 ? quick : standard, signature().of("rows", rows, "n", y.blockSize(), "y", y.label()));
      }
      for (int count : new int[] {0, 1, 3, 9, -1}) {
        listing.add(quick, signature().of("rows", 3, "n", 2 * y.blockSize(), "lies", Placement.STRIDED, "count", count, "y", y.label()));
      }
      for (String inner : new String[] {"", "2+3+", "2+2+2+", "0+2+"}) {
        listing.add(inner.length() == 4 ? quick : standard,
            signature().of("shape", inner + 2 * y.blockSize(), "lies", Placement.STRIDED, "y", y.label()));
      }
      for (ModelShape model : listing.models()) {
        listing.add(Listing.later(standard, model.least()), signature().of("rows", listing.sized(64, 4, 4),
            "n", wholeBlocks(listing.sized(model.hidden(), 512, SUPER_BLOCK), y), "y", y.label(), "fill", Fill.OUTLIERS));
      }
    }
  }

  @Override
  Trial trial(Values values, Workbench bench) {
    DType type = values.dtype("y");
    if (!type.isBlock()) {
      throw values.wrong("y", "a block type");
    }
    Fill fill = values.choice("fill", Fill.class);
    if (type == DType.MXFP4 && !fill.isFinite()) {
      throw values.wrong("fill", "finite for MXFP4, which has no NaN");
    }
    long[] shape = blockShape(values, type);
    Tensor x = placed(values, bench, DType.F32, shape);
    bench.fill(x, contents(values, values.choice("contents", Contents.class), fill.values(values.seed("x"), within(values, shape))));
    Quantize quantize = new Quantize(x, placed(values, bench, type, shape));
    Trial trial = Trial.of(quantize);
    if (RoundedBlocks.isDefined(type)) {
      trial.expect(Bounds.EXACT);
    }
    return independentRows(values, bench, trial.expect(new RoundedBlocks(quantize)), x, quantize.y());
  }

  private static double[] contents(Values values, Contents contents, double[] x) {
    for (int i = 0; i < x.length && contents != Contents.FILL; i++) {
      int block = i / SMALL_BLOCK;
      int at = i % SMALL_BLOCK;
      x[i] = switch (contents) {
        case FILL -> x[i];
        case TIES -> {
          int extreme = EXTREMES[block % EXTREMES.length];
          int most = Math.abs(extreme);
          yield Math.scalb(at == 5 ? extreme : Math.floorMod(at * 7 + block, 2 * most) - most + 0.5, block / EXTREMES.length - 2);
        }
        case HUGE -> at == 9 ? (float) LARGE[block % LARGE.length] : x[i];
        case TINY -> (float) Math.scalb(at == 3 ? 127 : Math.clamp(30 * x[i], -120, 120), -10 - block);
      };
    }
    return x;
  }
}
