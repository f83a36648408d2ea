package dev.gatun.decoder.family;

import dev.gatun.MoeRoute;
import dev.gatun.MoeRoute.Gating;
import dev.gatun.decoder.Dimensions;
import dev.gatun.decoder.family.GatedUnit.Activation;
import java.util.Optional;

/** Granite 3 MoE: Granite with experts, in some files beside a unit that all tokens take. */
final class GraniteMoe implements Family {
  @Override
  public String architecture() {
    return "granitemoe";
  }

  @Override
  public Blueprint read(Keys keys) {
    int shared = keys.optionalCount("expert_shared_feed_forward_length");
    Dimensions sizes = Granite.sizes(keys, ExpertKeys.required(keys, keys.uniformSize("feed_forward_length").orElse(0), shared, 0));
    MoeRoute.Options routing = ExpertKeys.routing(keys, Gating.SOFTMAX, true);
    return Blueprint.of(keys, sizes, at -> Block.normedBefore(at, Granite.attention(at), ExpertUnit.load(at, routing, shared(at, shared))))
        .with(Granite.scales(keys));
  }

  private static Optional<Part> shared(BlockWeights at, int width) {
    return width == 0 ? Optional.empty() : Optional.of(GatedUnit.load(at, Activation.SILU, "_shexp", width));
  }
}
