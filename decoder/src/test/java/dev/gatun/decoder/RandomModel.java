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
 * Writes small models with random weights, in any shape and weight type of the dense families.
 *
 * @param family the architecture
 * @param layers blocks
 * @param embedding width
 * @param feedForward width of the gated unit
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
      writer.float32(family + ".attention.layer_norm_rms_epsilon", 1e-5);
    }
    vocabulary(writer, vocabulary);
    matrix(writer, "token_embd.weight", vocabulary, embedding);
    if (!tied) {
      matrix(writer, "output.weight", vocabulary, embedding);
    }
    norm(writer, "output_norm.weight", embedding);
    for (int i = 0; i < layers; i++) {
      String p = "blk." + i + ".";
      norm(writer, p + "attn_norm.weight", embedding);
      norm(writer, p + "ffn_norm.weight", embedding);
      matrix(writer, p + "attn_q.weight", heads * headSize, embedding);
      matrix(writer, p + "attn_k.weight", kvHeads * headSize, embedding);
      matrix(writer, p + "attn_v.weight", kvHeads * headSize, embedding);
      matrix(writer, p + "attn_output.weight", embedding, heads * headSize);
      matrix(writer, p + "ffn_gate.weight", feedForward, embedding);
      matrix(writer, p + "ffn_up.weight", feedForward, embedding);
      matrix(writer, p + "ffn_down.weight", embedding, feedForward);
      if (family.equals("qwen2")) {
        vector(writer, p + "attn_q.bias", heads * headSize, 0.3);
        vector(writer, p + "attn_k.bias", kvHeads * headSize, 0.3);
        vector(writer, p + "attn_v.bias", kvHeads * headSize, 0.3);
      }
      if (family.equals("qwen3")) {
        norm(writer, p + "attn_q_norm.weight", headSize);
        norm(writer, p + "attn_k_norm.weight", headSize);
      }
    }
    changes.accept(writer);
    writer.write(file);
    return file;
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
    put(writer, name, DType.F32, new long[] {size}, Inputs.uniform(name.hashCode(), size, 0.5, 1.5));
  }

  static void vector(GgufWriter writer, String name, int size, double deviation) {
    put(writer, name, DType.F32, new long[] {size}, Inputs.normal(name.hashCode(), size, deviation));
  }

  static void put(GgufWriter writer, String name, DType type, long[] shape, double[] values) {
    MemorySegment bytes = Formats.encoded(type, values);
    writer.tensor(name, type, shape, (offset, chunk) -> MemorySegment.copy(bytes, offset, chunk, 0, chunk.byteSize()));
  }
}
