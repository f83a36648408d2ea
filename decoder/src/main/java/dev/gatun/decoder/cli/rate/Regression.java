package dev.gatun.decoder.cli.rate;

/**
 * Whether a test has become slower. Rates are first corrected for the machine: by how its calibration's memory or arithmetic changed, whichever
 * makes them the larger. The median has fallen if then all of this holds: the fall is more than 5 percent; it is more than the noise, which is two
 * standard errors of the medians of both runs' rates and calibrations together, each estimated from the median deviation; and the rank test
 * gives rates as low as the new ones less than one chance in a hundred.
 *
 * @param base the median rate before
 * @param now the median rate, corrected
 * @param drift what it was corrected by; over 1 where the machine is slower than it was
 * @param noise the largest share of the base that noise explains
 * @param chance the rank test's
 */
public record Regression(double base, double now, double drift, double noise, double chance) {
  /** The fewest repeats of each run with which the rank test can come to less than {@link #LIKELIEST_CHANCE}. */
  public static final int LEAST_REPEATS = 5;

  static final double LIKELIEST_CHANCE = 0.01;
  static final double SMALLEST_FALL = 0.05;
  private static final double STANDARD_ERRORS = 2;

  /** In a normal sample a median's standard error is so many standard deviations over the root of the count. */
  private static final double MEDIAN_ERROR = Math.sqrt(Math.PI / 2);

  /** And a standard deviation so many median deviations. */
  private static final double DEVIATION = 1.4826;

  /**
   * One run of a test.
   *
   * @param rates tokens per second
   * @param memoryNanos the calibration's memory beside each
   * @param arithmeticNanos the calibration's arithmetic beside each
   */
  public record Run(Samples rates, Samples memoryNanos, Samples arithmeticNanos) {}

  /** Compares two runs. */
  public static Regression between(Run base, Run now) {
    double memory = now.memoryNanos.median() / base.memoryNanos.median();
    double arithmetic = now.arithmeticNanos.median() / base.arithmeticNanos.median();
    boolean byMemory = memory > arithmetic;
    double drift = Math.max(memory, arithmetic);
    Samples corrected = now.rates.times(drift);
    double error = Math.sqrt(error(base.rates) + error(now.rates)
        + error(byMemory ? base.memoryNanos : base.arithmeticNanos) + error(byMemory ? now.memoryNanos : now.arithmeticNanos));
    // As the largest fall that noise explains: so many standard errors of a logarithm may be more than one, and no fall is more than all.
    double noise = 1 - Math.exp(-STANDARD_ERRORS * error);
    return new Regression(base.rates.median(), corrected.median(), drift, noise, RankTest.below(corrected.values(), base.rates.values()));
  }

  /** The square of a median's standard error as a share of the median. */
  private static double error(Samples samples) {
    double share = MEDIAN_ERROR * DEVIATION * samples.medianDeviation() / samples.median();
    return share * share / samples.values().length;
  }

  /** What the median changed by, as a share of the base. */
  public double change() {
    return now / base - 1;
  }

  /** Whether it fell by more than noise explains. */
  public boolean fell() {
    return -change() > Math.max(SMALLEST_FALL, noise) && chance < LIKELIEST_CHANCE;
  }
}
