package dev.gatun.decoder.family;

import dev.gatun.Rotation.Pairs;
import dev.gatun.decoder.Dimensions;
import dev.gatun.decoder.family.GatedUnit.Activation;
import java.util.Optional;

/** Phi 3, 3.5 and 4: q, k and v in one matrix, gate and up in another, LongRoPE. */
final class Phi3 implements Family {
  @Override
  public String architecture() {
    return "phi3";
  }

  @Override
  public Blueprint read(Keys keys) {
    // llama.cpp applies no attention.sliding_window here: files have had wrong ones.
    Dimensions sizes = new SizeReader(keys).rotating(Pairs.HALF_SPLIT).read();
    return Blueprint.of(keys, sizes, at -> Block.normedBefore(at,
        GroupedAttention.load(at, Optional.empty(), at.rotary(), GroupedAttention.causal(sizes, 0)),
        GatedUnit.loadFused(at, Activation.SILU)));
  }
}
