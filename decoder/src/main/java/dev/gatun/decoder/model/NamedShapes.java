package dev.gatun.decoder.model;

import dev.gatun.decoder.model.ModelShape.Experts;
import dev.gatun.decoder.model.ModelShape.Key;
import dev.gatun.decoder.model.ModelShape.Latent;
import java.util.List;
import java.util.Optional;

/** The shapes that have a name, from the {@code config.json} that each model is published with. */
final class NamedShapes {
  static final List<ModelShape> ALL = List.of(
      dense(ModelShape.DEFAULT_NAME, "llama", 16, 2048, 8192, 32, 8, 64, 128256, 131072, 500000, 1e-5, true,
          Optional.of(new Llama3RopeScaling(32, 1, 4, 8192))),
      dense("llama-3-8b", "llama", 32, 4096, 14336, 32, 8, 128, 128256, 8192, 500000, 1e-5, false),
      dense("llama-2-7b", "llama", 32, 4096, 11008, 32, 32, 128, 32000, 4096, 10000, 1e-5, false),
      dense("tinyllama-1.1b", "llama", 22, 2048, 5632, 32, 4, 64, 32000, 2048, 10000, 1e-5, false),
      dense("smollm2-135m", "llama", 30, 576, 1536, 9, 3, 64, 49152, 8192, 100000, 1e-5, true),
      dense("qwen2.5-0.5b", "qwen2", 24, 896, 4864, 14, 2, 64, 151936, 32768, 1e6, 1e-6, true),
      dense("qwen3-0.6b", "qwen3", 28, 1024, 3072, 16, 8, 128, 151936, 40960, 1e6, 1e-6, true),
      dense("qwen3-4b", "qwen3", 36, 2560, 9728, 32, 8, 128, 151936, 40960, 1e6, 1e-6, true),
      maximalUpdate(dense("minicpm-2b", "minicpm", 40, 2304, 5760, 36, 36, 64, 122753, 4096, 10000, 1e-5, true)),
      maximalUpdate(dense("minicpm4-0.5b", "minicpm", 24, 1024, 4096, 16, 2, 64, 73448, 32768, 10000, 1e-6, true)),
      maximalUpdate(dense("minicpm4-8b", "minicpm", 32, 4096, 16384, 32, 2, 128, 73448, 32768, 10000, 1e-6, false)),
      dense("minicpm3-4b", "minicpm3", 62, 2560, 6400, 40, 40, 96, 73448, 32768, 10000, 1e-5, true).with(new Latent(768, 256, 32, 64)),
      dense("gemma-2-2b", "gemma2", 26, 2304, 9216, 8, 4, 256, 256000, 8192, 10000, 1e-6, true).with(List.of(Key.size("attention.sliding_window", 4096),
          Key.real("attn_logit_softcapping", 50), Key.real("final_logit_softcapping", 30))),
      dense("gemma-3-1b", "gemma3", 26, 1152, 6912, 4, 1, 256, 262144, 32768, 1e6, 1e-6, true).with(List.of(Key.size("attention.sliding_window", 512))),
      dense("phi-3.5-mini", "phi3", 32, 3072, 8192, 32, 32, 96, 32064, 131072, 10000, 1e-5, false),
      dense("granite-3.1-2b", "granite", 40, 2048, 8192, 32, 8, 64, 49155, 131072, 5e6, 1e-5, true).with(List.of(Key.real("attention.scale", 0.015625),
          Key.real("embedding_scale", 12), Key.real("residual_scale", 0.22), Key.real("logit_scale", 8))),
      dense("olmo-2-1b", "olmo2", 16, 2048, 8192, 16, 16, 128, 100352, 4096, 500000, 1e-6, false),
      dense("smollm3-3b", "smollm3", 36, 2048, 11008, 16, 4, 128, 128256, 65536, 5e6, 1e-6, true),
      dense("qwen1.5-moe-a2.7b", "qwen2moe", 24, 2048, 5632, 16, 16, 128, 151936, 8192, 1e6, 1e-6, false).with(new Experts(60, 4, 1408, 5632, 0)),
      dense("qwen3-30b-a3b", "qwen3moe", 48, 2048, 6144, 32, 4, 128, 151936, 40960, 1e6, 1e-6, false).with(new Experts(128, 8, 768, 0, 0)),
      dense("mixtral-8x7b", "llama", 32, 4096, 14336, 32, 8, 128, 32000, 32768, 1e6, 1e-5, false).with(new Experts(8, 2, 14336, 0, 0)),
      dense("deepseek-v2-lite", "deepseek2", 27, 2048, 10944, 16, 1, 192, 102400, 163840, 10000, 1e-6, false).with(new Experts(64, 6, 1408, 2 * 1408, 1))
          .with(new Latent(0, 512, 64, 128)).with(deepSeek2(2)),
      dense("test", "llama", 2, 64, 160, 4, 2, 16, 512, 256, 10000, 1e-5, false),
      dense("test-experts", "deepseek2", 2, 64, 160, 4, 1, 48, 512, 256, 10000, 1e-6, false).with(new Experts(8, 2, 32, 32, 1))
          .with(new Latent(0, 64, 16, 32)).with(deepSeek2(1)));

  private NamedShapes() {}

  private static ModelShape dense(String name, String family, int layers, int embedding, int feedForward, int heads, int kvHeads, int headSize, int vocab,
      int context, double ropeBase, double normEpsilon, boolean tied) {
    return dense(name, family, layers, embedding, feedForward, heads, kvHeads, headSize, vocab, context, ropeBase, normEpsilon, tied, Optional.empty());
  }

  private static ModelShape dense(String name, String family, int layers, int embedding, int feedForward, int heads, int kvHeads, int headSize, int vocab,
      int context, double ropeBase, double normEpsilon, boolean tied, Optional<Llama3RopeScaling> scaling) {
    return new ModelShape(name, family, layers, embedding, feedForward, heads, kvHeads, headSize, vocab, context, ropeBase, normEpsilon, tied, scaling);
  }

  /** The scales of MiniCPM (arXiv 2404.06395), whose base has a width of 256. */
  private static ModelShape maximalUpdate(ModelShape shape) {
    return shape.with(List.of(Key.real("embedding_scale", 12), Key.real("residual_scale", 1.4 / Math.sqrt(shape.layers())),
        Key.real("logit_scale", shape.embedding() / 256.0)));
  }

  /** Choosing by softmax, YaRN from 4096 positions to 40 times as many. */
  private static List<Key> deepSeek2(int shared) {
    return List.of(Key.size("expert_shared_count", shared), Key.size("expert_gating_func", 1), Key.flag("expert_weights_norm", false),
        Key.real("expert_weights_scale", 1), Key.text("rope.scaling.type", "yarn"), Key.real("rope.scaling.factor", 40),
        Key.size("rope.scaling.original_context_length", 4096), Key.real("rope.scaling.yarn_log_multiplier", 0.0707));
  }
}
