package dev.gatun.decoder.cli.rate;

import java.util.Arrays;

/**
 * Repeated measurements, at least one.
 *
 * @param values in the order they were taken
 */
public record Samples(double... values) {
  /** The middle one, or the mean of the two in the middle. */
  public double median() {
    return middle(values);
  }

  private static double middle(double[] of) {
    double[] sorted = of.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /** The median of how far values are from the median. */
  public double medianDeviation() {
    double median = median();
    return middle(Arrays.stream(values).map(value -> Math.abs(value - median)).toArray());
  }

  /** The least. */
  public double least() {
    return Arrays.stream(values).min().orElse(Double.NaN);
  }

  /** The most. */
  public double most() {
    return Arrays.stream(values).max().orElse(Double.NaN);
  }

  /** The mean. */
  public double mean() {
    return Arrays.stream(values).average().orElse(Double.NaN);
  }

  /** Of the sample: divided by one less than the count; 0 for one value. */
  public double deviation() {
    if (values.length < 2) {
      return 0;
    }
    double mean = mean();
    return Math.sqrt(Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum() / (values.length - 1));
  }

  /** The rate that {@code count} of something in each of these many nanoseconds makes, per second. */
  public Samples perSecond(double count) {
    return new Samples(Arrays.stream(values).map(nanos -> count * 1e9 / nanos).toArray());
  }

  /** Each as many times as large. */
  public Samples times(double factor) {
    return new Samples(Arrays.stream(values).map(value -> value * factor).toArray());
  }
}
