package dev.gatun.tck.lab;

import dev.gatun.tck.oracle.Inputs;
import java.util.Arrays;
import java.util.SplittableRandom;

/** What the elements of an input are. */
public enum Fill {
  /** Of mean 0 and deviation 1. */
  NORMAL,
  /** Spread evenly over [-1, 1). */
  UNIFORM,
  /** As activations of transformers: one in 128 is twenty times as large. */
  OUTLIERS,
  /** Half of the elements below the smallest normal F32, half normal. A device that flushes them stays within every bound but an exact one. */
  DENORMAL,
  /** About one element in eight is an infinity of either sign. */
  INFINITE,
  /** About one element in 32 is NaN. */
  NAN,
  /** One element, in the middle, is NaN. */
  ONE_NAN,
  /** Every element the same, so that all of a row tie. */
  EQUAL,
  /** Small whole numbers, so that many of a row tie. */
  TIES,
  /** Every element −∞, as a row of logits is that masks hide altogether. */
  MINUS_INFINITY,
  /** Every element zero. */
  ZERO,
  /** Magnitudes over 40 powers of two. */
  WIDE;

  private static final int DENORMAL_EXPONENT = -136;

  /** {@code n} values, each one that F32 holds. */
  public double[] values(long seed, int n) {
    SplittableRandom random = new SplittableRandom(~seed);
    double[] values = switch (this) {
      case NORMAL, DENORMAL, INFINITE, NAN, ONE_NAN -> Inputs.normal(seed, n, 1);
      case UNIFORM -> Inputs.uniform(seed, n);
      case OUTLIERS -> Inputs.normalWithOutliers(seed, n);
      case TIES -> Arrays.stream(Inputs.integers(seed, n, -3, 4)).asDoubleStream().toArray();
      case WIDE -> Inputs.wideRange(seed, n, 20);
      case EQUAL -> filled(n, 0.75);
      case MINUS_INFINITY -> filled(n, Double.NEGATIVE_INFINITY);
      case ZERO -> new double[n];
    };
    for (int i = 0; i < n; i++) {
      switch (this) {
        case DENORMAL -> values[i] = random.nextBoolean() ? (float) Math.scalb(values[i], DENORMAL_EXPONENT) : values[i];
        case INFINITE -> values[i] = random.nextInt(8) == 0 ? Math.copySign(Double.POSITIVE_INFINITY, values[i]) : values[i];
        case NAN -> values[i] = random.nextInt(32) == 0 ? Double.NaN : values[i];
        default -> { }
      }
    }
    if (this == ONE_NAN && n > 0) {
      values[n / 2] = Double.NaN;
    }
    return values;
  }

  private static double[] filled(int n, double value) {
    double[] values = new double[n];
    Arrays.fill(values, value);
    return values;
  }

  /** Whether all values are finite. */
  public boolean isFinite() {
    return switch (this) {
      case INFINITE, NAN, ONE_NAN, MINUS_INFINITY -> false;
      default -> true;
    };
  }
}
