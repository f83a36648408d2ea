package dev.gatun.decoder.model;

import dev.gatun.decoder.gguf.MetadataType;
import java.util.List;
import java.util.Optional;

/**
 * The sizes of a decoder model, as its authors publish them in the model's configuration file. Frequency factors of LongRoPE are left out: they change
 * no time.
 *
 * @param name the name on the command line
 * @param family the architecture as GGUF names it: any that the decoder serves but {@code gpt2} and {@code granitemoe}
 * @param layers how many blocks
 * @param embedding width of the residual stream
 * @param feedForward width inside the feed-forward part; with experts that of the layers without, where there are any
 * @param heads query heads
 * @param kvHeads key and value heads
 * @param headSize elements per head of queries and keys, and of values where attention is not over latent rows
 * @param vocab tokens in the vocabulary
 * @param context positions the model was trained for
 * @param ropeBase base of the rotary frequencies
 * @param normEpsilon what the RMS norms add to the mean square
 * @param tied whether the output projection is the token embedding
 * @param ropeScaling how rotary frequencies are stretched by Llama 3's rule, where they are
 * @param experts the mixture in place of the feed-forward part, where there is one
 * @param latent the rows that keys and values are made of, where they are
 * @param keys what else a file of the model says
 */
public record ModelShape(String name, String family, int layers, int embedding, int feedForward, int heads, int kvHeads, int headSize,
    int vocab, int context, double ropeBase, double normEpsilon, boolean tied, Optional<Llama3RopeScaling> ropeScaling, Optional<Experts> experts,
    Optional<Latent> latent, List<Key> keys) {
  /** The shape that {@code bench} takes when none is named. */
  public static final String DEFAULT_NAME = "llama-3.2-1b";

  /**
   * A mixture of experts.
   *
   * @param count how many a layer has
   * @param used how many of them a token goes to
   * @param feedForward width inside each
   * @param shared width inside the part that all tokens take; 0 for none
   * @param denseLayers how many layers, the first ones, have a feed-forward part instead
   */
  public record Experts(int count, int used, int feedForward, int shared, int denseLayers) {}

  /**
   * Multi-head latent attention.
   *
   * @param queryRank elements of the row that queries are made of; 0 where they are made of the residual stream
   * @param rank elements of the row that keys and values are made of
   * @param rotated elements of a head that carry the position
   * @param valueSize elements of a value
   */
  public record Latent(int queryRank, int rank, int rotated, int valueSize) {}

  /**
   * A metadata value of the family.
   *
   * @param name without the family's prefix
   * @param type how the file holds it
   * @param value as {@link dev.gatun.decoder.gguf.GgufWriter#put} takes it
   */
  public record Key(String name, MetadataType type, Object value) {
    static Key size(String name, long value) {
      return new Key(name, MetadataType.UINT32, value);
    }

    static Key real(String name, double value) {
      return new Key(name, MetadataType.FLOAT32, value);
    }

    static Key text(String name, String value) {
      return new Key(name, MetadataType.STRING, value);
    }

    static Key flag(String name, boolean value) {
      return new Key(name, MetadataType.BOOL, value);
    }
  }

  /** @throws IllegalArgumentException if the family is not one whose tensors are known */
  public ModelShape {
    keys = List.copyOf(keys);
    if (!ShapeTensors.knows(family)) {
      throw new IllegalArgumentException("shape " + name + " is of family " + family + ", whose tensors are not known");
    }
  }

  /** Without experts, latent rows or keys of its own. */
  public ModelShape(String name, String family, int layers, int embedding, int feedForward, int heads, int kvHeads, int headSize, int vocab, int context,
      double ropeBase, double normEpsilon, boolean tied, Optional<Llama3RopeScaling> ropeScaling) {
    this(name, family, layers, embedding, feedForward, heads, kvHeads, headSize, vocab, context, ropeBase, normEpsilon, tied, ropeScaling, Optional.empty(),
        Optional.empty(), List.of());
  }

  ModelShape with(Experts mixture) {
    return new ModelShape(name, family, layers, embedding, feedForward, heads, kvHeads, headSize, vocab, context, ropeBase, normEpsilon, tied, ropeScaling,
        Optional.of(mixture), latent, keys);
  }

  ModelShape with(Latent rows) {
    return new ModelShape(name, family, layers, embedding, feedForward, heads, kvHeads, headSize, vocab, context, ropeBase, normEpsilon, tied, ropeScaling,
        experts, Optional.of(rows), keys);
  }

  ModelShape with(List<Key> other) {
    return new ModelShape(name, family, layers, embedding, feedForward, heads, kvHeads, headSize, vocab, context, ropeBase, normEpsilon, tied, ropeScaling,
        experts, latent, other);
  }

  /** Every named shape. */
  public static List<ModelShape> all() {
    return NamedShapes.ALL;
  }

  /** The shape with this name. */
  public static Optional<ModelShape> of(String name) {
    return all().stream().filter(shape -> shape.name.equals(name)).findFirst();
  }

  /** How many weights the model has, as its authors count them: matrices, norms and biases. */
  public long parameters() {
    return ShapeTensors.of(this).stream().filter(tensor -> tensor.kind() != ShapeTensors.Kind.FREQUENCIES).mapToLong(ShapeTensors.Tensor::elements).sum();
  }
}
