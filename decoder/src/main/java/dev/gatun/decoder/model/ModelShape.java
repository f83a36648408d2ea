package dev.gatun.decoder.model;

import java.util.List;
import java.util.Optional;

/**
 * The sizes of a decoder model, as its authors publish them in the model's configuration file.
 *
 * @param name the name on the command line
 * @param family the architecture as GGUF names it: {@code llama}, {@code qwen2} (biases on q, k and v) or {@code qwen3} (norms on q and k)
 * @param layers how many blocks
 * @param embedding width of the residual stream
 * @param feedForward width inside the feed-forward part
 * @param heads query heads
 * @param kvHeads key and value heads
 * @param headSize elements per head
 * @param vocab tokens in the vocabulary
 * @param context positions the model was trained for
 * @param ropeBase base of the rotary frequencies
 * @param normEpsilon what the RMS norms add to the mean square
 * @param tied whether the output projection is the token embedding
 * @param ropeScaling how rotary frequencies are stretched, where they are
 */
public record ModelShape(String name, String family, int layers, int embedding, int feedForward, int heads, int kvHeads, int headSize,
    int vocab, int context, double ropeBase, double normEpsilon, boolean tied, Optional<Llama3RopeScaling> ropeScaling) {
  /** The shape that {@code bench} takes when none is named. */
  public static final String DEFAULT_NAME = "llama-3.2-1b";

  private static final List<ModelShape> ALL = List.of(
      new ModelShape(DEFAULT_NAME, "llama", 16, 2048, 8192, 32, 8, 64, 128256, 131072, 500000, 1e-5, true,
          Optional.of(new Llama3RopeScaling(32, 1, 4, 8192))),
      new ModelShape("llama-3-8b", "llama", 32, 4096, 14336, 32, 8, 128, 128256, 8192, 500000, 1e-5, false, Optional.empty()),
      new ModelShape("llama-2-7b", "llama", 32, 4096, 11008, 32, 32, 128, 32000, 4096, 10000, 1e-5, false, Optional.empty()),
      new ModelShape("tinyllama-1.1b", "llama", 22, 2048, 5632, 32, 4, 64, 32000, 2048, 10000, 1e-5, false, Optional.empty()),
      new ModelShape("smollm2-135m", "llama", 30, 576, 1536, 9, 3, 64, 49152, 8192, 100000, 1e-5, true, Optional.empty()),
      new ModelShape("qwen2.5-0.5b", "qwen2", 24, 896, 4864, 14, 2, 64, 151936, 32768, 1e6, 1e-6, true, Optional.empty()),
      new ModelShape("qwen3-0.6b", "qwen3", 28, 1024, 3072, 16, 8, 128, 151936, 40960, 1e6, 1e-6, true, Optional.empty()),
      new ModelShape("qwen3-4b", "qwen3", 36, 2560, 9728, 32, 8, 128, 151936, 40960, 1e6, 1e-6, true, Optional.empty()),
      new ModelShape("minicpm-2b", "llama", 40, 2304, 5760, 36, 36, 64, 122753, 4096, 10000, 1e-5, true, Optional.empty()),
      new ModelShape("test", "llama", 2, 64, 160, 4, 2, 16, 512, 256, 10000, 1e-5, false, Optional.empty()));

  /** Every named shape. */
  public static List<ModelShape> all() {
    return ALL;
  }

  /** The shape with this name. */
  public static Optional<ModelShape> of(String name) {
    return ALL.stream().filter(shape -> shape.name.equals(name)).findFirst();
  }

  /** How many weights the model has, as its authors count them: matrices, norms and biases. */
  public long parameters() {
    long queries = (long) heads * headSize;
    long keys = (long) kvHeads * headSize;
    long attention = 2 * queries * embedding + 2 * keys * embedding;
    long block = attention + 3L * embedding * feedForward + 2L * embedding;
    block += switch (family) {
      case "qwen2" -> queries + 2 * keys;
      case "qwen3" -> 2L * headSize;
      default -> 0;
    };
    return layers * block + embedding + (tied ? 1L : 2L) * vocab * embedding;
  }
}
