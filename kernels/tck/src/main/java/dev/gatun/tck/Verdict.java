package dev.gatun.tck;

/** What became of a case. */
public enum Verdict {
  /** Everything that was checked holds. */
  PASS,
  /** Something does not hold, was thrown, crashed or hung. */
  FAIL,
  /** The backend says that it does not serve the case, and why. */
  UNSUPPORTED,
  /** The case was not reached: the run was ended before it. */
  NOT_RUN;

  /** As reports write it, for example {@code not_run}. */
  public String label() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
