package dev.gatun.tck;

/**
 * How near one output came.
 *
 * @param output the operand's name
 * @param error Σ(a−e)² / Σe² against the float64 oracle; 0 for an exact result
 * @param bound the largest error allowed; 0 where the result must be exact
 * @param reason what the bound is derived from
 */
public record Measure(String output, double error, double bound, String reason) {
  /** The error as a share of its bound: at most 1 passes. */
  public double share() {
    return error == 0 ? 0 : error / bound;
  }
}
