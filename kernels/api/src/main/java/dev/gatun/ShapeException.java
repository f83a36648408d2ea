package dev.gatun;

/** Shapes, dtypes, strides or flags that do not fit the operator or the type: the caller's mistake, found before anything runs. */
public final class ShapeException extends GatunException {
  private static final long serialVersionUID = 1L;

  /** An exception with a complete message. */
  public ShapeException(String message) {
    super(message);
  }
}
