package dev.gatun.decoder.cli.rate;

import java.util.Arrays;

/**
 * The rank test of Mann and Whitney (Annals of Mathematical Statistics 18, 1947): whether one sample tends to be below another, whatever their
 * distribution.
 */
final class RankTest {
  private static final int LARGEST_EXACT = 60;

  private RankTest() {}

  /** How likely it is that {@code low} would be as far below {@code high} as it is, or further, if both were drawn from the same. */
  static double below(double[] low, double[] high) {
    double above = 0;
    for (double a : low) {
      for (double b : high) {
        above += a > b ? 1 : a == b ? 0.5 : 0;
      }
    }
    return low.length + high.length <= LARGEST_EXACT ? exact(low.length, high.length, (int) Math.ceil(above)) : normal(low.length, high.length, above);
  }

  /** The share of all orders of m and n values in which at most {@code most} pairs have the first above the second. */
  private static double exact(int m, int n, int most) {
    double[][] counts = new double[n + 1][];
    for (int j = 0; j <= n; j++) {
      counts[j] = new double[] {1};
    }
    for (int i = 1; i <= m; i++) {
      double[][] next = new double[n + 1][];
      next[0] = new double[] {1};
      for (int j = 1; j <= n; j++) {
        // The largest value is one of the first, and above all j of the second, or it is one of the second.
        next[j] = new double[i * j + 1];
        for (int u = 0; u <= i * j; u++) {
          next[j][u] = (u >= j && u - j < counts[j].length ? counts[j][u - j] : 0) + (u < next[j - 1].length ? next[j - 1][u] : 0);
        }
      }
      counts = next;
    }
    double all = Arrays.stream(counts[n]).sum();
    return Arrays.stream(counts[n], 0, Math.min(most, m * n) + 1).sum() / all;
  }

  private static double normal(int m, int n, double above) {
    double z = (above + 0.5 - m * n / 2.0) / Math.sqrt(m * (double) n * (m + n + 1) / 12);
    // The normal distribution's tail by Zelen and Severo (Abramowitz and Stegun, 26.2.17), off by less than 1e-7.
    double t = 1 / (1 + 0.2316419 * Math.abs(z));
    double tail = Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI)
        * t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
    return z <= 0 ? tail : 1 - tail;
  }
}
