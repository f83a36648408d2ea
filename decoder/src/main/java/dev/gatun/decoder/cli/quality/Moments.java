package dev.gatun.decoder.cli.quality;

/** The mean of numbers that come one by one, and its standard error (Welford's recurrence). */
public final class Moments {
  private long count;
  private double mean;
  private double squares;

  /** No numbers yet. */
  public Moments() {}

  /** Takes one more. */
  public void add(double value) {
    count++;
    double before = value - mean;
    mean += before / count;
    squares += before * (value - mean);
  }

  /** How many there were. */
  public long count() {
    return count;
  }

  /** Their mean; NaN for none. */
  public double mean() {
    return count == 0 ? Double.NaN : mean;
  }

  /** The standard deviation of the sample divided by the root of the count; NaN for fewer than two. */
  public double standardError() {
    return count < 2 ? Double.NaN : Math.sqrt(squares / (count - 1) / count);
  }
}
