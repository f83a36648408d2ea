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
 *       of the layers and every third one between, as llama.cpp's {@code src/llama-quant.cpp} chooses for Q4_K_M; rows that are no multiple of
 *       256 are Q5_0 for Q4_K and Q8_0 for Q6_K;
 *   <li>{@code q5_k_m}: the same with Q5_K for Q4_K.
 * </ul>
 *
 * @param label the name on the command line
 * @param matrices the type of most matrices
 * @param output the type of the output projection
 * @param sensitive the type of {@code attn_v} and {@code ffn_down} in the layers that get more bits
 */
public record WeightMix(String label, DType matrices, DType output, DType sensitive) {
  private static final WeightMix Q4_K_M = new WeightMix("q4_k_m", DType.Q4_K, DType.Q6_K, DType.Q6_K);
  private static final WeightMix Q5_K_M = new WeightMix("q5_k_m", DType.Q5_K, DType.Q6_K, DType.Q6_K);
  private static final List<WeightMix> NAMED = List.of(Q4_K_M, Q5_K_M);

  /** One type for all matrices. */
  public static WeightMix of(DType type) {
    return new WeightMix(type.label(), type, type, type);
  }

  /** The mix with this label, whatever its case; types that no seeded weights are made in have one too. */
  public static Optional<WeightMix> of(String label) {
    Optional<WeightMix> named = NAMED.stream().filter(mix -> mix.label.equalsIgnoreCase(label)).findFirst();
    if (named.isPresent()) {
      return named;
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

  /** The type of rows of {@code columns} elements for which the mix has {@code wanted}: another one if they don't fit and the mix is a quantizer's. */
  DType fitted(DType wanted, long columns) {
    return NAMED.contains(this) ? fitting(wanted, columns) : wanted;
  }

  /** What llama.cpp's {@code tensor_type_fallback} ({@code src/llama-quant.cpp}) gives rows that are no multiple of a type's block. */
  static DType fitting(DType wanted, long columns) {
    if (columns % wanted.blockSize() == 0) {
      return wanted;
    }
    DType smaller = switch (wanted) {
      case Q2_K, Q3_K -> DType.Q4_0;
      case Q4_K -> DType.Q5_0;
      case Q5_K -> DType.Q5_1;
      case Q6_K -> DType.Q8_0;
      default -> DType.F16;
    };
    return columns % smaller.blockSize() == 0 ? smaller : DType.F16;
  }

  /** Every type of the mix, once. */
  List<DType> types() {
    return Stream.of(matrices, output, sensitive).distinct().toList();
  }

  /** The number of llama.cpp's {@code llama_ftype} that files of this mix carry as {@code general.file_type}. */
  int fileType() {
    return switch (matrices) {
      case F32 -> 0;
      case F16 -> 1;
      case Q4_0 -> 2;
      case Q4_1 -> 3;
      case Q8_0 -> 7;
      case Q5_0 -> 8;
      case Q5_1 -> 9;
      case Q2_K -> 10;
      case Q3_K -> 11;
      case Q4_K -> sensitive == DType.Q4_K ? 14 : 15;
      case Q5_K -> sensitive == DType.Q5_K ? 16 : 17;
      case Q6_K -> 18;
      case IQ4_NL -> 25;
      case BF16 -> 32;
      case IQ4_XS -> 30;
      case TQ1_0 -> 36;
      case TQ2_0 -> 37;
      case MXFP4 -> 38;
      case I8, I32, F8_E4M3, F8_E5M2 -> throw new IllegalArgumentException("no model is of type " + matrices);
    };
  }
}
