package dev.gatun.tck.lab;

/**
 * The backend does not serve what a case is made of, and said why before there was an operator to ask it about: it makes no cache of that kind, or no weight of that
 * type ready.
 */
public final class UnservedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With the backend's reason, word for word. */
  public UnservedException(String reason) {
    super(reason);
  }
}
