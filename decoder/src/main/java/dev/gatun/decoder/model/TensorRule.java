package dev.gatun.decoder.model;

import dev.gatun.DType;
import dev.gatun.decoder.gguf.Gguf;
import dev.gatun.decoder.gguf.GgufEntry;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which type each tensor of a model gets. Rounded are matrices (and stacks of experts') whose name ends in {@code weight}; norms, expert gates and other
 * small or sensitive tensors stay as they are, as llama.cpp's {@code tensor_allows_quantization} has it. Where rows are no multiple of a type's block
 * the type is another, as in its {@code tensor_type_fallback}; both are in {@code src/llama-quant.cpp}.
 */
final class TensorRule {
  private static final Pattern LAYER = Pattern.compile("blk\\.(\\d{1,6})\\..*");
  private static final String OUTPUT = "output.weight";
  private static final String EMBEDDING = "token_embd.weight";

  /** Parts of the names of what stays as it is. */
  private static final List<String> KEPT = List.of("_norm.weight", "ffn_gate_inp.weight", "altup", "laurel", "per_layer_model_proj", "ssm_conv1d",
      "shortconv.conv.weight", "indexer.k_proj.weight", "indexer.q_proj.weight", "time_mix_first", "time_mix_w0", "time_mix_w1", "time_mix_w2",
      "time_mix_v0", "time_mix_v1", "time_mix_v2", "time_mix_a0", "time_mix_a1", "time_mix_a2", "time_mix_g1", "time_mix_g2", "time_mix_decay_w1",
      "time_mix_decay_w2", "time_mix_lerp_fused", "attn_rel_b.weight", "position_embd", "token_types");

  private final WeightMix mix;
  private final boolean tied;
  private final int layers;

  private TensorRule(WeightMix mix, boolean tied, int layers) {
    this.mix = mix;
    this.tied = tied;
    this.layers = layers;
  }

  static TensorRule of(Gguf source, WeightMix mix) {
    String family = source.metadata().string("general.architecture").orElse("");
    int layers = Math.clamp(source.metadata().integer(family + ".block_count").orElse(0), 0, Integer.MAX_VALUE / 8);
    return new TensorRule(mix, source.entries().stream().noneMatch(entry -> entry.name().equals(OUTPUT)), layers);
  }

  /** @throws dev.gatun.decoder.gguf.GgufException naming {@code source} if the tensor's type cannot be read */
  QuantizedTensor plan(Gguf source, GgufEntry entry) {
    if (!isRounded(entry)) {
      return new QuantizedTensor(entry.name(), entry.shape(), entry.type(), source.described(entry.name()).orElseThrow().dtype(), Optional.empty());
    }
    DType wanted = wanted(entry.name());
    long columns = entry.shape()[entry.shape().length - 1];
    DType fitting = WeightMix.fitting(wanted, columns);
    Optional<String> note = fitting == wanted ? Optional.empty()
        : Optional.of("rows of " + columns + " elements are no multiple of " + wanted.blockSize() + ": " + fitting + " instead of " + wanted);
    return new QuantizedTensor(entry.name(), entry.shape(), entry.type(), fitting, note);
  }

  private static boolean isRounded(GgufEntry entry) {
    // A trailing dimension of 1 is none: the format lets writers leave it out.
    long dimensions = Arrays.stream(entry.shape()).dropWhile(size -> size == 1).count();
    return dimensions >= 2 && entry.name().endsWith("weight") && KEPT.stream().noneMatch(entry.name()::contains)
        && entry.type().dtype().filter(type -> type == DType.I8 || type == DType.I32).isEmpty();
  }

  private DType wanted(String name) {
    if (name.equals(OUTPUT) || tied && name.equals(EMBEDDING)) {
      return mix.output();
    }
    boolean sensitive = name.contains("attn_v.weight") || name.contains("ffn_down");
    Matcher layer = LAYER.matcher(name);
    return sensitive && layer.matches() ? mix.sensitive(Integer.parseInt(layer.group(1)), layers) : mix.matrices();
  }
}
