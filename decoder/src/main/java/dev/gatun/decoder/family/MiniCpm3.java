package dev.gatun.decoder.family;

import dev.gatun.Rotation.Pairs;
import dev.gatun.decoder.Dimensions;
import dev.gatun.decoder.family.GatedUnit.Activation;

/** MiniCPM 3: multi-head latent attention, LongRoPE, the scales of muP, which its files do not hold. */
final class MiniCpm3 implements Family {
  private static final double EMBEDDING_SCALE = 12;
  private static final double DEPTH_SCALE = 1.4;
  private static final double BASE_WIDTH = 256;

  @Override
  public String architecture() {
    return "minicpm3";
  }

  @Override
  public Blueprint read(Keys keys) {
    Dimensions sizes = new SizeReader(keys).latent(keys.size("attention.q_lora_rank"), keys.size("attention.kv_lora_rank")).rotating(Pairs.HALF_SPLIT).read();
    return Blueprint.of(keys, sizes, at -> Block.normedBefore(at, LatentAttention.load(at), GatedUnit.load(at, Activation.SILU)))
        .with(new Scales((float) EMBEDDING_SCALE, (float) (DEPTH_SCALE / Math.sqrt(sizes.layers())), (float) (BASE_WIDTH / sizes.embedding()), 0));
  }
}
