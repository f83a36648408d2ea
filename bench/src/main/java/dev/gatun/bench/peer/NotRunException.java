package dev.gatun.bench.peer;

/** Why something was not measured here, and what to do about it, in one line that begins with {@code not run:}. Without a stack trace, which would tell nothing more. */
public final class NotRunException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** @param reason the cause and what to do */
  public NotRunException(String reason) {
    super("not run: " + reason.replaceAll("\\s*\\R\\s*", " "), null, false, false);
  }
}
