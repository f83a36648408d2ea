package dev.gatun.decoder.cli.report;

import java.util.Arrays;

/**
 * What was measured several times.
 *
 * @param samples each time; none where a tool tells of them in sum alone
 * @param median the value in the middle
 * @param least the least
 * @param most the most
 */
record Series(double[] samples, double median, double least, double most) {
  static Series of(double... samples) {
    double[] sorted = samples.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    double median = sorted.length == 0 ? Double.NaN : sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    return new Series(samples, median, sorted.length == 0 ? Double.NaN : sorted[0], sorted.length == 0 ? Double.NaN : sorted[sorted.length - 1]);
  }

  static Series told(double median, double least, double most) {
    return new Series(new double[0], median, Double.isFinite(least) ? least : median, Double.isFinite(most) ? most : median);
  }

  /** Both together, as of the same test run twice. */
  Series and(Series other) {
    double[] all = Arrays.copyOf(samples, samples.length + other.samples.length);
    System.arraycopy(other.samples, 0, all, samples.length, other.samples.length);
    if (samples.length == 0 || other.samples.length == 0) {
      return told((median + other.median) / 2, Math.min(least, other.least), Math.max(most, other.most));
    }
    return of(all);
  }
}
