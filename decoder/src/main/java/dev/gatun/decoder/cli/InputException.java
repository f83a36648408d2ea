package dev.gatun.decoder.cli;

import dev.gatun.GatunException;

/** Text to work on that can't be read; the message names where it was to come from. */
final class InputException extends GatunException {
  private static final long serialVersionUID = 1L;

  InputException(String message, Throwable cause) {
    super(message, cause);
  }
}
