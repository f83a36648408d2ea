package dev.gatun.decoder.family;

import dev.gatun.MoeRoute;
import dev.gatun.MoeRoute.Gating;
import dev.gatun.Rotation.Pairs;
import dev.gatun.decoder.Dimensions;
import dev.gatun.decoder.family.GatedUnit.Activation;
import java.util.Optional;

/** Llama 1 to 3, Mistral, TinyLlama, SmolLM; with experts Mixtral. */
final class Llama implements Family {
  @Override
  public String architecture() {
    return "llama";
  }

  @Override
  public Blueprint read(Keys keys) {
    // llama.cpp reads no attention.sliding_window here and in Qwen 2, though converters of Mistral and Qwen 2 write it: same file, same tokens.
    Dimensions sizes = new SizeReader(keys).experts(ExpertKeys.read(keys, keys.uniformSize("feed_forward_length").orElse(0), 0, 0))
        .rotating(Pairs.INTERLEAVED).read();
    MoeRoute.Options routing = ExpertKeys.routing(keys, Gating.SOFTMAX, true);
    return Blueprint.of(keys, sizes, at -> Block.normedBefore(at,
        GroupedAttention.load(at, Optional.empty(), at.rotary(), GroupedAttention.causal(sizes, 0)),
        sizes.experts().isPresent() ? ExpertUnit.load(at, routing) : GatedUnit.load(at, Activation.SILU)));
  }
}
