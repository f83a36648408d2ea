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
 * @param family the architecture
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

  static RandomModel small(String family, DType type) {
    return new RandomModel(family, 2, 64, 96, 4, 2, 16, 300, false, type);
  }

  Path write(Path file) {
    return write(file, Set.of(), writer -> {});
  }

  /** Writes the model without some metadata keys, and with whatever {@code changes} sets last. */
  Path write(Path file, Set<String> without, Consumer<GgufWriter> changes) {
    GgufWriter writer = new GgufWriter().string("general.architecture", family).string("general.name", "random " + family)
        .uint32(family + ".block_count", layers).uint32(family + ".embedding_length", embedding)
        .uint32(family + ".feed_forward_length", feedForward).uint32(family + ".attention.head_count", heads)
        .uint32(family + ".attention.head_count_kv", kvHeads).uint32(family + ".attention.key_length", headSize)
        .uint32(family + ".attention.value_length", headSize).float32(family + ".rope.freq_base", 10000);
    if (!without.contains("context_length")) {
      writer.uint32(family + ".context_length", CONTEXT);
    }
    if (!without.contains("attention.layer_norm_rms_epsilon")) {
      writer.float32(family + (family.equals("gpt2") ? ".attention.layer_norm_epsilon" : ".attention.layer_norm_rms_epsilon"), 1e-5);
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
    if (family.equals("phi3")) {
      put(writer, "rope_factors_long.weight", DType.F32, new long[] {headSize / 2}, Inputs.uniform(4, headSize / 2, 1, 8));
      put(writer, "rope_factors_short.weight", DType.F32, new long[] {headSize / 2}, Inputs.uniform(5, headSize / 2, 0.9, 1.2));
    }
    for (int i = 0; i < layers; i++) {
      block(writer, "blk." + i + ".");
    }
    changes.accept(writer);
    writer.write(file);
    return file;
  }

  /** What tells a family from Llama, with numbers that no file has. */
  private void keys(GgufWriter writer) {
    switch (family) {
      case "minicpm" -> writer.float32("minicpm.embedding_scale", 3).float32("minicpm.residual_scale", 0.7).float32("minicpm.logit_scale", 0.5);
      case "granite" -> writer.float32("granite.embedding_scale", 5).float32("granite.residual_scale", 0.3).float32("granite.logit_scale", 2.5)
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

  private void block(GgufWriter writer, String p) {
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
    if (family.matches("gpt2|phi3")) {
      matrix(writer, p + "attn_qkv.weight", queries + 2 * keys, embedding);
    } else {
      matrix(writer, p + "attn_q.weight", queries, embedding);
      matrix(writer, p + "attn_k.weight", keys, embedding);
      matrix(writer, p + "attn_v.weight", keys, embedding);
    }
    matrix(writer, p + "attn_output.weight", embedding, queries);
    switch (family) {
      case "gpt2" -> matrix(writer, p + "ffn_up.weight", feedForward, embedding);
      case "phi3" -> matrix(writer, p + "ffn_up.weight", 2 * feedForward, embedding);
      default -> {
        matrix(writer, p + "ffn_gate.weight", feedForward, embedding);
        matrix(writer, p + "ffn_up.weight", feedForward, embedding);
      }
    }
    matrix(writer, p + "ffn_down.weight", embedding, feedForward);
    switch (family) {
      case "qwen2" -> {
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
      case "qwen3", "gemma3" -> {
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
