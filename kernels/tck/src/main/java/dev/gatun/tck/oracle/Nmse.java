package dev.gatun.tck.oracle;

/** The normalised mean squared error Σ(a−e)² / Σe², the measure that tolerances are stated in. */
public final class Nmse {
  private Nmse() {}

  /** The error of {@code actual}; +∞ where a NaN or an infinity is not the expected one. See {@link Errors#between}. */
  public static double of(double[] expected, double[] actual) {
    return Errors.between(expected, actual).nmse();
  }

  /** The same for an answer in F32. */
  public static double of(double[] expected, float[] actual) {
    double[] widened = new double[actual.length];
    for (int i = 0; i < widened.length; i++) {
      widened[i] = actual[i];
    }
    return of(expected, widened);
  }
}
