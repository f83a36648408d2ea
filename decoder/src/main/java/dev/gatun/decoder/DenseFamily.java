package dev.gatun.decoder;

import dev.gatun.Rotation;
import dev.gatun.Rotation.Pairs;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.decoder.gguf.Gguf;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Dense decoders with rms_norm, rotary positions, grouped-query attention and a SiLU-gated unit; they differ in few points. Tensor names and keys are
 * those of the GGUF specification.
 *
 * @param architecture the value of {@code general.architecture}
 * @param pairs which elements of a head rotate together
 * @param biases whether q, k and v must have biases; elsewhere they are taken where the file has them
 * @param headNorms whether each query and key head is normed before it rotates
 */
record DenseFamily(String architecture, Pairs pairs, boolean biases, boolean headNorms) implements Family {
  /** Llama 1 to 3, Mistral, TinyLlama, SmolLM. */
  static final DenseFamily LLAMA = new DenseFamily("llama", Pairs.INTERLEAVED, false, false);

  /** Qwen 1.5, 2, 2.5. */
  static final DenseFamily QWEN2 = new DenseFamily("qwen2", Pairs.HALF_SPLIT, true, false);

  /** Qwen 3, dense. */
  static final DenseFamily QWEN3 = new DenseFamily("qwen3", Pairs.HALF_SPLIT, false, true);

  @Override
  public Dimensions dimensions(Gguf gguf) {
    Keys keys = new Keys(gguf, architecture);
    if (keys.optionalCount("expert_count") > 0) {
      throw keys.fault("a mixture of experts (" + keys.name("expert_count") + ") is not served in family " + architecture);
    }
    int embedding = keys.size("embedding_length");
    int heads = keys.uniformSize("attention.head_count")
        .orElseThrow(() -> keys.fault("metadata key " + keys.name("attention.head_count") + " is missing"));
    int kvHeads = keys.uniformSize("attention.head_count_kv").orElse(heads);
    Optional<Integer> keyLength = keys.optionalSize("attention.key_length");
    if (keyLength.isEmpty() && embedding % heads != 0) {
      throw keys.fault("embedding_length " + embedding + " is no multiple of attention.head_count " + heads);
    }
    int keySize = keyLength.orElse(embedding / heads);
    if (heads % kvHeads != 0) {
      throw keys.fault("attention.head_count " + heads + " is no multiple of attention.head_count_kv " + kvHeads);
    }
    int rotated = keys.optionalSize("rope.dimension_count").orElse(keySize);
    if (rotated > keySize || rotated % 2 != 0) {
      throw keys.fault("rope.dimension_count " + rotated + " does not fit heads of " + keySize + " elements");
    }
    int context = keys.size("context_length");
    Rotation rotation = new Rotation(pairs, rotated, keys.positive("rope.freq_base", 10000), RopeScaling.read(keys, context), 1);
    int vocabulary = gguf.entries().stream().filter(entry -> entry.name().equals("token_embd.weight") && entry.shape().length == 2)
        .map(entry -> entry.shape()[0]).filter(rows -> rows <= Integer.MAX_VALUE).map(Long::intValue).findFirst()
        .orElseThrow(() -> keys.fault("tensor token_embd.weight is missing or no matrix"));
    float eps = (float) keys.requiredReal("attention.layer_norm_rms_epsilon");
    if (eps < 0) {
      throw keys.fault("attention.layer_norm_rms_epsilon is negative: " + eps);
    }
    double scale = keys.real("attention.scale", 0);
    // llama.cpp reads no attention.sliding_window in these families, though converters of Mistral and Qwen 2 write it: same file, same tokens.
    int window = 0;
    return new Dimensions(keys.size("block_count"), embedding, keys.uniformSize("feed_forward_length")
        .orElseThrow(() -> keys.fault("metadata key " + keys.name("feed_forward_length") + " is missing")), heads, kvHeads, keySize,
        keys.optionalSize("attention.value_length").orElse(keySize), vocabulary, context, eps,
        (float) (scale == 0 ? 1 / Math.sqrt(keySize) : scale), window, rotation);
  }

  @Override
  public Graph load(Dimensions d, Weights weights) {
    boolean tied = !weights.has("output.weight");
    Tensor table = weights.matrix("token_embd.weight", d.vocabulary(), d.embedding(), Use.EMBEDDING);
    Tensor output = weights.matrix(tied ? "token_embd.weight" : "output.weight", d.vocabulary(), d.embedding(), Use.MATMUL);
    Tensor norm = weights.vector("output_norm.weight", d.embedding());
    Optional<Tensor> factors = weights.optionalVector("rope_freqs.weight", d.rotation().dims() / 2);
    List<DenseGraph.Layer> layers = new ArrayList<>();
    for (int i = 0; i < d.layers(); i++) {
      layers.add(layer(weights, "blk." + i + ".", d));
    }
    return new DenseGraph(d, table, layers, norm, output, factors);
  }

  private DenseGraph.Layer layer(Weights weights, String prefix, Dimensions d) {
    long queries = (long) d.heads() * d.keySize();
    long keys = (long) d.kvHeads() * d.keySize();
    long values = (long) d.kvHeads() * d.valueSize();
    return new DenseGraph.Layer(
        weights.vector(prefix + "attn_norm.weight", d.embedding()),
        weights.matrix(prefix + "attn_q.weight", queries, d.embedding(), Use.MATMUL), bias(weights, prefix + "attn_q.bias", queries),
        weights.matrix(prefix + "attn_k.weight", keys, d.embedding(), Use.MATMUL), bias(weights, prefix + "attn_k.bias", keys),
        weights.matrix(prefix + "attn_v.weight", values, d.embedding(), Use.MATMUL), bias(weights, prefix + "attn_v.bias", values),
        headNorm(weights, prefix + "attn_q_norm.weight", d), headNorm(weights, prefix + "attn_k_norm.weight", d),
        weights.matrix(prefix + "attn_output.weight", d.embedding(), (long) d.heads() * d.valueSize(), Use.MATMUL),
        weights.optionalVector(prefix + "attn_output.bias", d.embedding()),
        weights.vector(prefix + "ffn_norm.weight", d.embedding()),
        weights.matrix(prefix + "ffn_gate.weight", d.feedForward(), d.embedding(), Use.MATMUL),
        weights.optionalVector(prefix + "ffn_gate.bias", d.feedForward()),
        weights.matrix(prefix + "ffn_up.weight", d.feedForward(), d.embedding(), Use.MATMUL),
        weights.optionalVector(prefix + "ffn_up.bias", d.feedForward()),
        weights.matrix(prefix + "ffn_down.weight", d.embedding(), d.feedForward(), Use.MATMUL),
        weights.optionalVector(prefix + "ffn_down.bias", d.embedding()));
  }

  private Optional<Tensor> bias(Weights weights, String name, long size) {
    return biases ? Optional.of(weights.vector(name, size)) : weights.optionalVector(name, size);
  }

  private Optional<Tensor> headNorm(Weights weights, String name, Dimensions d) {
    return headNorms ? Optional.of(weights.vector(name, d.keySize())) : Optional.empty();
  }
}
