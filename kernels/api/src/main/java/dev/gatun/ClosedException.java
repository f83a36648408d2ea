package dev.gatun;

/** A handle was used after it, or the backend that owns it, was closed. */
public final class ClosedException extends GatunException {
  private static final long serialVersionUID = 1L;

  /** An exception with a complete message. */
  public ClosedException(String message) {
    super(message);
  }
}
