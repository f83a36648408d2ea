package dev.gatun.decoder;

import dev.gatun.GatunException;
import java.nio.file.Path;

/** A model file that opens, but from which no decoder can be made; the message is one line that names the file and the cause. */
public final class ModelException extends GatunException {
  private static final long serialVersionUID = 1L;

  /** An exception about {@code file}. */
  public ModelException(Path file, String cause) {
    super(file + ": " + cause);
  }
}
