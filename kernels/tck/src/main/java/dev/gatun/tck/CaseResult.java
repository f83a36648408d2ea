package dev.gatun.tck;

import java.util.List;

/**
 * What became of one case.
 *
 * @param test the case
 * @param column the dtype under which the verdict table counts it, for example {@code q4_0}; {@code -} where none is meant
 * @param verdict the verdict
 * @param check what did not hold, for example {@code guards}; empty unless it failed
 * @param message why it failed or is unsupported; empty otherwise
 * @param measures the errors of the outputs, as far as they were compared
 * @param nanos the time it took
 */
public record CaseResult(TestCase test, String column, Verdict verdict, String check, String message, List<Measure> measures, long nanos) {
  /** Copies the list. */
  public CaseResult {
    measures = List.copyOf(measures);
  }

  /** The result of a case that was not examined in this process: it crashed, hung, or was never reached. */
  public static CaseResult unexamined(TestCase test, String column, Verdict verdict, String check, String message) {
    return new CaseResult(test, column, verdict, check, message, List.of(), 0);
  }
}
