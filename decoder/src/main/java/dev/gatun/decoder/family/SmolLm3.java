package dev.gatun.decoder.family;

import dev.gatun.Rotation.Pairs;
import dev.gatun.decoder.Dimensions;
import dev.gatun.decoder.family.GatedUnit.Activation;
import java.util.Optional;

/** SmolLM 3: Llama whose every fourth layer does not rotate. */
final class SmolLm3 implements Family {
  private static final int PERIOD = 4;

  @Override
  public String architecture() {
    return "smollm3";
  }

  @Override
  public Blueprint read(Keys keys) {
    Dimensions sizes = new SizeReader(keys).rotating(Pairs.INTERLEAVED).read();
    return Blueprint.of(keys, sizes, at -> Block.normedBefore(at,
        GroupedAttention.load(at, Optional.empty(), (at.index() + 1) % PERIOD == 0 ? Optional.empty() : at.rotary(), GroupedAttention.causal(sizes, 0)),
        GatedUnit.load(at, Activation.SILU)));
  }
}
