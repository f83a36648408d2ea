package dev.gatun.cpu.op;

/** The distribution function Φ of the normal distribution in float64: a table over steps of 1/64, and four terms of Taylor's series between. */
final class Gauss {
  private static final int STEPS = 64;
  private static final int EDGE = 14;
  private static final double[] DISTRIBUTION = new double[2 * EDGE * STEPS + 1];
  private static final double[] DENSITY = new double[2 * EDGE * STEPS + 1];

  static {
    for (int i = 0; i < DENSITY.length; i++) {
      double x = (double) i / STEPS - EDGE;
      DENSITY[i] = Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
      double upper = upperTail(Math.abs(x), DENSITY[i]);
      DISTRIBUTION[i] = x < 0 ? upper : 1 - upper;
    }
  }

  private Gauss() {}

  /** Φ(x); NaN for NaN. Past 14 deviations it is 0 or 1, which is right to float32. */
  static double distribution(double x) {
    if (!(Math.abs(x) < EDGE)) {
      return Double.isNaN(x) ? x : x < 0 ? 0 : 1;
    }
    int i = (int) Math.rint((x + EDGE) * STEPS);
    double a = (double) i / STEPS - EDGE;
    double d = x - a;
    return DISTRIBUTION[i] + DENSITY[i] * d * (1 - d * (a / 2 - d * ((a * a - 1) / 6 - d * a * (a * a - 3) / 24)));
  }

  /** {@code 1 − Φ(x)} for x ≥ 0: the power series near zero, the continued fraction of Mills' ratio beyond (Abramowitz and Stegun 26.2). */
  private static double upperTail(double x, double density) {
    if (x < 3) {
      double term = x;
      double sum = x;
      for (int k = 3; k < 100; k += 2) {
        term *= x * x / k;
        sum += term;
      }
      return 0.5 - density * sum;
    }
    double fraction = x;
    for (int k = 200; k > 0; k--) {
      fraction = x + k / fraction;
    }
    return density / fraction;
  }
}
