package uk.ac.manchester.tornado.api.exceptions;

/** A task whose arguments the runtime does not take. */
public class TornadoTaskRuntimeException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With a message. */
  public TornadoTaskRuntimeException(String message) {
    super(message);
  }
}
