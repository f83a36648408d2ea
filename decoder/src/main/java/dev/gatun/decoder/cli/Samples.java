package dev.gatun.decoder.cli;

import java.util.Arrays;

/**
 * Repeated measurements, at least one.
 *
 * @param values in the order they were taken
 */
record Samples(double... values) {
  double median() {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  double least() {
    return Arrays.stream(values).min().orElse(Double.NaN);
  }

  double most() {
    return Arrays.stream(values).max().orElse(Double.NaN);
  }

  double mean() {
    return Arrays.stream(values).average().orElse(Double.NaN);
  }

  /** Of the sample: divided by one less than the count; 0 for one value. */
  double deviation() {
    if (values.length < 2) {
      return 0;
    }
    double mean = mean();
    return Math.sqrt(Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum() / (values.length - 1));
  }

  /** The rate that {@code count} of something in each of these many nanoseconds makes, per second. */
  Samples perSecond(double count) {
    return new Samples(Arrays.stream(values).map(nanos -> count * 1e9 / nanos).toArray());
  }

  /** The median, with the spread where there are several. */
  String shown(int digits) {
    String median = Units.decimal(median(), digits);
    return values.length < 2 ? median : median + " (" + Units.decimal(least(), digits) + " to " + Units.decimal(most(), digits) + ")";
  }
}
