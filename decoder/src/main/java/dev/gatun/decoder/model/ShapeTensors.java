package dev.gatun.decoder.model;

import dev.gatun.decoder.model.ModelShape.Experts;
import dev.gatun.decoder.model.ModelShape.Latent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The tensors of a shape, in the order of files. */
final class ShapeTensors {
  /** What a tensor is for, which decides its type and its values. */
  enum Kind {
    EMBEDDING, OUTPUT, MATRIX,
    /** A matrix to which quantizers give more bits in some layers. */
    SENSITIVE,
    /** The logits of experts: never quantized. */
    ROUTER, NORM, BIAS,
    /** Divisors of rotary frequencies, which are no weights. */
    FREQUENCIES
  }

  /**
   * A tensor.
   *
   * @param shape outermost dimension first
   * @param layer its block; 0 outside of blocks
   */
  record Tensor(String name, Kind kind, int layer, long... shape) {
    long elements() {
      return Arrays.stream(shape).reduce(1, Math::multiplyExact);
    }

    /** Elements of a row. */
    int columns() {
      return Math.toIntExact(shape[shape.length - 1]);
    }
  }

  /** In what the tensors of a family differ from those of Llama. */
  private enum Trait {
    QKV_BIASES, NORM_OF_EACH_HEAD, NORM_OF_ALL_HEADS, NORMS_AROUND, NORMS_AFTER,
    /** q, k and v in one matrix, gate and up in another. */
    FUSED,
    /** Keys and values are made of latent rows by a matrix each instead of one for both. */
    LATENT_APART,
    /** The part that all tokens take is weighed for each. */
    WEIGHED_SHARED
  }

  private static final Map<String, Set<Trait>> TRAITS = Map.ofEntries(traits("llama"), traits("minicpm"), traits("minicpm3"), traits("granite"),
      traits("smollm3"), traits("qwen2", Trait.QKV_BIASES), traits("qwen2moe", Trait.QKV_BIASES, Trait.WEIGHED_SHARED),
      traits("qwen3", Trait.NORM_OF_EACH_HEAD), traits("qwen3moe", Trait.NORM_OF_EACH_HEAD), traits("gemma2", Trait.NORMS_AROUND),
      traits("gemma3", Trait.NORMS_AROUND, Trait.NORM_OF_EACH_HEAD), traits("olmo2", Trait.NORMS_AFTER, Trait.NORM_OF_ALL_HEADS),
      traits("phi3", Trait.FUSED), traits("deepseek2", Trait.LATENT_APART));

  private final ModelShape shape;
  private final Set<Trait> traits;
  private final List<Tensor> all = new ArrayList<>();
  private String prefix = "";
  private int layer;

  private ShapeTensors(ModelShape shape) {
    this.shape = shape;
    this.traits = TRAITS.get(shape.family());
  }

  private static Map.Entry<String, Set<Trait>> traits(String family, Trait... traits) {
    Set<Trait> set = EnumSet.noneOf(Trait.class);
    set.addAll(List.of(traits));
    return Map.entry(family, set);
  }

  /** Whether the tensors of this family are known. */
  static boolean knows(String family) {
    return TRAITS.containsKey(family);
  }

  static List<Tensor> of(ModelShape shape) {
    ShapeTensors tensors = new ShapeTensors(shape);
    tensors.compose();
    return List.copyOf(tensors.all);
  }

  private void compose() {
    add("token_embd.weight", shape.tied() ? Kind.OUTPUT : Kind.EMBEDDING, shape.vocab(), shape.embedding());
    if (shape.ropeScaling().isPresent()) {
      add("rope_freqs.weight", Kind.FREQUENCIES, shape.headSize() / 2);
    }
    for (layer = 0; layer < shape.layers(); layer++) {
      prefix = "blk." + layer + ".";
      block();
    }
    prefix = "";
    layer = 0;
    add("output_norm.weight", Kind.NORM, shape.embedding());
    if (!shape.tied()) {
      add("output.weight", Kind.OUTPUT, shape.vocab(), shape.embedding());
    }
  }

  private void block() {
    normBefore("attn_norm");
    if (shape.latent().isPresent()) {
      latentAttention(shape.latent().get());
    } else {
      attention();
    }
    normAfter("post_attention_norm");
    normBefore("ffn_norm");
    if (shape.experts().isPresent() && layer >= shape.experts().get().denseLayers()) {
      experts(shape.experts().get());
    } else {
      unit("", shape.feedForward());
    }
    normAfter("post_ffw_norm");
  }

  private void normBefore(String name) {
    if (!traits.contains(Trait.NORMS_AFTER)) {
      add(name + ".weight", Kind.NORM, shape.embedding());
    }
  }

  private void normAfter(String name) {
    if (traits.contains(Trait.NORMS_AFTER) || traits.contains(Trait.NORMS_AROUND)) {
      add(name + ".weight", Kind.NORM, shape.embedding());
    }
  }

  private void attention() {
    int queries = shape.heads() * shape.headSize();
    int keys = shape.kvHeads() * shape.headSize();
    if (traits.contains(Trait.FUSED)) {
      add("attn_qkv.weight", Kind.MATRIX, queries + 2 * keys, shape.embedding());
    } else {
      add("attn_q.weight", Kind.MATRIX, queries, shape.embedding());
      add("attn_k.weight", Kind.MATRIX, keys, shape.embedding());
      add("attn_v.weight", Kind.SENSITIVE, keys, shape.embedding());
    }
    if (traits.contains(Trait.QKV_BIASES)) {
      add("attn_q.bias", Kind.BIAS, queries);
      add("attn_k.bias", Kind.BIAS, keys);
      add("attn_v.bias", Kind.BIAS, keys);
    }
    if (traits.contains(Trait.NORM_OF_EACH_HEAD)) {
      add("attn_q_norm.weight", Kind.NORM, shape.headSize());
      add("attn_k_norm.weight", Kind.NORM, shape.headSize());
    }
    if (traits.contains(Trait.NORM_OF_ALL_HEADS)) {
      add("attn_q_norm.weight", Kind.NORM, queries);
      add("attn_k_norm.weight", Kind.NORM, keys);
    }
    add("attn_output.weight", Kind.MATRIX, shape.embedding(), queries);
  }

  private void latentAttention(Latent latent) {
    int queries = shape.heads() * shape.headSize();
    int nope = shape.headSize() - latent.rotated();
    if (latent.queryRank() == 0) {
      add("attn_q.weight", Kind.MATRIX, queries, shape.embedding());
    } else {
      add("attn_q_a.weight", Kind.MATRIX, latent.queryRank(), shape.embedding());
      add("attn_q_a_norm.weight", Kind.NORM, latent.queryRank());
      add("attn_q_b.weight", Kind.MATRIX, queries, latent.queryRank());
    }
    add("attn_kv_a_mqa.weight", Kind.MATRIX, latent.rank() + latent.rotated(), shape.embedding());
    add("attn_kv_a_norm.weight", Kind.NORM, latent.rank());
    if (traits.contains(Trait.LATENT_APART)) {
      add("attn_k_b.weight", Kind.MATRIX, shape.heads(), latent.rank(), nope);
      add("attn_v_b.weight", Kind.MATRIX, shape.heads(), latent.valueSize(), latent.rank());
    } else {
      add("attn_kv_b.weight", Kind.MATRIX, shape.heads() * (nope + latent.valueSize()), latent.rank());
    }
    add("attn_output.weight", Kind.MATRIX, shape.embedding(), shape.heads() * latent.valueSize());
  }

  private void unit(String suffix, int width) {
    if (traits.contains(Trait.FUSED)) {
      add("ffn_up" + suffix + ".weight", Kind.MATRIX, 2 * width, shape.embedding());
    } else {
      add("ffn_gate" + suffix + ".weight", Kind.MATRIX, width, shape.embedding());
      add("ffn_up" + suffix + ".weight", Kind.MATRIX, width, shape.embedding());
    }
    add("ffn_down" + suffix + ".weight", Kind.SENSITIVE, shape.embedding(), width);
  }

  private void experts(Experts experts) {
    add("ffn_gate_inp.weight", Kind.ROUTER, experts.count(), shape.embedding());
    add("ffn_gate_exps.weight", Kind.MATRIX, experts.count(), experts.feedForward(), shape.embedding());
    add("ffn_up_exps.weight", Kind.MATRIX, experts.count(), experts.feedForward(), shape.embedding());
    add("ffn_down_exps.weight", Kind.SENSITIVE, experts.count(), shape.embedding(), experts.feedForward());
    if (experts.shared() > 0) {
      if (traits.contains(Trait.WEIGHED_SHARED)) {
        add("ffn_gate_inp_shexp.weight", Kind.ROUTER, shape.embedding());
      }
      unit("_shexp", experts.shared());
    }
  }

  private void add(String name, Kind kind, long... sizes) {
    all.add(new Tensor(prefix + name, kind, layer, sizes));
  }
}
