package dev.gatun;

import java.util.List;

/**
 * A backend that was found, whether or not it works here.
 *
 * @param name the name that {@link Gatun#open(String)} takes
 * @param description one line
 * @param score 0 where it does not work on this machine; the highest is the default
 * @param reasons why it does not work and what to do; warnings where it does
 */
public record BackendInfo(String name, String description, int score, List<String> reasons) {
  /** Copies the list. */
  public BackendInfo {
    reasons = List.copyOf(reasons);
  }

  /** Whether it works on this machine. */
  public boolean isAvailable() {
    return score > 0;
  }
}
