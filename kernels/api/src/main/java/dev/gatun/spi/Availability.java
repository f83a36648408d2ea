package dev.gatun.spi;

import java.util.List;

/**
 * Whether a backend works on this machine.
 *
 * @param score 0 for not at all; the highest of all backends is the default (the CPU backend has 10, scalar 1)
 * @param reasons why not and what to do, when the score is 0; warnings otherwise
 */
public record Availability(int score, List<String> reasons) {
  /** Copies the list. */
  public Availability {
    reasons = List.copyOf(reasons);
    if (score < 0 || score == 0 && reasons.isEmpty()) {
      throw new IllegalArgumentException("a score is not negative, and 0 comes with a reason");
    }
  }

  /** Available, with warnings if there are any. */
  public static Availability yes(int score, String... warnings) {
    return new Availability(score, List.of(warnings));
  }

  /** Not available, with the reasons. */
  public static Availability no(String... reasons) {
    return new Availability(0, List.of(reasons));
  }
}
