package dev.gatun.decoder.family;

import dev.gatun.decoder.Dimensions;
import java.util.Optional;

/** GPT-2: learned positions, layer norms, biases, q, k and v in one matrix, a feed-forward unit without a gate. */
final class Gpt2 implements Family {
  @Override
  public String architecture() {
    return "gpt2";
  }

  @Override
  public Blueprint read(Keys keys) {
    Dimensions sizes = new SizeReader(keys).norms(Norm.Kind.LAYER).read();
    return Blueprint.of(keys, sizes, at -> Block.normedBefore(at,
        GroupedAttention.load(at, Optional.empty(), Optional.empty(), GroupedAttention.causal(sizes, 0)),
        PlainUnit.load(at))).withLayerNorms().withLearnedPositions();
  }
}
