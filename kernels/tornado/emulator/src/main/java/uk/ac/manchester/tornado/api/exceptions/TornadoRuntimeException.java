package uk.ac.manchester.tornado.api.exceptions;

/** A call that the runtime refuses, or a kernel that failed. */
public class TornadoRuntimeException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With a message. */
  public TornadoRuntimeException(String message) {
    super(message);
  }

  /** With what caused it. */
  public TornadoRuntimeException(Exception cause) {
    super(cause);
  }
}
