package dev.gatun.tck.oracle;

/** The standard normal distribution, to about 1e-14 of the answer on both sides (Abramowitz and Stegun 7.1.6 and 7.1.14). */
final class NormalDistribution {
  private NormalDistribution() {}

  /** Φ(x). */
  static double cumulative(double x) {
    double z = StrictMath.abs(x) / StrictMath.sqrt(2);
    if (Double.isNaN(z)) {
      return z;
    }
    double tail = z > 2.5 ? upper(z) / 2 : (1 - lower(z)) / 2;
    return x < 0 ? tail : 1 - tail;
  }

  /** erf by its series of positive terms. */
  private static double lower(double z) {
    double term = z;
    double sum = z;
    for (int n = 1; term > 1e-18 * sum; n++) {
      term *= 2 * z * z / (2 * n + 1);
      sum += term;
    }
    return 2 / StrictMath.sqrt(StrictMath.PI) * StrictMath.exp(-z * z) * sum;
  }

  /** 1 − erf by its continued fraction, evaluated from the far end. */
  private static double upper(double z) {
    if (z > 30) {
      return 0;
    }
    double fraction = z;
    for (int n = 120; n >= 1; n--) {
      fraction = z + n / 2.0 / fraction;
    }
    return StrictMath.exp(-z * z) / StrictMath.sqrt(StrictMath.PI) / fraction;
  }
}
