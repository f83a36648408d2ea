package dev.gatun.decoder.family;

import dev.gatun.Attention;
import dev.gatun.Rotation;
import dev.gatun.Rotation.Pairs;
import dev.gatun.Rotation.Scaling;
import dev.gatun.decoder.Dimensions;
import dev.gatun.decoder.family.GatedUnit.Activation;
import java.util.Optional;
import java.util.function.IntPredicate;

/**
 * Gemma 3: five layers of six see a window and rotate by frequencies of their own, heads of queries and keys are normed, parts are normed before and after
 * (arXiv 2503.19786).
 */
final class Gemma3 implements Family {
  private static final int LAYERS_OF_27B = 62;

  @Override
  public String architecture() {
    return "gemma3";
  }

  @Override
  public Blueprint read(Keys keys) {
    int window = keys.optionalCount("attention.sliding_window");
    double scale = Gemma2.scale(keys, LAYERS_OF_27B);
    Dimensions sizes = new SizeReader(keys).rotating(Pairs.HALF_SPLIT).attentionScale(scale).window(window).read();
    IntPredicate windowed = window == 0 ? layer -> false : LayerPattern.windowed(keys, 6);
    Rotation rotation = sizes.rotation().orElseThrow();
    Rotation local = new Rotation(rotation.pairs(), rotation.dims(), keys.positive("rope.freq_base_swa", 10000), new Scaling.None(),
        RopeScaling.attentionFactor(keys));
    return Blueprint.of(keys, sizes, at -> {
      boolean near = windowed.test(at.index());
      Attention.Options options = GroupedAttention.causal(sizes, near ? window : 0);
      return Block.normedAround(at, GroupedAttention.load(at, HeadNorms.ofEach(at), Optional.of(at.rotary(near ? local : rotation)), options),
          GatedUnit.load(at, Activation.GELU));
    }).with(Scales.ofEmbedding(Math.sqrt(sizes.embedding())).withSoftcap(keys.cap("final_logit_softcapping", 0)));
  }
}
