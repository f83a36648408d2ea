package dev.gatun.tck;

import dev.gatun.GatunException;

/** A line that names no case of the suite. */
public final class CaseException extends GatunException {
  private static final long serialVersionUID = 1L;

  /** With what is wrong with the line and what would be right. */
  public CaseException(String message) {
    super(message);
  }
}
