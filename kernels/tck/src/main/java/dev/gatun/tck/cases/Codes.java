package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.Tensor;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import dev.gatun.tck.lab.Workbench;
import java.util.Arrays;

/** What a weight holds. */
enum Codes {
  /** Elements near one another in size, as a model's are. */
  NEAR,
  /** Every code and every scale. */
  ANY,
  /** Zeros. */
  ZERO,
  /** As {@link #NEAR}, but for an element that is NaN, which makes the scale of its block NaN, and one that is infinite. */
  NONFINITE;

  /** Elements whose values are made one by one, in float64. */
  private static final int MOST = 1 << 24;

  /** Whether the type can hold it. */
  boolean fits(DType type) {
    return this != NONFINITE || type != DType.MXFP4;
  }

  /** A weight, its elements of standard deviation {@code deviation} where they are near one another. */
  Tensor weight(Workbench bench, DType type, Placement lies, long seed, double deviation, long... shape) {
    if (this == ANY) {
      return bench.random(type, lies, seed, shape);
    }
    int n = Math.toIntExact(Arrays.stream(shape).reduce(1, Math::multiplyExact));
    if (n > MOST) {
      throw new IllegalArgumentException(n + " elements of other codes than any, where there may be " + MOST);
    }
    double[] values = this == ZERO ? new double[n] : Arrays.stream(Fill.NORMAL.values(seed, n)).map(value -> (float) (deviation * value)).toArray();
    if (this == NONFINITE && n > 0) {
      values[n / 2] = Double.NaN;
      values[n / 5] = Double.NEGATIVE_INFINITY;
    }
    return bench.input(type, lies, values, shape);
  }
}
