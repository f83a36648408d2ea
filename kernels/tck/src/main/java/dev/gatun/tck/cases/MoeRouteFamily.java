package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.MoeRoute;
import dev.gatun.Tensor;
import dev.gatun.tck.Level;
import dev.gatun.tck.ModelShape;
import dev.gatun.tck.lab.Bounds;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import dev.gatun.tck.lab.Trial;
import dev.gatun.tck.lab.Workbench;
import dev.gatun.tck.oracle.MoeOracle;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** {@link MoeRoute}. Scores that decide are drawn so far apart that rounding does not, or tie. */
final class MoeRouteFamily extends RowFamily {
  private static final double MARGIN = 1e-5;
  private static final int ATTEMPTS = 200;

  MoeRouteFamily() {
    super(Group.LOGITS, new Signature("moe_route").with("rows", 1).with("n", 64).with("k", 6).with("gating", MoeRoute.Gating.SOFTMAX).with("bias", false)
        .with("groups", 1).with("groups_chosen", 1).with("score", MoeRoute.GroupScore.MAX).with("normalize", false).with("scale", "1.0")
        .with("lies", Placement.PACKED).with("count", Values.NONE).with("fill", Fill.NORMAL).with("spread", "2.0"));
  }

  @Override
  public String column(Values values) {
    return DType.F32.label();
  }

  @Override
  public void list(Listing listing) {
    for (MoeRoute.Gating gating : MoeRoute.Gating.values()) {
      for (boolean bias : new boolean[] {false, true}) {
        for (boolean normalize : new boolean[] {false, true}) {
          listing.add(Level.QUICK, signature().of("rows", 5, "gating", gating, "bias", bias, "normalize", normalize));
        }
        for (MoeRoute.GroupScore score : MoeRoute.GroupScore.values()) {
          listing.add(Level.QUICK, signature().of("rows", 7, "gating", gating, "bias", bias, "groups", 8, "groups_chosen", 3, "score", score));
          listing.add(Level.STANDARD, signature().of("rows", 4, "n", 12, "k", 2, "gating", gating, "bias", bias, "groups", 12, "groups_chosen", 4, "score", score));
          listing.add(Level.STANDARD, signature().of("rows", 4, "n", 12, "k", 4, "gating", gating, "bias", bias, "groups", 3, "groups_chosen", 1, "score", score));
        }
      }
      for (int n : new int[] {1, 2, 3, 8, 31, 32, 33, 60, 100, 128, 160, 256, 257, 384, 512}) {
        boolean few = n == 1 || n == 33 || n == 257;
        listing.add(few ? Level.QUICK : Level.STANDARD, signature().of("rows", 3, "n", n, "k", Math.min(n, 8), "gating", gating));
        listing.add(few ? Level.QUICK : Level.STANDARD, signature().of("rows", 2, "n", n, "k", n, "gating", gating, "bias", n < 33, "normalize", true));
      }
      for (Fill fill : LogitFamily.ordered()) {
        listing.add(Level.QUICK, signature().of("rows", 4, "n", 40, "gating", gating, "fill", fill, "normalize", fill.ordinal() % 2 == 0));
        listing.add(Level.STANDARD, signature().of("rows", 4, "n", 40, "gating", gating, "fill", fill, "groups", 5, "groups_chosen", 2, "score", MoeRoute.GroupScore.TOP_TWO));
      }
      for (String spread : new String[] {"0.01", "30.0"}) {
        listing.add(Level.STANDARD, signature().of("rows", 4, "gating", gating, "spread", spread, "normalize", true));
      }
      listing.add(Level.STANDARD, signature().of("rows", 3, "gating", gating, "fill", Fill.EQUAL, "bias", true));
      listing.add(Level.STANDARD, signature().of("rows", 3, "gating", gating, "fill", Fill.NAN, "bias", true));
    }
    // All gates underflow beside the least sum that is divided by.
    listing.add(Level.QUICK, signature().of("rows", 3, "gating", MoeRoute.Gating.SIGMOID, "normalize", true, "fill", Fill.MINUS_INFINITY));
    for (String scale : new String[] {"2.5", "-1.0", "0.0"}) {
      listing.add(Level.QUICK, signature().of("rows", 3, "scale", scale, "normalize", true));
    }
    for (Placement lies : Placement.values()) {
      listing.add(Level.QUICK, signature().of("rows", 5, "n", 48, "lies", lies, "bias", true, "gating", MoeRoute.Gating.SIGMOID));
    }
    for (int rows : new int[] {0, 1, 2, 17, 129}) {
      listing.add(rows < 17 ? Level.QUICK : Level.STANDARD, signature().of("rows", rows, "lies", Placement.STRIDED));
    }
    for (int count : new int[] {0, 1, 3, 9, -4}) {
      listing.add(Level.QUICK, signature().of("rows", 4, "lies", Placement.STRIDED, "count", count));
    }
    models(listing);
  }

  private void models(Listing listing) {
    int many = listing.sized(512, 33, 32);
    // DeepSeek-V3.
    listing.add(Level.QUICK, signature().of("rows", 3, "n", 256, "k", 8, "gating", MoeRoute.Gating.SIGMOID, "bias", true, "groups", 8, "groups_chosen", 4,
        "score", MoeRoute.GroupScore.TOP_TWO, "normalize", true, "scale", "2.5"));
    for (ModelShape model : listing.models()) {
      if (model.experts() > 0) {
        for (int rows : new int[] {1, many}) {
          for (MoeRoute.Gating gating : MoeRoute.Gating.values()) {
            listing.add(rows == 1 ? model.least() : Level.FULL, signature().of("rows", rows, "n", model.experts(), "k", model.expertsUsed(), "gating", gating,
                "normalize", true));
          }
        }
      }
    }
  }

  @Override
  Trial trial(Values values, Workbench bench) {
    int n = values.size("n");
    int k = values.size("k");
    MoeRoute.Options options = new MoeRoute.Options(values.choice("gating", MoeRoute.Gating.class), values.size("groups"), values.size("groups_chosen"),
        values.choice("score", MoeRoute.GroupScore.class), values.on("normalize"), values.number("scale"));
    double[] offsets = values.on("bias") ? Fill.UNIFORM.values(values.seed("bias"), n) : new double[0];
    Tensor logits = rows(values, bench, DType.F32, all -> {
      double[] x = new double[all];
      for (int r = 0; n > 0 && r < all / n; r++) {
        System.arraycopy(row(values, options, r, n, k, offsets), 0, x, r * n, n);
      }
      return x;
    }, n);
    Optional<Tensor> bias = values.on("bias") ? Optional.of(bench.vector(offsets)) : Optional.empty();
    Tensor chosen = rowsOut(values, bench, DType.I32, k);
    Tensor weights = rowsOut(values, bench, DType.F32, k);
    Trial trial = expectRows(values, new MoeRoute(logits, bias, options, chosen, weights), Bounds.ROUTE, logits, chosen, weights);
    return independentRows(values, bench, trial, List.of(logits), chosen, weights);
  }

  /** Logits of a row, drawn again until no two scores that decide are near one another without being the same. */
  private static double[] row(Values values, MoeRoute.Options options, int r, int n, int k, double[] bias) {
    Fill fill = values.choice("fill", Fill.class);
    double spread = values.number("spread");
    double[] best = {};
    double widest = -1;
    for (int attempt = 0; attempt < ATTEMPTS && widest < MARGIN; attempt++) {
      double[] x = Arrays.stream(fill.values(values.seed("x" + r + "/" + attempt), n)).map(v -> (float) (v * spread)).toArray();
      double margin = fill.isFinite() ? MoeOracle.margin(options, k, x, bias) : MARGIN;
      if (margin > widest) {
        best = x;
        widest = margin;
      }
    }
    return best;
  }
}
