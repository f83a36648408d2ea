package dev.gatun.decoder.family;

import dev.gatun.Rotation;
import dev.gatun.Rotation.Pairs;
import dev.gatun.decoder.Dimensions;
import java.util.Optional;

/** Reads the sizes that all families have. What a family has besides is set before {@link #read}. */
final class SizeReader {
  private final Keys keys;
  private Norm.Kind norms = Norm.Kind.RMS;
  private Optional<Pairs> pairs = Optional.empty();
  private Optional<Double> scale = Optional.empty();
  private Optional<Rotation> rotation = Optional.empty();
  private Optional<Dimensions.Experts> experts = Optional.empty();
  private Optional<Dimensions.Latent> latent = Optional.empty();
  private int window;

  SizeReader(Keys keys) {
    this.keys = keys;
  }

  SizeReader norms(Norm.Kind kind) {
    norms = kind;
    return this;
  }

  /** Heads rotate. */
  SizeReader rotating(Pairs which) {
    pairs = Optional.of(which);
    return this;
  }

  /** Instead of one over the root of the size of a head. */
  SizeReader attentionScale(double value) {
    scale = Optional.of(value);
    return this;
  }

  /** Of those layers that have one. */
  SizeReader window(int positions) {
    window = positions;
    return this;
  }

  /** In place of the rotation that the keys tell. */
  SizeReader rotation(Rotation other) {
    rotation = Optional.of(other);
    return this;
  }

  SizeReader experts(Optional<Dimensions.Experts> mixture) {
    experts = mixture;
    return this;
  }

  SizeReader latent(int queryRank, int rank) {
    latent = Optional.of(new Dimensions.Latent(queryRank, rank));
    return this;
  }

  Dimensions read() {
    int embedding = keys.size("embedding_length");
    int heads = keys.uniformSize("attention.head_count").orElseThrow(() -> keys.missing("attention.head_count"));
    int kvHeads = keys.uniformSize("attention.head_count_kv").orElse(heads);
    if (heads % kvHeads != 0) {
      throw keys.fault("attention.head_count " + heads + " is no multiple of attention.head_count_kv " + kvHeads);
    }
    int keySize = keySize(keys, embedding, heads);
    int valueSize = valueSize(keySize);
    if ((long) heads * (2L * keySize + valueSize) > Integer.MAX_VALUE) {
      throw keys.fault("attention.head_count " + heads + " with heads of " + keySize + " and " + valueSize + " elements is no sensible size");
    }
    Optional<Integer> feedForward = keys.uniformSize("feed_forward_length");
    if (feedForward.isEmpty() && experts.isEmpty()) {
      throw keys.missing("feed_forward_length");
    }
    int context = keys.size("context_length");
    float eps = (float) keys.requiredReal(norms.key());
    if (eps < 0) {
      throw keys.fault(keys.name(norms.key()) + " is negative: " + eps);
    }
    Optional<Rotation> turned = rotation.or(() -> pairs.map(which -> RopeScaling.rotation(keys, which, keySize, context)));
    double attentionScale = scale.orElse(1 / Math.sqrt(keySize));
    return new Dimensions(keys.size("block_count"), embedding, feedForward.orElse(0), heads, kvHeads, keySize, valueSize, keys.vocabulary(), context,
        eps, (float) attentionScale, window, turned, experts, latent);
  }

  private int valueSize(int keySize) {
    return keys.optionalSize("attention.value_length_mla").or(() -> keys.optionalSize("attention.value_length")).orElse(keySize);
  }

  /** Elements of a head. */
  static int keySize(Keys keys) {
    return keySize(keys, keys.size("embedding_length"), keys.uniformSize("attention.head_count").orElseThrow(() -> keys.missing("attention.head_count")));
  }

  private static int keySize(Keys keys, int embedding, int heads) {
    // Files that speak of latent attention as of one key/value head give the sizes of the heads that are made of it apart.
    Optional<Integer> given = keys.optionalSize("attention.key_length_mla").or(() -> keys.optionalSize("attention.key_length"));
    if (given.isEmpty() && embedding % heads != 0) {
      throw keys.fault("embedding_length " + embedding + " is no multiple of attention.head_count " + heads);
    }
    return given.orElse(embedding / heads);
  }
}
