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
        .with("bias", false));
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
    Tensor x = RowFamily.rows(values, bench, "x", values.choice("fill", Fill.class), k);
    Tensor w = (codes == Codes.NEAR && (long) n * k > MOST_ENCODED ? Codes.ANY : codes)
        .weight(bench, type, values.choice("lies", Placement.class), values.seed("w"), DEVIATION, n, k);
    Optional<Tensor> bias = values.on("bias") ? Optional.of(bench.vector(Fill.NORMAL.values(values.seed("bias"), n))) : Optional.empty();
    Tensor y = RowFamily.rowsOut(values, bench, "y", n);
    Trial trial = Trial.of(new Matmul(x, values.choice("weight", Weight.class).ready(bench, w, Use.MATMUL), bias, y));
    // An activation in two pieces of opposite sign makes NaN of an infinite weight, which no model has.
    Bound bound = codes == Codes.NONFINITE ? Bounds.matmul(type).withAnyNonFinite() : Bounds.matmul(type);
    sample(values, new Matmul(x, w, bias, y), trial, bound);
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
            whole.bias().map(b -> b.slice(0, column, column + 1)), whole.y().slice(0, row, row + 1).slice(1, column, column + 1)));
      }
    }
    trial.expect(sampled, bound);
  }
}
