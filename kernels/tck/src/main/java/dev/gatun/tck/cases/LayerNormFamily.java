package dev.gatun.tck.cases;

import dev.gatun.LayerNorm;
import dev.gatun.Tensor;
import dev.gatun.tck.Level;
import dev.gatun.tck.lab.Bounds;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Trial;
import dev.gatun.tck.lab.Workbench;
import java.util.Arrays;
import java.util.Optional;

/** {@link LayerNorm}. */
final class LayerNormFamily extends RowFamily {
  LayerNormFamily() {
    super(Group.ROWS, RowFamily.signature("layer_norm").with("middle", Values.NONE).with("spread", "1.0").with("mean", "0.0")
        .with("eps", "1e-5")
        .with("bias", true).with("inplace", false));
  }

  @Override
  public void list(Listing listing) {
    covering(listing);
    RmsNormFamily.norms(listing, signature());
    for (int n : new int[] {1, 33, 130}) {
      listing.add(Level.QUICK, signature().of("rows", 3, "n", n, "bias", false));
    }
    for (String mean : new String[] {"30.0", "1000.0", "-1000.0"}) {
      listing.add(mean.equals("1000.0") ? Level.QUICK : Level.STANDARD,
          signature().of("rows", 3, "n", 500, "fill", Fill.UNIFORM, "mean", mean));
      listing.add(Level.STANDARD, signature().of("rows", 3, "n", 33, "fill", Fill.UNIFORM, "mean", mean, "bias", false));
    }
  }

  @Override
  Trial trial(Values values, Workbench bench) {
    int[] inner = inner(values);
    int n = values.size("n");
    double[][] kept = new double[1][];
    Tensor x = rows(values, bench, values.dtype("x"), all -> kept[0] = contents(values, all), inner);
    Tensor weight = bench.vector(Fill.NORMAL.values(values.seed("weight"), n));
    Optional<Tensor> bias = values.on("bias") ? Optional.of(bench.vector(Fill.NORMAL.values(values.seed("bias"), n))) : Optional.empty();
    Tensor y = values.on("inplace") ? x : rowsOut(values, bench, "y", inner);
    Trial trial = expectRows(values, new LayerNorm(x, weight, bias, values.number("eps"), y),
        Bounds.layerNorm(n, steepness(kept[0], n, values.number("eps"))), x, y);
    return independentRows(values, bench, trial, x, y);
  }

  private static double[] contents(Values values, int n) {
    float spread = values.number("spread");
    float mean = values.number("mean");
    return Arrays.stream(values.choice("fill", Fill.class).values(values.seed("x"), n)).map(v -> (float) (v * spread + mean)).toArray();
  }

  /** The largest of any finite row's |mean| / sqrt(variance + eps): by how much what is lost of the mean is magnified. */
  private static double steepness(double[] x, int n, double eps) {
    double steepest = 0;
    for (int row = 0; row + n <= x.length && n > 0; row += n) {
      double mean = Arrays.stream(x, row, row + n).average().orElse(0);
      double variance = Arrays.stream(x, row, row + n).map(v -> (v - mean) * (v - mean)).average().orElse(0);
      double steepness = Math.abs(mean) / Math.sqrt(variance + eps);
      steepest = Double.isFinite(steepness) ? Math.max(steepest, steepness) : steepest;
    }
    return steepest;
  }
}
