package dev.gatun.decoder;

import dev.gatun.Rotation.Scaling;

/**
 * Reads {@code <architecture>.rope.scaling.*} as llama.cpp does: without a type a factor is linear, type {@code none} never scales, and a factor of 0 is
 * none. Llama 3's scaling comes as the tensor
 * {@code rope_freqs.weight} instead.
 */
final class RopeScaling {
  private RopeScaling() {}

  static Scaling read(Keys keys, int context) {
    String type = keys.string("rope.scaling.type").orElse("linear");
    double factor = keys.factor("rope.scaling.factor", "rope.scale_linear");
    int original = keys.optionalSize("rope.scaling.original_context_length").orElse(context);
    return switch (type) {
      case "none" -> new Scaling.None();
      case "linear" -> factor == 1 ? new Scaling.None() : new Scaling.Linear(factor);
      case "yarn" -> {
        if (factor < 1) {
          throw keys.fault(keys.name("rope.scaling.factor") + " is " + factor + "; YaRN takes 1 or more");
        }
        yield new Scaling.Yarn(factor, original, keys.positive("rope.scaling.attn_factor", 1),
            keys.positive("rope.scaling.yarn_beta_fast", 32), keys.positive("rope.scaling.yarn_beta_slow", 1));
      }
      default -> throw keys.fault(keys.name("rope.scaling.type") + " '" + type + "' is not served; served are none, linear and yarn");
    };
  }
}
