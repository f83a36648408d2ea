package dev.gatun.decoder;

import dev.gatun.GatunException;
import java.nio.file.Path;

/** A sequence would outgrow the context that its decoder was opened with; the sequence is unchanged. */
public final class ContextFullException extends GatunException {
  private static final long serialVersionUID = 1L;

  ContextFullException(Path file, int position, int tokens, int context) {
    super(file + ": " + tokens + " more tokens after position " + position + " do not fit the context of " + context
        + " tokens; open the decoder with a larger context or shorten the prompt");
  }
}
