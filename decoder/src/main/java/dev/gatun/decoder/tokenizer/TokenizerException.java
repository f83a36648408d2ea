package dev.gatun.decoder.tokenizer;

import dev.gatun.GatunException;

/** A file's tokenizer is missing, not served or inconsistent, or a token id lies outside its vocabulary. */
public final class TokenizerException extends GatunException {
  private static final long serialVersionUID = 1L;

  /** An exception whose message names the metadata key or the id, what is wrong with it and what is served. */
  public TokenizerException(String message) {
    super(message);
  }

  /** An exception with a complete message and what led to it. */
  public TokenizerException(String message, Throwable cause) {
    super(message, cause);
  }
}
