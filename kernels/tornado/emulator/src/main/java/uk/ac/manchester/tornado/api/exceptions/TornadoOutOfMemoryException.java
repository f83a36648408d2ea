package uk.ac.manchester.tornado.api.exceptions;

/** More device memory asked for than there is. */
public class TornadoOutOfMemoryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With a message. */
  public TornadoOutOfMemoryException(String message) {
    super(message);
  }
}
