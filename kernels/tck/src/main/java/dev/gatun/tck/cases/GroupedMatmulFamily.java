package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.GroupedMatmul;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.tck.lab.Bound;
import dev.gatun.tck.lab.Bounds;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import dev.gatun.tck.lab.Trial;
import dev.gatun.tck.lab.Workbench;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * {@link GroupedMatmul}, over every type of weight; {@link GroupedMatmulListing} says which cases there are. Weights of experts that no token chooses are NaN,
 * where their type has one.
 */
final class GroupedMatmulFamily extends OperatorFamily {
  private static final long MOST_ENCODED = 1 << 18;
  private static final long MOST_DISTURBED = 1 << 16;
  private static final double DEVIATION = 0.07;
  private static final int MOST_ROWS = 6;
  private static final int MOST_COLUMNS = 12;
  private static final int ALL_COLUMNS = 400;

  GroupedMatmulFamily() {
    super(Group.MATMUL, RowFamily.signature("grouped_matmul").with("k", 256).with("experts", 4).with("top", 2).with("w", "f32").with("weight", Weight.PREPARED)
        .with("codes", Codes.NEAR).with("picks", Picks.INSIDE).with("each", false).with("gates", false).with("bias", false));
  }

  @Override
  public void list(Listing listing) {
    new GroupedMatmulListing(listing, signature()).all();
  }

  @Override
  public String column(Values values) {
    return values.text("w");
  }

  @Override
  Trial trial(Values values, Workbench bench) {
    int rows = values.size("rows");
    int n = values.size("n");
    int k = values.size("k");
    int experts = values.size("experts");
    int top = values.size("top");
    DType type = values.dtype("w");
    if (k % type.blockSize() != 0) {
      throw values.wrong("k", "whole blocks of " + type.blockSize() + " elements");
    }
    Codes codes = values.choice("codes", Codes.class);
    if (!codes.fits(type)) {
      throw values.wrong("codes", "finite for " + type + ", which has no NaN");
    }
    Placement lies = values.choice("lies", Placement.class);
    boolean near = codes == Codes.NEAR && (long) experts * n * k <= MOST_ENCODED;
    Tensor w = (near || codes != Codes.NEAR ? codes : Codes.ANY).weight(bench, type, lies, values.seed("w"), DEVIATION, experts, n, k);
    int[] picks = values.choice("picks", Picks.class).of(values.seed("picks"), rows * top, experts);
    int within = MoveFamily.within(values, rows, top);
    if (near && n > 0 && type != DType.MXFP4) {
      for (int e = 0; e < experts; e++) {
        int expert = e;
        if (Arrays.stream(picks).limit(within).noneMatch(pick -> pick == expert)) {
          double[] unread = new double[n * k];
          Arrays.fill(unread, Double.NaN);
          bench.fill(w.slice(0, e, e + 1), unread);
        }
      }
    }
    Fill fill = values.choice("fill", Fill.class);
    Tensor x = values.on("each") ? RowFamily.rows(values, bench, "x", fill, top, k) : RowFamily.rows(values, bench, "x", fill, k);
    Tensor chosen = RowFamily.rows(values, bench, DType.I32, all -> Arrays.stream(picks).limit(all).asDoubleStream().toArray(), top);
    Optional<Tensor> gates = values.on("gates")
        ? Optional.of(RowFamily.rows(values, bench, DType.F32, all -> Fill.UNIFORM.values(values.seed("gates"), all), top)) : Optional.empty();
    Optional<Tensor> bias = values.on("bias")
        ? Optional.of(bench.input(DType.F32, lies, Fill.NORMAL.values(values.seed("bias"), experts * n), experts, n)) : Optional.empty();
    Tensor y = values.on("gates") ? RowFamily.rowsOut(values, bench, "y", n) : RowFamily.rowsOut(values, bench, "y", top, n);
    GroupedMatmul whole = new GroupedMatmul(x, w, chosen, gates, bias, y);
    Trial trial = Trial.of(new GroupedMatmul(x, values.choice("weight", Weight.class).ready(bench, w, Use.MATMUL), chosen, gates, bias, y));
    sample(values, whole, trial, codes == Codes.NONFINITE ? Bounds.groupedMatmul(whole).withAnyNonFinite() : Bounds.groupedMatmul(whole));
    return independent(values, bench, trial, whole, picks);
  }

  /** All of a small product; of a large one, chosen columns of chosen rows. */
  private static void sample(Values values, GroupedMatmul whole, Trial trial, Bound bound) {
    int rows = MoveFamily.within(values, values.size("rows"));
    int n = values.size("n");
    if (rows * values.size("top") <= ALL_COLUMNS / 4 && n <= ALL_COLUMNS) {
      trial.expect(whole, bound);
      return;
    }
    List<GroupedMatmul> sampled = new ArrayList<>();
    for (int row : Sampling.rows(values.seed("rows"), rows, MOST_ROWS)) {
      for (int column : Sampling.rows(values.seed("columns") + row, n, MOST_COLUMNS)) {
        sampled.add(new GroupedMatmul(row(whole.x(), row), whole.w().slice(1, column, column + 1), row(whole.chosen(), row), whole.gates().map(g -> row(g, row)),
            whole.bias().map(b -> b.slice(1, column, column + 1)), row(whole.y(), row).slice(-1, column, column + 1)));
      }
    }
    trial.expect(sampled, bound);
  }

  private static Tensor row(Tensor tensor, int row) {
    return tensor.slice(0, row, row + 1);
  }

  /** The middle token's results depend neither on what others hold nor on which experts they go to. */
  private static Trial independent(Values values, Workbench bench, Trial trial, GroupedMatmul whole, int[] picks) {
    int rows = values.size("rows");
    if (rows < 2 || values.optional("count").isPresent() || whole.x().shape().elements() > MOST_DISTURBED) {
      return trial;
    }
    int kept = rows / 2;
    int top = values.size("top");
    int inner = Math.toIntExact(whole.x().shape().elements() / rows);
    double[] same = Arrays.stream(picks, kept * top, (kept + 1) * top).asDoubleStream().toArray();
    return trial.independent(() -> {
      for (int r = 0; r < rows; r++) {
        if (r != kept) {
          bench.fill(row(whole.x(), r), (r == 0 ? Fill.NAN : Fill.OUTLIERS).values(values.seed("others") + r, inner));
          bench.fill(row(whole.chosen(), r), same);
        }
      }
    }, row(whole.y(), kept));
  }
}
