package dev.gatun.decoder.family;

import dev.gatun.Rotation.Pairs;
import dev.gatun.decoder.Dimensions;
import dev.gatun.decoder.family.GatedUnit.Activation;

/** Qwen 3: each head of queries and keys is normed. */
final class Qwen3 implements Family {
  @Override
  public String architecture() {
    return "qwen3";
  }

  @Override
  public Blueprint read(Keys keys) {
    Dimensions sizes = new SizeReader(keys).rotating(Pairs.HALF_SPLIT).read();
    return Blueprint.of(keys, sizes, at -> Block.normedBefore(at, attention(at), GatedUnit.load(at, Activation.SILU)));
  }

  /** That of the family's mixtures of experts too. */
  static Part attention(BlockWeights at) {
    return GroupedAttention.load(at, HeadNorms.ofEach(at), at.rotary(), GroupedAttention.causal(at.sizes(), 0));
  }
}
