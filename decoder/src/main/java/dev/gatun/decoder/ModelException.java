package dev.gatun.decoder;

import dev.gatun.ClosedException;
import dev.gatun.DeviceException;
import dev.gatun.GatunException;
import dev.gatun.ShapeException;
import java.nio.file.Path;

/** A model file that opens, but from which no decoder can be made; the message is one line that names the file and the cause. */
public final class ModelException extends GatunException {
  private static final long serialVersionUID = 1L;

  /** An exception about {@code file}. */
  public ModelException(Path file, String cause) {
    super(file + ": " + cause);
  }

  private ModelException(Path file, GatunException cause) {
    super(file + ": " + cause.getMessage(), cause);
  }

  /**
   * What to throw for {@code e}, met while working on {@code file}: an exception whose message names the file. Faults of the device and of closed
   * handles are not the file's, and stay as they are.
   */
  static GatunException naming(Path file, GatunException e) {
    if (e instanceof DeviceException || e instanceof ClosedException || e.getMessage().contains(file.toString())) {
      return e;
    }
    if (e instanceof ShapeException) {
      ShapeException named = new ShapeException(file + ": " + e.getMessage());
      named.initCause(e);
      return named;
    }
    return new ModelException(file, e);
  }
}
