package dev.gatun.tck;

import dev.gatun.GatunException;

/** A file that is no report of the suite; the message names the file, the place in it and what is wrong there. */
public final class ReportException extends GatunException {
  private static final long serialVersionUID = 1L;

  /** With a complete message. */
  public ReportException(String message) {
    super(message);
  }

  /** With a complete message and what led to it. */
  public ReportException(String message, Throwable cause) {
    super(message, cause);
  }
}
