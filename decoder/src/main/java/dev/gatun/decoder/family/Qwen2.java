package dev.gatun.decoder.family;

import dev.gatun.Rotation.Pairs;
import dev.gatun.decoder.Dimensions;
import dev.gatun.decoder.family.GatedUnit.Activation;
import java.util.List;
import java.util.Optional;

/** Qwen 1.5, 2, 2.5: q, k and v have biases, in some files the logits too. */
final class Qwen2 implements Family {
  private static final List<String> BIASES = List.of("attn_q.bias", "attn_k.bias", "attn_v.bias");

  @Override
  public String architecture() {
    return "qwen2";
  }

  @Override
  public Blueprint read(Keys keys) {
    Dimensions sizes = new SizeReader(keys).rotating(Pairs.HALF_SPLIT).read();
    return Blueprint.of(keys, sizes, at -> Block.normedBefore(at, attention(at), GatedUnit.load(at, Activation.SILU))).withOutputBias();
  }

  /** That of the family's mixtures of experts too. */
  static Part attention(BlockWeights at) {
    // Some models of the family were trained without: then no block has any.
    if (!at.has("attn_qkv.bias") && at.weights().anyBlockHas(BIASES)) {
      BIASES.forEach(at::demand);
    }
    return GroupedAttention.load(at, Optional.empty(), at.rotary(), GroupedAttention.causal(at.sizes(), 0));
  }
}
