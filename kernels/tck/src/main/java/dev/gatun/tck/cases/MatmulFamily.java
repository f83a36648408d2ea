package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.Matmul;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.tck.lab.Bound;
import dev.gatun.tck.lab.Bounds;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import dev.gatun.tck.lab.Trial;
import dev.gatun.tck.lab.Workbench;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** {@link Matmul}, over every type of weight; {@link MatmulListing} says which cases there are. */
final class MatmulFamily extends OperatorFamily {
  /** Weights up to this many elements are near one another in size, as a model's are; larger ones are random codes, which is quicker. */
  private static final long MOST_ENCODED = 1 << 18;

  /** Of models' weights; with it the results are about as large as the activations. */
  private static final double DEVIATION = 0.07;

  private static final int MOST_ROWS = 24;
  private static final int MOST_COLUMNS = 48;

  MatmulFamily() {
    super(Group.MATMUL, RowFamily.signature("matmul").with("k", 256).with("w", "f32").with("weight", Weight.PREPARED).with("codes", Codes.NEAR)
        .with("scale", Scaling.NONE).with("bias", false));
  }

  @Override
  public void list(Listing listing) {
    new MatmulListing(listing, signature()).all();
  }

  @Override
  public String column(Values values) {
    return values.text("w");
  }

  @Override
  Trial trial(Values values, Workbench bench) {
    int n = values.size("n");
    int k = values.size("k");
    DType type = values.dtype("w");
    if (k % type.blockSize() != 0) {
      throw values.wrong("k", "whole blocks of " + type.blockSize() + " elements");
    }
    Codes codes = values.choice("codes", Codes.class);
    if (!codes.fits(type)) {
      throw values.wrong("codes", "finite for " + type + ", which has no NaN");
    }
    Scaling scaling = values.choice("scale", Scaling.class);
    if (!scaling.fits(type)) {
      throw values.wrong("scale", "none for " + type + ", which is not of 8-bit floats");
    }
    Tensor x = RowFamily.rows(values, bench, "x", values.choice("fill", Fill.class), k);
    Tensor w = (codes == Codes.NEAR && (long) n * k > MOST_ENCODED ? Codes.ANY : codes)
        .weight(bench, type, values.choice("lies", Placement.class), values.seed("w"), DEVIATION, n, k);
    Optional<Tensor> scale = scaling.of(bench, values.choice("lies", Placement.class), values.seed("scale"), n, k);
    Optional<Tensor> bias = values.on("bias") ? Optional.of(bench.vector(Fill.NORMAL.values(values.seed("bias"), n))) : Optional.empty();
    Tensor y = RowFamily.rowsOut(values, bench, "y", n);
    Trial trial = Trial.of(new Matmul(x, values.choice("weight", Weight.class).ready(bench, w, Use.MATMUL), scale, bias, y));
    Matmul whole = new Matmul(x, w, scale, bias, y);
    // An activation in two pieces of opposite sign makes NaN of an infinite weight, which no model has.
    Bound bound = codes == Codes.NONFINITE ? Bounds.matmul(whole).withAnyNonFinite() : Bounds.matmul(whole);
    sample(values, whole, trial, bound);
    return RowFamily.independentRows(values, bench, trial, x, y);
  }

  /** All of a small product; of a large one, chosen columns of chosen rows. */
  private static void sample(Values values, Matmul whole, Trial trial, Bound bound) {
    int rows = MoveFamily.within(values, values.size("rows"));
    int n = values.size("n");
    if (rows <= MOST_ROWS && n <= MOST_COLUMNS * 8) {
      trial.expect(whole, bound);
      return;
    }
    List<Matmul> sampled = new ArrayList<>();
    for (int row : Sampling.rows(values.seed("rows"), rows, MOST_ROWS)) {
      for (int column : Sampling.rows(values.seed("columns") + row, n, MOST_COLUMNS)) {
        sampled.add(new Matmul(whole.x().slice(0, row, row + 1), whole.w().slice(0, column, column + 1),
            whole.scale().map(s -> ofRow(s, column)), whole.bias().map(b -> b.slice(0, column, column + 1)), whole.y().slice(0, row, row + 1).slice(1, column, column + 1)));
      }
    }
    trial.expect(sampled, bound);
  }

  /** The scale of one row of the weight. */
  private static Tensor ofRow(Tensor scale, int row) {
    int at = scale.shape().rank() == 2 ? row / Matmul.SCALED : scale.size(0) == 1 ? 0 : row;
    return scale.slice(0, at, at + 1);
  }
}
