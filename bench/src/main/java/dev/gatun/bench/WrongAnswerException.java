package dev.gatun.bench;

/** What was to be measured computes something else than it should, so it has no time. */
public final class WrongAnswerException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** @param difference what is off, by how much */
  public WrongAnswerException(String difference) {
    super("wrong answer: " + difference, null, false, false);
  }
}
