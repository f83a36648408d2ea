package dev.gatun.tck.oracle;

import dev.gatun.ShapeException;

/**
 * How far an answer is from the expected one.
 *
 * @param nmse Σ(a−e)² / Σe²; 0 where both sums are 0; +∞ where only the lower one is 0 or where the answer is not finite as expected
 * @param maxAbs the largest |a−e|, +∞ where the answer is not finite as expected
 * @param worst the index of that largest difference, or of the first element that is not finite as expected; -1 where nothing differs
 * @param nonFinite how many elements are NaN or infinite on either side without being the same on both
 */
public record Errors(double nmse, double maxAbs, int worst, int nonFinite) {
  /**
   * Compares element by element. A NaN or an infinity is right only where exactly that is expected, and such elements then count for
   * nothing; anywhere else it comes before every error.
   *
   * @throws ShapeException if the lengths differ
   */
  public static Errors between(double[] expected, double[] actual) {
    if (expected.length != actual.length) {
      throw new ShapeException("expected " + expected.length + " values, got " + actual.length);
    }
    double difference = 0;
    double magnitude = 0;
    double maxAbs = 0;
    int worst = -1;
    int firstNonFinite = -1;
    int nonFinite = 0;
    for (int i = 0; i < expected.length; i++) {
      double e = expected[i];
      double a = actual[i];
      if (Double.isFinite(e) && Double.isFinite(a)) {
        difference += (a - e) * (a - e);
        magnitude += e * e;
        if (Math.abs(a - e) > maxAbs) {
          maxAbs = Math.abs(a - e);
          worst = i;
        }
      } else if (Double.compare(e, a) != 0) {
        firstNonFinite = nonFinite == 0 ? i : firstNonFinite;
        nonFinite++;
      }
    }
    if (nonFinite > 0) {
      return new Errors(Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY, firstNonFinite, nonFinite);
    }
    return new Errors(difference == 0 ? 0 : difference / magnitude, maxAbs, worst, 0);
  }

  /** A line for a failing test: the figures, and both values at the worst element. */
  public String describe(double[] expected, double[] actual) {
    String figures = "NMSE " + nmse + ", largest difference " + maxAbs;
    String wrong = nonFinite == 0 ? "" : nonFinite + " values not finite as expected; ";
    return wrong + figures + (worst < 0 ? "" : " at " + worst + ": expected " + expected[worst] + ", got " + actual[worst]);
  }
}
