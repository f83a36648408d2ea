package dev.gatun.decoder.family;

import dev.gatun.MoeRoute;
import dev.gatun.MoeRoute.Gating;
import dev.gatun.Rotation.Pairs;
import dev.gatun.decoder.Dimensions;

/** Qwen 3 30B-A3B and 235B-A22B: Qwen 3 with experts. */
final class Qwen3Moe implements Family {
  @Override
  public String architecture() {
    return "qwen3moe";
  }

  @Override
  public Blueprint read(Keys keys) {
    int width = keys.uniformSize("feed_forward_length").orElse(0) / ExpertKeys.used(keys);
    Dimensions sizes = new SizeReader(keys).experts(ExpertKeys.required(keys, width, 0, 0)).rotating(Pairs.HALF_SPLIT).read();
    MoeRoute.Options routing = ExpertKeys.routing(keys, Gating.SOFTMAX, true);
    return Blueprint.of(keys, sizes, at -> Block.normedBefore(at, Qwen3.attention(at), ExpertUnit.load(at, routing)));
  }
}
