package uk.ac.manchester.tornado.api.exceptions;

/** A kernel that could not be compiled. */
public class TornadoBailoutRuntimeException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With a message. */
  public TornadoBailoutRuntimeException(String message) {
    super(message);
  }

  /** With a message and what caused it. */
  public TornadoBailoutRuntimeException(String message, Exception cause) {
    super(message, cause);
  }
}
