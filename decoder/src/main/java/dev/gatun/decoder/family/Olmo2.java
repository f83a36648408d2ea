package dev.gatun.decoder.family;

import dev.gatun.Rotation;
import dev.gatun.Rotation.Pairs;
import dev.gatun.Rotation.Scaling;
import dev.gatun.decoder.Dimensions;
import dev.gatun.decoder.family.GatedUnit.Activation;
import java.util.Optional;
import java.util.function.IntPredicate;

/** OLMo 2 and 3: norms after the parts alone, and over all heads of queries and of keys; in OLMo 3 three layers of four see a window, and do not stretch. */
final class Olmo2 implements Family {
  @Override
  public String architecture() {
    return "olmo2";
  }

  @Override
  public Blueprint read(Keys keys) {
    int window = keys.optionalCount("attention.sliding_window");
    Dimensions sizes = new SizeReader(keys).rotating(Pairs.HALF_SPLIT).window(window).read();
    IntPredicate windowed = window == 0 ? layer -> false : LayerPattern.windowed(keys, 4);
    Rotation rotation = sizes.rotation().orElseThrow();
    Rotation local = new Rotation(rotation.pairs(), rotation.dims(), rotation.base(), new Scaling.None(), 1);
    return Blueprint.of(keys, sizes, at -> {
      boolean near = windowed.test(at.index());
      return Block.normedAfter(at, GroupedAttention.load(at, HeadNorms.ofAll(at), Optional.of(at.rotary(near ? local : rotation)),
          GroupedAttention.causal(sizes, near ? window : 0)), GatedUnit.load(at, Activation.SILU));
    });
  }
}
