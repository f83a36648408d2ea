package dev.gatun.decoder.family;

import dev.gatun.Rotation;
import dev.gatun.Rotation.Pairs;
import dev.gatun.Rotation.Scaling;

/**
 * Reads {@code <architecture>.rope.*} as llama.cpp does: without a type a factor is linear, type {@code none} never scales, a factor of 0 is
 * none, and cosine and sine are multiplied by the attention factor whatever the type. Llama 3's scaling comes as the tensor
 * {@code rope_freqs.weight} instead, LongRoPE's as two tensors.
 */
final class RopeScaling {
  /** Converters write {@code rope.scaling.yarn_beta_fast} and {@code yarn_beta_slow}; llama.cpp reads neither in these families: same file, same tokens. */
  private static final double BETA_FAST = 32;
  private static final double BETA_SLOW = 1;

  private RopeScaling() {}

  /** The rotation of heads of {@code size} elements. */
  static Rotation rotation(Keys keys, Pairs pairs, int size, int context) {
    int rotated = keys.optionalSize("rope.dimension_count").orElse(size);
    if (rotated > size || rotated % 2 != 0) {
      throw keys.fault("rope.dimension_count " + rotated + " does not fit heads of " + size + " elements");
    }
    Scaling scaling = read(keys, context);
    return new Rotation(pairs, rotated, keys.positive("rope.freq_base", 10000), scaling, scaling instanceof Scaling.Yarn ? 1 : attentionFactor(keys));
  }

  /** The positions that the model was trained for before its context was stretched. */
  static int originalContext(Keys keys, int context) {
    int given = keys.optionalCount("rope.scaling.original_context_length");
    return given == 0 ? context : given;
  }

  static double attentionFactor(Keys keys) {
    return keys.positive("rope.scaling.attn_factor", 1);
  }

  /** By how much a context grows. */
  static double stretch(Rotation rotation) {
    return switch (rotation.scaling()) {
      case Scaling.Linear linear -> linear.factor();
      case Scaling.Yarn yarn -> yarn.factor();
      case Scaling.Llama3 llama -> llama.factor();
      case Scaling.None _ -> 1;
    };
  }

  private static Scaling read(Keys keys, int context) {
    String type = keys.string("rope.scaling.type").orElse("linear");
    double factor = keys.factor("rope.scaling.factor", "rope.scale_linear");
    return switch (type) {
      case "none" -> new Scaling.None();
      case "linear", "longrope" -> factor == 1 ? new Scaling.None() : new Scaling.Linear(factor);
      case "yarn" -> {
        if (factor < 1) {
          throw keys.fault(keys.name("rope.scaling.factor") + " is " + factor + "; YaRN takes 1 or more");
        }
        yield new Scaling.Yarn(factor, originalContext(keys, context), attentionFactor(keys), BETA_FAST, BETA_SLOW);
      }
      default -> throw keys.fault(keys.name("rope.scaling.type") + " '" + type + "' is not served; served are none, linear, longrope and yarn");
    };
  }
}
