package dev.gatun.ffi.cuda;

/** A failing call of an optional library beside the driver: NVRTC, cuBLAS, NVML. The codes are that library's own. */
public final class LibraryException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final String call;
  private final int code;

  /**
   * An error as the library reports it.
   *
   * @param library the library and its version
   * @param call its function
   * @param code the status it returned
   * @param text what it says about the status
   * @param detail a log, or what was asked for; may be empty
   */
  public LibraryException(String library, String call, int code, String text, String detail) {
    super(call + ": " + (text.isEmpty() ? "status" : text) + " (" + code + "), in " + library + (detail.isBlank() ? "" : "; " + detail.strip()));
    this.call = call;
    this.code = code;
  }

  /** The function that failed. */
  public String call() {
    return call;
  }

  /** The status it returned. */
  public int code() {
    return code;
  }
}
