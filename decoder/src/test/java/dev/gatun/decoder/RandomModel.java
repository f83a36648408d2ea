package dev.gatun.decoder;

import dev.gatun.DType;
import dev.gatun.decoder.gguf.GgufWriter;
import dev.gatun.decoder.gguf.MetadataType;
import dev.gatun.tck.oracle.Formats;
import dev.gatun.tck.oracle.Inputs;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Writes small models with random weights, in any shape and weight type of the families that are served.
 *
 * @param family the architecture, and after a plus sign a variant of it
 * @param layers blocks
 * @param embedding width
 * @param feedForward width of the feed-forward unit
 * @param heads query heads
 * @param kvHeads key/value heads
 * @param headSize elements of a head
 * @param vocabulary rows of the embedding, at least 259 for a tokenizer
 * @param tied whether the embedding gives the logits too
 * @param type of the matrices
 */
record RandomModel(String family, int layers, int embedding, int feedForward, int heads, int kvHeads, int headSize, int vocabulary, boolean tied,
    DType type) {
  static final int CONTEXT = 512;

  private static final int EXPERTS = 6;

  /** The variants of families that have more than one form. */
  static final List<String> VARIANTS = List.of("llama+experts", "minicpm+experts", "granite+experts", "granitemoe+shared", "qwen3moe+merged", "deepseek2+lite",
      "deepseek2+split", "qwen2+fused", "qwen2+unbiased");

  static RandomModel small(String family, DType type) {
    return new RandomModel(family, 2, 64, 96, 4, 2, 16, 300, false, type);
  }

  Path write(Path file) {
    return write(file, Set.of(), writer -> {});
  }

  /** Writes the model without some metadata keys, and with whatever {@code changes} sets last. */
  Path write(Path file, Set<String> without, Consumer<GgufWriter> changes) {
    String name = architecture();
    GgufWriter writer = new GgufWriter().string("general.architecture", name).string("general.name", "random " + family)
        .uint32(name + ".block_count", layers).uint32(name + ".embedding_length", embedding)
        .uint32(name + ".feed_forward_length", feedForward).uint32(name + ".attention.head_count", heads)
        .uint32(name + ".attention.head_count_kv", latent() ? heads : kvHeads).uint32(name + ".attention.key_length", headSize)
        .uint32(name + ".attention.value_length", valueSize()).float32(name + ".rope.freq_base", 10000);
    if (!without.contains("context_length")) {
      writer.uint32(name + ".context_length", CONTEXT);
    }
    if (!without.contains("attention.layer_norm_rms_epsilon")) {
      writer.float32(name + (family.equals("gpt2") ? ".attention.layer_norm_epsilon" : ".attention.layer_norm_rms_epsilon"), 1e-5);
    }
    keys(writer);
    vocabulary(writer, vocabulary);
    matrix(writer, "token_embd.weight", vocabulary, embedding);
    if (!tied) {
      matrix(writer, "output.weight", vocabulary, embedding);
    }
    norm(writer, "output_norm", embedding);
    if (family.equals("gpt2")) {
      put(writer, "position_embd.weight", DType.F32, new long[] {CONTEXT, embedding}, Inputs.normal(3, CONTEXT * embedding, 0.1));
    }
    if (family.matches("phi3|minicpm3")) {
      put(writer, "rope_factors_long.weight", DType.F32, new long[] {rotated() / 2}, Inputs.uniform(4, rotated() / 2, 1, 8));
      put(writer, "rope_factors_short.weight", DType.F32, new long[] {rotated() / 2}, Inputs.uniform(5, rotated() / 2, 0.9, 1.2));
    }
    for (int i = 0; i < layers; i++) {
      block(writer, i, "blk." + i + ".");
    }
    changes.accept(writer);
    writer.write(file);
    return file;
  }

  String architecture() {
    return family.replaceFirst("\\+.*", "");
  }

  private boolean latent() {
    return family.matches("minicpm3|deepseek2.*");
  }

  private boolean experts() {
    return family.matches(".*moe.*|deepseek2.*|.*experts");
  }

  /** Elements of a head that rotate. */
  private int rotated() {
    return latent() ? headSize / 4 * 2 : headSize;
  }

  private int valueSize() {
    return latent() && !type.isBlock() ? headSize - 8 : headSize;
  }

  private int queryRank() {
    return type.isBlock() ? 32 : 20;
  }

  private int rank() {
    return type.isBlock() ? 32 : 24;
  }

  private int expertWidth() {
    return family.matches("llama.*|minicpm.*|granite.*") ? feedForward : type.isBlock() ? 32 : 28;
  }

  /** What tells a family from Llama, with numbers that no file has. */
  private void keys(GgufWriter writer) {
    String name = architecture();
    if (experts()) {
      writer.uint32(name + ".expert_count", EXPERTS).uint32(name + ".expert_used_count", 2);
      if (!family.matches("llama.*|minicpm.*|granite.*")) {
        writer.uint32(name + ".expert_feed_forward_length", expertWidth());
      }
    }
    if (latent()) {
      writer.uint32(name + ".attention.kv_lora_rank", rank()).uint32(name + ".rope.dimension_count", rotated());
      if (!family.endsWith("+lite")) {
        writer.uint32(name + ".attention.q_lora_rank", queryRank());
      }
    }
    if (name.equals("deepseek2")) {
      writer.uint32("deepseek2.leading_dense_block_count", 1).uint32("deepseek2.expert_shared_count", 2).float32("deepseek2.expert_weights_scale", 1.7);
    }
    switch (family) {
      case "minicpm3" -> writer.uint32("minicpm3.rope.scaling.original_context_length", 96).float32("minicpm3.rope.scaling.attn_factor", 1.1);
      case "deepseek2" -> writer.uint32("deepseek2.expert_gating_func", 2).bool("deepseek2.expert_weights_norm", true)
          .string("deepseek2.rope.scaling.type", "yarn").float32("deepseek2.rope.scaling.factor", 8)
          .uint32("deepseek2.rope.scaling.original_context_length", 64).float32("deepseek2.rope.scaling.yarn_log_multiplier", 0.07);
      case "deepseek2+split" -> writer.uint32("deepseek2.attention.key_length_mla", headSize).uint32("deepseek2.attention.value_length_mla", valueSize())
          .uint32("deepseek2.attention.key_length", rank() + rotated()).uint32("deepseek2.attention.value_length", rank())
          .uint32("deepseek2.attention.head_count_kv", 1).uint32("deepseek2.expert_group_count", 3).uint32("deepseek2.expert_group_used_count", 2)
          .uint32("deepseek2.expert_gating_func", 2).bool("deepseek2.expert_weights_norm", true)
          .string("deepseek2.rope.scaling.type", "yarn").float32("deepseek2.rope.scaling.factor", 3);
      case "qwen2moe" -> writer.uint32("qwen2moe.expert_shared_feed_forward_length", 64);
      case "granitemoe", "granitemoe+shared" -> {
        writer.float32("granitemoe.embedding_scale", 5).float32("granitemoe.residual_scale", 0.3).float32("granitemoe.logit_scale", 2.5)
            .float32("granitemoe.attention.scale", 0.4);
        if (family.endsWith("shared")) {
          writer.uint32("granitemoe.expert_shared_feed_forward_length", 64);
        }
      }
      case "minicpm", "minicpm+experts" -> writer.float32("minicpm.embedding_scale", 3).float32("minicpm.residual_scale", 0.7).float32("minicpm.logit_scale", 0.5);
      case "granite", "granite+experts" -> writer.float32("granite.embedding_scale", 5).float32("granite.residual_scale", 0.3).float32("granite.logit_scale", 2.5)
          .float32("granite.attention.scale", 0.4);
      case "gemma2" -> writer.uint32("gemma2.attention.sliding_window", 4).float32("gemma2.attn_logit_softcapping", 2)
          .float32("gemma2.final_logit_softcapping", 3);
      case "gemma3" -> writer.uint32("gemma3.attention.sliding_window", 4).uint32("gemma3.attention.sliding_window_pattern", 2)
          .float32("gemma3.rope.freq_base", 1e6).string("gemma3.rope.scaling.type", "linear").float32("gemma3.rope.scaling.factor", 8);
      case "olmo2" -> writer.uint32("olmo2.attention.sliding_window", 4).uint32("olmo2.attention.sliding_window_pattern", 2)
          .string("olmo2.rope.scaling.type", "yarn").float32("olmo2.rope.scaling.factor", 4)
          .uint32("olmo2.rope.scaling.original_context_length", 128);
      case "phi3" -> writer.uint32("phi3.rope.scaling.original_context_length", 96).float32("phi3.rope.scaling.attn_factor", 1.2);
      default -> { }
    }
  }

  private void block(GgufWriter writer, int layer, String p) {
    int queries = heads * headSize;
    int keys = kvHeads * headSize;
    if (!family.equals("olmo2")) {
      norm(writer, p + "attn_norm", embedding);
      norm(writer, p + "ffn_norm", embedding);
    }
    if (family.matches("olmo2|gemma2|gemma3")) {
      norm(writer, p + "post_attention_norm", embedding);
      norm(writer, p + "post_ffw_norm", embedding);
    }
    if (latent()) {
      latent(writer, p);
    } else if (family.matches("gpt2|phi3|.*fused")) {
      matrix(writer, p + "attn_qkv.weight", queries + 2 * keys, embedding);
    } else {
      matrix(writer, p + "attn_q.weight", queries, embedding);
      matrix(writer, p + "attn_k.weight", keys, embedding);
      matrix(writer, p + "attn_v.weight", keys, embedding);
    }
    matrix(writer, p + "attn_output.weight", embedding, heads * valueSize());
    if (experts() && !(layer == 0 && latent())) {
      experts(writer, p);
    } else {
      feed(writer, p);
    }
    switch (family) {
      case "qwen2", "qwen2+fused", "qwen2moe" -> {
        vector(writer, p + "attn_q.bias", queries, 0.3);
        vector(writer, p + "attn_k.bias", keys, 0.3);
        vector(writer, p + "attn_v.bias", keys, 0.3);
      }
      case "gpt2" -> {
        vector(writer, p + "attn_qkv.bias", queries + 2 * keys, 0.3);
        vector(writer, p + "attn_output.bias", embedding, 0.3);
        vector(writer, p + "ffn_up.bias", feedForward, 0.3);
        vector(writer, p + "ffn_down.bias", embedding, 0.3);
      }
      case "qwen3", "qwen3moe", "qwen3moe+merged", "gemma3" -> {
        norm(writer, p + "attn_q_norm", headSize);
        norm(writer, p + "attn_k_norm", headSize);
      }
      case "olmo2" -> {
        norm(writer, p + "attn_q_norm", queries);
        norm(writer, p + "attn_k_norm", keys);
      }
      default -> { }
    }
  }

  private void latent(GgufWriter writer, String p) {
    int nope = headSize - rotated();
    if (family.endsWith("+lite")) {
      matrix(writer, p + "attn_q.weight", heads * headSize, embedding);
    } else {
      matrix(writer, p + "attn_q_a.weight", queryRank(), embedding);
      norm(writer, p + "attn_q_a_norm", queryRank());
      matrix(writer, p + "attn_q_b.weight", heads * headSize, queryRank());
    }
    matrix(writer, p + "attn_kv_a_mqa.weight", rank() + rotated(), embedding);
    norm(writer, p + "attn_kv_a_norm", rank());
    if (family.endsWith("+split")) {
      experts(writer, p + "attn_k_b.weight", heads, rank(), nope);
      experts(writer, p + "attn_v_b.weight", heads, valueSize(), rank());
    } else {
      matrix(writer, p + "attn_kv_b.weight", heads * (nope + valueSize()), rank());
    }
  }

  private void experts(GgufWriter writer, String p) {
    put(writer, p + "ffn_gate_inp.weight", DType.F32, new long[] {EXPERTS, embedding},
        Inputs.normal(p.hashCode(), EXPERTS * embedding, 1 / Math.sqrt(embedding)));
    if (family.endsWith("+merged")) {
      experts(writer, p + "ffn_gate_up_exps.weight", EXPERTS, 2 * expertWidth(), embedding);
    } else {
      experts(writer, p + "ffn_gate_exps.weight", EXPERTS, expertWidth(), embedding);
      experts(writer, p + "ffn_up_exps.weight", EXPERTS, expertWidth(), embedding);
    }
    experts(writer, p + "ffn_down_exps.weight", EXPERTS, embedding, expertWidth());
    if (family.matches("deepseek2|deepseek2.split")) {
      vector(writer, p + "exp_probs_b.bias", EXPERTS, 0.3);
    }
    if (family.equals("qwen2moe")) {
      vector(writer, p + "ffn_gate_inp_shexp.weight", embedding, 1 / Math.sqrt(embedding));
    }
    if (family.matches("qwen2moe|deepseek2.*|.*shared")) {
      int width = family.startsWith("deepseek2") ? 2 * expertWidth() : 64;
      matrix(writer, p + "ffn_gate_shexp.weight", width, embedding);
      matrix(writer, p + "ffn_up_shexp.weight", width, embedding);
      matrix(writer, p + "ffn_down_shexp.weight", embedding, width);
    }
  }

  private void feed(GgufWriter writer, String p) {
    switch (family) {
      case "gpt2" -> matrix(writer, p + "ffn_up.weight", feedForward, embedding);
      case "phi3" -> matrix(writer, p + "ffn_up.weight", 2 * feedForward, embedding);
      default -> {
        matrix(writer, p + "ffn_gate.weight", feedForward, embedding);
        matrix(writer, p + "ffn_up.weight", feedForward, embedding);
      }
    }
    matrix(writer, p + "ffn_down.weight", embedding, feedForward);
  }

  /** Sets a tokenizer of so many tokens. */
  static void vocabulary(GgufWriter writer, int size) {
    List<String> tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
    List<Integer> types = new ArrayList<>(List.of(2, 3, 3));
    List<Float> scores = new ArrayList<>(List.of(0f, 0f, 0f));
    for (int i = 0; tokens.size() < size; i++) {
      tokens.add(i < 256 ? String.format("<0x%02X>", i) : "w" + i);
      types.add(i < 256 ? 6 : 1);
      scores.add(i < 256 ? 0f : -i);
    }
    writer.string("tokenizer.ggml.model", "llama").array("tokenizer.ggml.tokens", MetadataType.STRING, tokens)
        .array("tokenizer.ggml.scores", MetadataType.FLOAT32, scores).array("tokenizer.ggml.token_type", MetadataType.INT32, types)
        .uint32("tokenizer.ggml.bos_token_id", 1).uint32("tokenizer.ggml.eos_token_id", 2).uint32("tokenizer.ggml.unknown_token_id", 0);
  }

  private void matrix(GgufWriter writer, String name, int rows, int columns) {
    put(writer, name, type, new long[] {rows, columns}, Inputs.normal(name.hashCode(), rows * columns, 1 / Math.sqrt(columns)));
  }

  /** Matrices one after the other; in F16 where rows are no whole blocks, as quantizers leave them. */
  private void experts(GgufWriter writer, String name, int count, int rows, int columns) {
    put(writer, name, columns % type.blockSize() == 0 ? type : DType.F16, new long[] {count, rows, columns}, Inputs.normal(name.hashCode(), count * rows * columns, 1 / Math.sqrt(columns)));
  }

  private void norm(GgufWriter writer, String name, int size) {
    put(writer, name + ".weight", DType.F32, new long[] {size}, Inputs.uniform(name.hashCode(), size, 0.5, 1.5));
    if (family.equals("gpt2")) {
      vector(writer, name + ".bias", size, 0.2);
    }
  }

  static void vector(GgufWriter writer, String name, int size, double deviation) {
    put(writer, name, DType.F32, new long[] {size}, Inputs.normal(name.hashCode(), size, deviation));
  }

  static void put(GgufWriter writer, String name, DType type, long[] shape, double[] values) {
    MemorySegment bytes = Formats.encoded(type, values);
    writer.tensor(name, type, shape, (offset, chunk) -> MemorySegment.copy(bytes, offset, chunk, 0, chunk.byteSize()));
  }
}
