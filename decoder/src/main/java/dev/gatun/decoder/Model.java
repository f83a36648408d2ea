package dev.gatun.decoder;

import dev.gatun.GatunException;
import dev.gatun.decoder.family.Blueprint;
import dev.gatun.decoder.family.Family;
import dev.gatun.decoder.family.Weights;
import dev.gatun.decoder.gguf.Gguf;
import dev.gatun.decoder.tokenizer.Tokenizer;
import dev.gatun.decoder.tokenizer.TokenizerException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * An open model file, owned: its family, its sizes, its tokenizer. Weights stay in the mapped file; close the model after the decoders over it.
 */
public final class Model implements AutoCloseable {
  private final Gguf gguf;
  private final Blueprint blueprint;
  private Tokenizer tokenizer;

  private Model(Gguf gguf) {
    this.gguf = gguf;
    this.blueprint = Family.blueprint(gguf);
  }

  /**
   * Opens a GGUF file of a family that is served.
   *
   * @throws dev.gatun.GatunException in one line naming the file and the cause, if it cannot be read or served
   */
  public static Model open(Path file) {
    return of(Gguf.open(file));
  }

  /** A model over {@code gguf}, which it takes over; errors are those of {@link #open}. */
  public static Model of(Gguf gguf) {
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
    return blueprint.architecture();
  }

  /** Sizes and constants. */
  public Dimensions dimensions() {
    return blueprint.sizes();
  }

  /**
   * Why this model cannot run, in one line that names the file; empty if it can. Looks at the name, shape and type of every tensor and at the
   * tokenizer, reads no weights and needs no backend. What a backend serves is known only by a {@link Decoder} on it.
   */
  public Optional<String> problem() {
    try (Weights weights = Weights.described(gguf)) {
      blueprint.load(weights, dimensions().context());
      tokenizer();
      return Optional.empty();
    } catch (GatunException e) {
      return Optional.of(ModelException.naming(gguf.file(), e).getMessage());
    }
  }

  /**
   * The tokenizer, made at the first call. Where the embedding has more rows than the file has tokens, the ids without a token decode to nothing.
   *
   * @throws ModelException if the file has none, or one that is not served, or one with more tokens than the embedding has rows
   */
  public synchronized Tokenizer tokenizer() {
    if (tokenizer == null) {
      try {
        Tokenizer read = Tokenizer.of(gguf.metadata(), dimensions().vocabulary());
        if (read.vocabularySize() > dimensions().vocabulary()) {
          throw new ModelException(gguf.file(), "the tokenizer has " + read.vocabularySize() + " tokens and token_embd.weight only "
              + dimensions().vocabulary() + " rows; the file is not consistent, convert it again");
        }
        tokenizer = read;
      } catch (TokenizerException e) {
        throw new ModelException(gguf.file(), e.getMessage());
      }
    }
    return tokenizer;
  }

  Blueprint blueprint() {
    return blueprint;
  }

  @Override
  public void close() {
    gguf.close();
  }
}
