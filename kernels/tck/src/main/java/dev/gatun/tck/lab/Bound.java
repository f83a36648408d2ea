package dev.gatun.tck.lab;

/**
 * How near a result must come to the oracle's.
 *
 * @param nmse the largest Σ(a−e)² / Σe², before what the rounding to the output's dtype adds; 0 for exactly the oracle's value in the output's dtype
 * @param reason what an honest computation in the case's dtypes gives, of which this is a multiple
 * @param anyNonFinite whether any NaN or infinity will do where the oracle's value is not finite
 */
public record Bound(double nmse, String reason, boolean anyNonFinite) {
  /** A bound under which NaN and each infinity must be where the oracle has them. */
  public Bound(double nmse, String reason) {
    this(nmse, reason, false);
  }

  /** The same, where a value that is not finite may be NaN or any infinity. */
  public Bound withAnyNonFinite() {
    return new Bound(nmse, reason, true);
  }

  boolean isExact() {
    return nmse == 0;
  }
}
