package dev.gatun.bench;

/** A benchmark cannot run here, with this combination of parameters; the others of the run go on. */
public final class NotRunException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** @param reason why, and what to do about it, in one line */
  public NotRunException(String reason) {
    super("not run: " + reason.lines().map(String::strip).reduce((a, b) -> a + "; " + b).orElse("no reason is known"), null, false, false);
  }

  /** The reason alone. */
  public String reason() {
    return getMessage().substring("not run: ".length());
  }
}
