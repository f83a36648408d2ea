package uk.ac.manchester.tornado.api.exceptions;

/** Device memory used in a way it does not allow. */
public class TornadoMemoryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With a message. */
  public TornadoMemoryException(String message) {
    super(message);
  }
}
