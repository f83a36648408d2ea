package dev.gatun.decoder.family;

import dev.gatun.Attention;
import dev.gatun.Rotation;
import dev.gatun.Rotation.Pairs;
import dev.gatun.decoder.Dimensions;
import dev.gatun.decoder.family.GatedUnit.Activation;
import java.util.Optional;
import java.util.function.IntPredicate;

/** Gemma 2: every other layer sees a window, scores and logits are capped, parts are normed before and after (arXiv 2408.00118). */
final class Gemma2 implements Family {
  private static final int LAYERS_OF_27B = 46;

  @Override
  public String architecture() {
    return "gemma2";
  }

  @Override
  public Blueprint read(Keys keys) {
    int window = keys.optionalSize("attention.sliding_window").orElse(4096);
    Dimensions sizes = new SizeReader(keys).rotating(Pairs.HALF_SPLIT).attentionScale(scale(keys, LAYERS_OF_27B)).window(window).read();
    IntPredicate windowed = LayerPattern.windowed(keys, 2);
    Rotation rotation = sizes.rotation().orElseThrow();
    Rotation local = new Rotation(rotation.pairs(), rotation.dims(), keys.positive("rope.freq_base_swa", rotation.base()), rotation.scaling(),
        rotation.magnitude());
    float cap = keys.cap("attn_logit_softcapping", 50);
    return Blueprint.of(keys, sizes, at -> {
      boolean near = windowed.test(at.index());
      Attention.Options options = new Attention.Options(sizes.attentionScale(), true, near ? window : 0, cap);
      return Block.normedAround(at, GroupedAttention.load(at, Optional.empty(), Optional.of(at.rotary(near ? local : rotation)), options),
          GatedUnit.load(at, Activation.GELU));
    }).with(Scales.ofEmbedding(Math.sqrt(sizes.embedding())).withSoftcap(keys.cap("final_logit_softcapping", 30)));
  }

  /** One over the root of the size of a head, but that of the model of 27 billion parameters, which is known by its layers: there of the embedding over the heads. */
  static double scale(Keys keys, int layersOf27B) {
    int size = keys.size("block_count") == layersOf27B ? keys.size("embedding_length") / keys.uniformSize("attention.head_count").orElse(1)
        : SizeReader.keySize(keys);
    return 1 / Math.sqrt(size);
  }
}
