package dev.gatun.decoder.chat;

import dev.gatun.GatunException;

/** A file's chat template is missing or not served, or a conversation does not fit it. */
public final class ChatException extends GatunException {
  private static final long serialVersionUID = 1L;

  /** An exception whose message says what is wrong and what is served. */
  public ChatException(String message) {
    super(message);
  }
}
