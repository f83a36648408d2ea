package dev.gatun.ffi.cuda;

/** CUDA, or the part of it that a call needs, is not there: no driver, one too old, or no device. The message says what to do. */
public final class CudaUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** With the whole message. */
  public CudaUnavailableException(String message) {
    super(message);
  }
}
