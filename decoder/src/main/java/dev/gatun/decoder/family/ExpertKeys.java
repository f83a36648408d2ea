package dev.gatun.decoder.family;

import dev.gatun.MoeRoute;
import dev.gatun.decoder.Dimensions;
import java.util.Optional;

/** Reads {@code <architecture>.expert_*}. */
final class ExpertKeys {
  private ExpertKeys() {}

  /**
   * The experts of a file; empty if it has none.
   *
   * @param width elements of an expert's unit, where the file does not say
   */
  static Optional<Dimensions.Experts> read(Keys keys, int width, int shared, int denseLayers) {
    int count = keys.optionalCount("expert_count");
    if (count == 0) {
      return Optional.empty();
    }
    int used = used(keys);
    if (used > count) {
      throw keys.fault(keys.name("expert_used_count") + " " + used + " is more than expert_count " + count);
    }
    int each = keys.uniformSize("expert_feed_forward_length").orElse(width);
    if (each == 0) {
      throw keys.missing("expert_feed_forward_length");
    }
    return Optional.of(new Dimensions.Experts(count, used, each, shared, denseLayers));
  }

  /** Experts of a token. */
  static int used(Keys keys) {
    return keys.uniformSize("expert_used_count").orElseThrow(() -> keys.missing("expert_used_count"));
  }

  /** As {@link #read}, of a family that has nothing else. */
  static Optional<Dimensions.Experts> required(Keys keys, int width, int shared, int denseLayers) {
    keys.size("expert_count");
    return read(keys, width, shared, denseLayers);
  }

  /** How experts are chosen; where a file divides them into groups, a group's score is the sum of its two best, as llama.cpp has it for all models. */
  static MoeRoute.Options routing(Keys keys, MoeRoute.Gating gating, boolean normalize) {
    return routing(keys, gating, normalize, 1);
  }

  /** @param scale on the weights */
  static MoeRoute.Options routing(Keys keys, MoeRoute.Gating gating, boolean normalize, float scale) {
    int groups = Math.max(1, keys.optionalCount("expert_group_count"));
    int chosen = groups == 1 ? 1 : keys.size("expert_group_used_count");
    int count = keys.optionalCount("expert_count");
    int used = count == 0 ? 0 : used(keys);
    if (count % groups != 0 || chosen > groups || used > count / groups * chosen) {
      throw keys.fault("expert_used_count " + used + " of " + count + " experts cannot be chosen from "
          + keys.name("expert_group_used_count") + " " + chosen + " of " + groups + " groups");
    }
    return new MoeRoute.Options(gating, groups, chosen, MoeRoute.GroupScore.TOP_TWO, normalize, scale);
  }
}
