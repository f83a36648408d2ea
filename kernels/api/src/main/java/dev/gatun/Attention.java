package dev.gatun;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Scaled dot-product attention of every token over the keys of its own sequence:
 * {@code s_j = cap(scale · q·k_j) − slope_h · |p − j|}, {@code y = Σ_j exp(s_j − m)·v_j / (Σ_j exp(s_j − m) + exp(sink − m))}, over the keys j that the mask lets through, p the token's position, m the
 * largest score. Query head h reads key/value head {@code h / (H/Hkv)}: MHA, GQA and MQA in one. Prefill and decode are the same operator; a step may
 * mix both. A token that no key is visible to, or that belongs to no
 * sequence, gets zeros. Key positions past those named are never read.
 *
 * <p>Over F32 keys everything is computed in float32 or better. Over F16 and BF16 keys a backend may round queries and weights to the keys' type
 * before it multiplies, over narrower ones to BF16, and what those stand for too.
 *
 * @param q {@code [T, H, D]}; F32, F16 or BF16, rows contiguous
 * @param kv dense keys and values, or a layer of the paged cache (to which the step's own were appended before)
 * @param batch which token belongs to which sequence, and its position
 * @param options scale, mask, soft cap, slopes
 * @param sinks {@code [H]} in F32: an extra score per head that takes part in the denominator only, if the model has them
 * @param y {@code [T, H, Dv]}; F32, F16 or BF16, rows contiguous; never in place
 */
public record Attention(Tensor q, Kv kv, Ragged batch, Options options, Optional<Tensor> sinks, Tensor y) implements Operator {
  /**
   * The scalars of an attention.
   *
   * @param scale on the dot product, usually {@code 1/√D}
   * @param causal whether a token sees only keys at its own position and before
   * @param window keys further back than this many positions, the token's own included, are hidden; 0 for no window
   * @param softcap {@code cap(s) = softcap · tanh(s / softcap)}; 0 for none
   * @param maxBias ALiBi's (Press et al. 2022, arXiv 2108.12409), as GGUF's {@code attention.max_alibi_bias}: it decides {@link #slope}; 0 for none
   */
  public record Options(float scale, boolean causal, int window, float softcap, float maxBias) {
    /** Checks the numbers. @throws ShapeException where they make no attention */
    public Options {
      Require require = new Require("attention");
      require.finite("scale", scale);
      require.that(window >= 0, "window must not be negative: " + window);
      require.that(softcap >= 0 && Float.isFinite(softcap), "softcap must be finite and not negative: " + softcap);
      require.that(maxBias >= 0 && Float.isFinite(maxBias), "max_bias must be finite and not negative: " + maxBias);
    }

    /** Without ALiBi. */
    public Options(float scale, boolean causal, int window, float softcap) {
      this(scale, causal, window, softcap, 0);
    }

    /** Causal, without window or soft cap. */
    public static Options causal(float scale) {
      return new Options(scale, true, 0, 0);
    }

    /**
     * What a query head's scores lose for each position that a key lies away: {@code 2^(−maxBias·(h+1)/n)} for the heads h under n, the largest power of two that is at
     * most {@code heads}, and {@code 2^(−maxBias/2·(2(h−n)+1)/n)} for those from n on; 0 without ALiBi.
     */
    public float slope(int head, int heads) {
      if (maxBias == 0) {
        return 0;
      }
      int n = Integer.highestOneBit(heads);
      return (float) Math.pow(2, head < n ? -(double) maxBias * (head + 1) / n : -maxBias / 2.0 * (2.0 * (head - n) + 1) / n);
    }
  }

  /** Checks shapes and dtypes. @throws ShapeException where they do not fit */
  public Attention {
    Require require = new Require("attention");
    require.rank("q", q, 3).rows("q", q).rows("y", y).sameCount(q, y, batch.positions());
    require.that(q.size(0) == batch.positions().size(0), "q " + q + " and positions " + batch.positions() + " must agree in tokens");
    long heads;
    long keySize;
    long valueSize;
    switch (kv) {
      case Kv.Dense dense -> {
        heads = dense.k().size(1);
        keySize = dense.k().size(2);
        valueSize = dense.v().size(2);
        require.shape("key_starts", dense.starts(), batch.starts().size(0));
      }
      case Kv.Paged paged -> {
        heads = paged.cache().spec().heads();
        keySize = paged.cache().spec().keySize();
        require.that(!paged.cache().spec().isLatent(), "a latent cache has no values of its own; mla_attention reads it");
        valueSize = paged.cache().spec().valueSize();
      }
    }
    require.that(heads > 0 && q.size(1) % heads == 0, q.size(1) + " query heads are no multiple of " + heads + " key/value heads");
    require.that(q.size(2) == keySize, "q " + q + " has heads of another size than the keys' " + keySize);
    require.shape("y", y, q.size(0), q.size(1), valueSize);
    sinks.ifPresent(s -> require.type("sinks", s, DType.F32).shape("sinks", s, q.size(1)).rowsContiguous("sinks", s));
  }

  @Override
  public String name() {
    return "attention";
  }

  @Override
  public List<Operand> operands() {
    List<Operand> list = new ArrayList<>(List.of(Operand.in("q", q)));
    if (kv instanceof Kv.Dense dense) {
      list.addAll(List.of(Operand.in("k", dense.k()), Operand.in("v", dense.v()), Operand.in("key_starts", dense.starts())));
    }
    list.addAll(batch.operands());
    sinks.ifPresent(s -> list.add(Operand.in("sinks", s)));
    list.add(Operand.out("y", y));
    return list;
  }

  @Override
  public List<Flag> flags() {
    List<Flag> list = new ArrayList<>();
    if (kv instanceof Kv.Paged paged) {
      list.add(new Flag("cache", paged.cache().spec().geometry()));
    }
    list.addAll(List.of(new Flag("scale", options.scale), new Flag("causal", options.causal), new Flag("window", options.window),
        new Flag("softcap", options.softcap)));
    if (options.maxBias > 0) {
      list.add(new Flag("max_bias", options.maxBias));
    }
    return list;
  }

  @Override
  public Optional<KvCache> cache() {
    return kv instanceof Kv.Paged paged ? Optional.of(paged.cache()) : Optional.empty();
  }

  @Override
  public Attention with(UnaryOperator<Tensor> replace) {
    Kv replaced = switch (kv) {
      case Kv.Dense dense -> new Kv.Dense(replace.apply(dense.k()), replace.apply(dense.v()), replace.apply(dense.starts()));
      case Kv.Paged paged -> paged;
    };
    return new Attention(replace.apply(q), replaced, batch.with(replace), options, sinks.map(replace), replace.apply(y));
  }
}
