package dev.gatun.decoder.family;

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
    keys.refuseExperts();
    Dimensions sizes = sizes(keys, Optional.empty());
    return Blueprint.of(keys, sizes, at -> Block.normedBefore(at, attention(at), GatedUnit.load(at, Activation.SILU))).with(scales(keys));
  }

  static Dimensions sizes(Keys keys, Optional<Dimensions.Experts> experts) {
    SizeReader reader = new SizeReader(keys).experts(experts);
    return (keys.flag("rope.scaling.finetuned", true) ? reader.rotating(Pairs.INTERLEAVED) : reader).read();
  }

  static Scales scales(Keys keys) {
    keys.requiredReal("logit_scale");
    return new Scales(keys.scale("embedding_scale", 1), keys.scale("residual_scale", 1), (float) (1 / keys.divisor("logit_scale", 1)), 0);
  }

  static Part attention(BlockWeights at) {
    return GroupedAttention.load(at, Optional.empty(), at.rotary(), GroupedAttention.causal(at.sizes(), 0));
  }
}
