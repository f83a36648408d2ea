package dev.gatun.decoder.family;

import dev.gatun.DType;
import dev.gatun.Tensor;
import java.util.Optional;

/**
 * The norms of queries and keys before they rotate.
 *
 * @param whole whether a row of all heads is normed, or each head by itself
 */
record HeadNorms(boolean whole, Norm q, Norm k) {
  /** Of each head by itself. */
  static Optional<HeadNorms> ofEach(BlockWeights at) {
    int size = at.sizes().keySize();
    return Optional.of(new HeadNorms(false, at.norm("attn_q_norm", size), at.norm("attn_k_norm", size)));
  }

  /** Of all heads together. */
  static Optional<HeadNorms> ofAll(BlockWeights at) {
    int size = at.sizes().keySize();
    return Optional.of(new HeadNorms(true, at.norm("attn_q_norm", size * at.sizes().heads()), at.norm("attn_k_norm", size * at.sizes().kvHeads())));
  }

  /** Norms {@code rows}, {@code [tokens, heads · size]}, by {@code norm}, one of the two. @return {@code [tokens, heads, size]} */
  Tensor append(Scope scope, String name, Norm norm, Tensor rows, int heads, int size) {
    Tensor x = whole ? rows : rows.reshape(rows.size(0), heads, size);
    Tensor normed = scope.like(name + "_norm", DType.F32, x);
    norm.append(scope.program(), x, normed);
    return normed.reshape(rows.size(0), heads, size);
  }
}
