package dev.gatun.decoder.family;

import dev.gatun.MoeRoute;
import dev.gatun.MoeRoute.Gating;
import dev.gatun.Rotation.Pairs;
import dev.gatun.decoder.Dimensions;
import dev.gatun.decoder.family.GatedUnit.Activation;
import java.util.Optional;

/** Granite 3: Llama with scales on the embedding, the residual stream, attention and logits. A file may switch the rotation off. */
final class Granite implements Family {
  @Override
  public String architecture() {
    return "granite";
  }

  @Override
  public Blueprint read(Keys keys) {
    return keys.optionalCount("expert_count") == 0 ? dense(keys) : mixture(keys, keys.flag("rope.scaling.finetuned", true));
  }

  private static Blueprint dense(Keys keys) {
    Dimensions sizes = sizes(keys, Optional.empty(), keys.flag("rope.scaling.finetuned", true));
    return Blueprint.of(keys, sizes, at -> Block.normedBefore(at, attention(at), GatedUnit.load(at, Activation.SILU))).with(scales(keys));
  }

  /** With experts, in some files beside a unit that all tokens take. */
  static Blueprint mixture(Keys keys, boolean rotating) {
    int shared = keys.optionalCount("expert_shared_feed_forward_length");
    Dimensions sizes = sizes(keys, ExpertKeys.required(keys, keys.uniformSize("feed_forward_length").orElse(0), shared, 0), rotating);
    MoeRoute.Options routing = ExpertKeys.routing(keys, Gating.SOFTMAX, true);
    return Blueprint.of(keys, sizes, at -> Block.normedBefore(at, attention(at), ExpertUnit.load(at, routing, shared(at, shared)))).with(scales(keys));
  }

  private static Optional<Part> shared(BlockWeights at, int width) {
    return width == 0 ? Optional.empty() : Optional.of(GatedUnit.load(at, Activation.SILU, "_shexp", width));
  }

  private static Dimensions sizes(Keys keys, Optional<Dimensions.Experts> experts, boolean rotating) {
    SizeReader reader = new SizeReader(keys).experts(experts);
    double scale = keys.real("attention.scale", 0);
    reader = scale == 0 ? reader : reader.attentionScale(scale);
    return (rotating ? reader.rotating(Pairs.INTERLEAVED) : reader).read();
  }

  private static Scales scales(Keys keys) {
    keys.requiredReal("logit_scale");
    return new Scales(keys.scale("embedding_scale", 1), keys.scale("residual_scale", 1), (float) (1 / keys.divisor("logit_scale", 1)), 0);
  }

  private static Part attention(BlockWeights at) {
    return GroupedAttention.load(at, Optional.empty(), at.rotary(), GroupedAttention.causal(at.sizes(), 0));
  }
}
