package dev.gatun.tck.lab;

import java.util.Optional;

/** Something that must hold after every run of a case; what it compares with was computed before the first. */
public interface Expectation {
  /**
   * Looks at the outputs, which are in host memory.
   *
   * @param form which run it is, for messages: {@code alone}, {@code in a program}
   * @throws CheckException if it does not hold
   */
  void verify(String form, Findings findings);

  /** The same of inputs or counts that have changed, computed now; empty where there is none. */
  default Optional<Expectation> anew() {
    return Optional.empty();
  }
}
