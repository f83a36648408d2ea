package dev.gatun.decoder.family;

import dev.gatun.MoeRoute;
import dev.gatun.MoeRoute.Gating;
import dev.gatun.Rotation.Pairs;
import dev.gatun.decoder.Dimensions;
import java.util.Optional;

/** Qwen 1.5 MoE and Qwen 2 57B-A14B: Qwen 2 whose experts stand beside one that all tokens take by their own weight. */
final class Qwen2Moe implements Family {
  @Override
  public String architecture() {
    return "qwen2moe";
  }

  @Override
  public Blueprint read(Keys keys) {
    int width = keys.uniformSize("feed_forward_length").orElse(0);
    int shared = keys.optionalSize("expert_shared_feed_forward_length").orElse(width);
    int each = width / ExpertKeys.used(keys);
    Dimensions sizes = new SizeReader(keys).experts(ExpertKeys.required(keys, each, shared, 0)).rotating(Pairs.HALF_SPLIT).read();
    MoeRoute.Options routing = ExpertKeys.routing(keys, Gating.SOFTMAX, false);
    return Blueprint.of(keys, sizes, at -> Block.normedBefore(at, Qwen2.attention(at),
        ExpertUnit.load(at, routing, Optional.of(SharedExpert.load(at, shared)))));
  }
}
