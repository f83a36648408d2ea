package dev.gatun;

/** A backend was asked for by name and is not there, or none is; the message gives every reason and what to do. */
public final class BackendUnavailableException extends GatunException {
  private static final long serialVersionUID = 1L;

  /** An exception with a complete message. */
  public BackendUnavailableException(String message) {
    super(message);
  }

  /** An exception with a complete message and what led to it. */
  public BackendUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
