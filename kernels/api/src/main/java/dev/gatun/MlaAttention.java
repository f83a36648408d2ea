package dev.gatun;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, section 2.1) over a cache that keeps one latent row {@code [c | r]} per position, R elements that all
 * heads' keys and values are made of and P that carry the position:
 * {@code s_j = scale · (q_nope · (W_uk c_j) + q_rope · r_j)}, {@code y = W_uv Σ_j exp(s_j − m)·c_j / Σ_j exp(s_j − m)} for each head with its own W_uk and W_uv, over
 * the keys j that the mask lets through, m the largest score. A token that no key is visible to, or that belongs to no sequence, gets zeros. Key positions past those
 * named are never read.
 *
 * <p>The plan chooses the form: <em>absorbed</em>, where {@code q_nope} is taken through W_uk once and every latent row serves all heads as key and as value; or
 * <em>expanded</em>, where keys and values of each head are made from the latent rows, which costs less arithmetic where many tokens of a sequence share them.
 *
 * <p>Rounding is that of {@link Attention} over keys of the cache's type, for queries before and after W_uk, weights and weighted sums, and in the expanded form for W_uk,
 * W_uv and the keys and values that are made, which over F16 and 8-bit floats may be F16: one past 65504 is then infinite. What a block-quantized W_uk or W_uv is
 * multiplied by may be rounded as {@link Matmul} lets it.
 *
 * @param qNope {@code [T, H, N]}, the part of the queries without a position; F32, F16 or BF16, rows contiguous
 * @param qRope {@code [T, H, P]}, rotated; the dtype of qNope, rows contiguous; both may be slices of one tensor
 * @param latents a layer of a latent cache ({@link KvCache.Spec#latent}), to which the step's own rows were appended before
 * @param up what makes keys and values of latent rows
 * @param batch which token belongs to which sequence, and its position
 * @param scale on the dot product, usually {@code 1/√(N + P)}
 * @param causal whether a token sees only keys at its own position and before
 * @param y {@code [T, H, V]}; F32, F16 or BF16, rows contiguous; never in place
 */
public record MlaAttention(Tensor qNope, Tensor qRope, Kv.Paged latents, Up up, Ragged batch, float scale, boolean causal, Tensor y) implements Operator {
  /**
   * The up-projections of all heads.
   *
   * @param keys W_uk, {@code [H, R, N]} or {@code [H, N, R]} as {@code rows} says; any float or block type, rows contiguous
   * @param rows what a row of {@code keys} runs along
   * @param values W_uv, {@code [H, V, R]}; any float or block type, rows contiguous
   */
  public record Up(Tensor keys, Rows rows, Tensor values) {
    /** What a row of the keys' weight runs along. */
    public enum Rows {
      /** Along the query: {@code [H, R, N]}, as GGUF's {@code attn_k_b.weight} is. */
      QUERY,
      /** Along the latent: {@code [H, N, R]}, as the first N rows of each head in {@code attn_kv_b.weight} are. */
      LATENT
    }

    /** Checks ranks and dtypes. @throws ShapeException where they do not fit */
    public Up {
      Require require = new Require("mla_attention");
      require.rank("w_uk", keys, 3).rowsContiguous("w_uk", keys).rank("w_uv", values, 3).rowsContiguous("w_uv", values);
      for (Tensor w : List.of(keys, values)) {
        require.that(w.dtype() != DType.I32 && w.dtype() != DType.I8, "w_uk and w_uv must be of a float or block type, not " + w);
      }
      require.that(keys.size(0) == values.size(0), "w_uk " + keys + " and w_uv " + values + " must agree in heads");
      long rank = keys.size(rows == Rows.QUERY ? 1 : 2);
      require.that(rank == values.size(2), "w_uk " + keys + ", whose rows run along the " + (rows == Rows.QUERY ? "query" : "latent") + ", and w_uv "
          + values + " must agree in elements of the latent");
    }

    /** Of GGUF's {@code attn_k_b.weight} {@code [H, R, N]} and {@code attn_v_b.weight} {@code [H, V, R]}. */
    public static Up of(Tensor keys, Tensor values) {
      return new Up(keys, Rows.QUERY, values);
    }

    /**
     * Of GGUF's {@code attn_kv_b.weight}, {@code [H · (N + V), R]} or {@code [H, N + V, R]}, each head's N rows for its key before its V rows for its value: views of it,
     * of whatever type.
     *
     * @throws ShapeException if the rows are no multiple of {@code heads}, or of {@code nope} rows for a key none is left for a value
     */
    public static Up ofBoth(Tensor both, int heads, int nope) {
      Require require = new Require("mla_attention");
      long all = both.shape().rows();
      require.that(both.shape().rank() >= 2 && heads > 0 && nope > 0 && all % heads == 0 && all / heads > nope,
          "w_ukv " + both + " cannot be " + heads + " heads of " + nope + " rows for a key and some for a value");
      Tensor split = both.reshape(heads, all / heads, both.size(-1));
      return new Up(split.slice(1, 0, nope), Rows.LATENT, split.slice(1, nope, split.size(1)));
    }

    /** Query heads. */
    public int heads() {
      return Math.toIntExact(keys.size(0));
    }

    /** Elements of a latent row that keys and values are made of. */
    public int rank() {
      return Math.toIntExact(values.size(2));
    }

    /** Elements of a query that go through W_uk. */
    public int nope() {
      return Math.toIntExact(keys.size(rows == Rows.QUERY ? 2 : 1));
    }

    /** Elements of a head's value. */
    public int valueSize() {
      return Math.toIntExact(values.size(1));
    }
  }

  /** Checks shapes and dtypes. @throws ShapeException where they do not fit */
  public MlaAttention {
    Require require = new Require("mla_attention");
    require.rank("q_nope", qNope, 3).rows("q_nope", qNope).rank("q_rope", qRope, 3).rows("q_rope", qRope).rows("y", y);
    require.type("q_rope", qRope, qNope.dtype()).sameCount(qNope, qRope, y, batch.positions());
    require.finite("scale", scale);
    require.that(qNope.size(0) == batch.positions().size(0), "q_nope " + qNope + " and positions " + batch.positions() + " must agree in tokens");
    require.shape("q_nope", qNope, -1, up.heads(), up.nope());
    require.shape("q_rope", qRope, qNope.size(0), up.heads(), -1);
    KvCache.Spec spec = latents.cache().spec();
    require.that(spec.isLatent(), "a cache of keys and values holds no latent rows; make it by KvCache.Spec.latent");
    require.that(up.rank() + qRope.size(2) == spec.keySize(), "latent rows of " + spec.keySize() + " elements are not the " + up.rank() + " that w_uk and w_uv take and the "
        + qRope.size(2) + " of q_rope");
    require.shape("y", y, qNope.size(0), up.heads(), up.valueSize());
  }

  @Override
  public String name() {
    return "mla_attention";
  }

  @Override
  public List<Operand> operands() {
    List<Operand> list = new ArrayList<>(List.of(Operand.in("q_nope", qNope), Operand.in("q_rope", qRope), Operand.in("w_uk", up.keys), Operand.in("w_uv", up.values)));
    list.addAll(batch.operands());
    list.add(Operand.out("y", y));
    return list;
  }

  @Override
  public List<Flag> flags() {
    return List.of(new Flag("cache", latents.cache().spec().geometry()), new Flag("rows", up.rows.name().toLowerCase(java.util.Locale.ROOT)), new Flag("scale", scale),
        new Flag("causal", causal));
  }

  @Override
  public Optional<KvCache> cache() {
    return Optional.of(latents.cache());
  }

  @Override
  public MlaAttention with(UnaryOperator<Tensor> replace) {
    return new MlaAttention(replace.apply(qNope), replace.apply(qRope), latents, new Up(replace.apply(up.keys), up.rows, replace.apply(up.values)), batch.with(replace), scale,
        causal, replace.apply(y));
  }
}
