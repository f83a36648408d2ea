package dev.gatun.decoder.model;

import dev.gatun.DType;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Which type each matrix of a model has: one type for all, or more bits where quantizers spend them.
 *
 * <ul>
 *   <li>{@code q4_0}: every matrix is Q4_0;
 *   <li>{@code q4_0+q6_k}: every matrix is Q4_0 but the output projection, which is Q6_K, the embedding too where it is the same
 *       matrix. That is what llama.cpp's quantizer writes when it is asked for Q4_0;
 *   <li>{@code q4_k_m}: Q4_K, the output projection Q6_K, and so are {@code attn_v} and {@code ffn_down} of the first and last eighth
 *       of the layers and every third one between, as llama.cpp's {@code src/llama-quant.cpp} chooses for Q4_K_M.
 * </ul>
 *
 * @param label the name on the command line
 * @param matrices the type of most matrices
 * @param output the type of the output projection
 * @param sensitive the type of {@code attn_v} and {@code ffn_down} in the layers that get more bits
 */
public record WeightMix(String label, DType matrices, DType output, DType sensitive) {
  private static final WeightMix Q4_K_M = new WeightMix("q4_k_m", DType.Q4_K, DType.Q6_K, DType.Q6_K);

  /** One type for all matrices. */
  public static WeightMix of(DType type) {
    return new WeightMix(type.label(), type, type, type);
  }

  /** The mix with this label, whatever its case; types that no seeded weights are made in have one too. */
  public static Optional<WeightMix> of(String label) {
    if (label.equalsIgnoreCase(Q4_K_M.label)) {
      return Optional.of(Q4_K_M);
    }
    int plus = label.indexOf('+');
    Optional<DType> matrices = DType.of(plus < 0 ? label : label.substring(0, plus));
    Optional<DType> output = plus < 0 ? matrices : DType.of(label.substring(plus + 1));
    return matrices.flatMap(most -> output.map(last -> most == last ? of(most)
        : new WeightMix(most.label() + "+" + last.label(), most, last, most)));
  }

  /** The type of {@code attn_v} and {@code ffn_down} in one of {@code layers} layers. */
  DType sensitive(int layer, int layers) {
    int eighth = layers / 8;
    boolean more = layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2;
    return more ? sensitive : matrices;
  }

  /** Every type of the mix, once. */
  List<DType> types() {
    return Stream.of(matrices, output, sensitive).distinct().toList();
  }
}
