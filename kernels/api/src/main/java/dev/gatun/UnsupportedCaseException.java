package dev.gatun;

/** A backend was asked to run a {@link Case} that it does not serve; the message gives its reason. */
public final class UnsupportedCaseException extends GatunException {
  private static final long serialVersionUID = 1L;

  /** An exception for {@code refused} on {@code backend}. */
  public UnsupportedCaseException(String backend, Case refused, String reason) {
    super(refused + " does not run on " + backend + ": " + reason);
  }
}
