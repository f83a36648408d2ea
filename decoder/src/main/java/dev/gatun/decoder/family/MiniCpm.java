package dev.gatun.decoder.family;

import dev.gatun.MoeRoute;
import dev.gatun.MoeRoute.Gating;
import dev.gatun.Rotation.Pairs;
import dev.gatun.decoder.Dimensions;
import dev.gatun.decoder.family.GatedUnit.Activation;
import java.util.Optional;

/** MiniCPM 1 and 2: Llama with the scales of muP (arXiv 2404.06395). */
final class MiniCpm implements Family {
  @Override
  public String architecture() {
    return "minicpm";
  }

  @Override
  public Blueprint read(Keys keys) {
    Dimensions sizes = new SizeReader(keys).experts(ExpertKeys.read(keys, keys.uniformSize("feed_forward_length").orElse(0), 0, 0))
        .rotating(Pairs.INTERLEAVED).read();
    MoeRoute.Options routing = ExpertKeys.routing(keys, Gating.SOFTMAX, true);
    float embedding = keys.scale("embedding_scale", 12);
    float residual = keys.scale("residual_scale", 1.4 / Math.sqrt(sizes.layers()));
    // Logits are divided by it. Of files without the key, llama.cpp takes the inverse of what their authors do: the order of tokens stays.
    double logits = keys.divisor("logit_scale", 256.0 / sizes.embedding());
    return Blueprint.of(keys, sizes, at -> Block.normedBefore(at,
            GroupedAttention.load(at, Optional.empty(), at.rotary(), GroupedAttention.causal(sizes, 0)),
            sizes.experts().isPresent() ? ExpertUnit.load(at, routing) : GatedUnit.load(at, Activation.SILU)))
        .with(new Scales(embedding, residual, (float) (1 / logits), 0));
  }
}
