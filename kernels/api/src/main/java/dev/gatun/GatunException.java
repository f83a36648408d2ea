package dev.gatun;

/**
 * The root of everything Gatun throws on purpose. The message says which call failed, on what (device, operator, case, file) and what
 * to do about it.
 */
public class GatunException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** An exception with a complete message. */
  public GatunException(String message) {
    super(message);
  }

  /** An exception with a complete message and what led to it. */
  public GatunException(String message, Throwable cause) {
    super(message, cause);
  }
}
