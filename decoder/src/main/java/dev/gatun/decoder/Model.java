package dev.gatun.decoder;

import dev.gatun.decoder.gguf.Gguf;
import dev.gatun.decoder.tokenizer.Tokenizer;
import dev.gatun.decoder.tokenizer.TokenizerException;
import java.nio.file.Path;

/**
 * An open model file, owned: its family, its sizes, its tokenizer. Weights stay in the mapped file; close the model after the decoders over it.
 */
public final class Model implements AutoCloseable {
  private final Gguf gguf;
  private final Family family;
  private final Dimensions dimensions;
  private Tokenizer tokenizer;

  private Model(Gguf gguf) {
    this.gguf = gguf;
    this.family = Family.of(gguf);
    this.dimensions = family.dimensions(gguf);
  }

  /**
   * Opens a GGUF file of a family that is served.
   *
   * @throws dev.gatun.GatunException in one line naming the file and the cause, if it cannot be read or served
   */
  public static Model open(Path file) {
    Gguf gguf = Gguf.open(file);
    try {
      return new Model(gguf);
    } catch (RuntimeException e) {
      gguf.close();
      throw e;
    }
  }

  /** The file. */
  public Gguf gguf() {
    return gguf;
  }

  /** The value of {@code general.architecture}. */
  public String architecture() {
    return family.architecture();
  }

  /** Sizes and constants. */
  public Dimensions dimensions() {
    return dimensions;
  }

  /** The tokenizer, made at the first call. @throws ModelException if the file has none, or one that is not served */
  public synchronized Tokenizer tokenizer() {
    if (tokenizer == null) {
      try {
        tokenizer = Tokenizer.of(gguf.metadata());
      } catch (TokenizerException e) {
        throw new ModelException(gguf.file(), e.getMessage());
      }
    }
    return tokenizer;
  }

  Family family() {
    return family;
  }

  @Override
  public void close() {
    gguf.close();
  }
}
