package dev.gatun.decoder.family;

import dev.gatun.Attention;
import dev.gatun.DType;
import dev.gatun.Kv;
import dev.gatun.KvAppend;
import dev.gatun.Ragged;
import dev.gatun.Tensor;
import dev.gatun.decoder.Dimensions;
import java.util.Optional;

/**
 * Attention of query heads that share key/value heads in groups of one or more. A file may hold the rows of q, k and v one after the other in one
 * matrix: its parts are taken as three, so that what a backend does for three is done for them.
 *
 * @param norms of queries and keys, if any
 * @param rotary of queries and keys, if any
 * @param options scale, mask, soft cap
 */
record GroupedAttention(Dimensions sizes, Linear q, Linear k, Linear v, Linear output, Optional<HeadNorms> norms, Optional<Rotary> rotary,
    Attention.Options options) implements Part {
  /** Takes its matrices, with or without biases. */
  static GroupedAttention load(BlockWeights at, Optional<HeadNorms> norms, Optional<Rotary> rotary, Attention.Options options) {
    Dimensions d = at.sizes();
    int embedding = d.embedding();
    int queries = d.heads() * d.keySize();
    int keys = queries + d.kvHeads() * d.keySize();
    int values = keys + d.kvHeads() * d.valueSize();
    Linear output = at.linear("attn_output", embedding, d.heads() * d.valueSize());
    if (at.has("attn_qkv.weight")) {
      return new GroupedAttention(d, part(at, "attn_q", values, 0, queries), part(at, "attn_k", values, queries, keys), part(at, "attn_v", values, keys, values),
          output, norms, rotary, options);
    }
    return new GroupedAttention(d, at.linear("attn_q", queries, embedding), at.linear("attn_k", keys - queries, embedding),
        at.linear("attn_v", values - keys, embedding), output, norms, rotary, options);
  }

  /** Rows of the one matrix. Its bias may be in three parts all the same. */
  private static Linear part(BlockWeights at, String name, int rows, int from, int to) {
    Linear linear = at.linearPart("attn_qkv", rows, from, to, at.sizes().embedding());
    return linear.bias().isPresent() ? linear : new Linear(linear.weight(), at.optionalVector(name + ".bias", to - from));
  }

  /** Causal, over keys of the last {@code window} positions, 0 for all. */
  static Attention.Options causal(Dimensions d, int window) {
    return new Attention.Options(d.attentionScale(), true, window, 0);
  }

  @Override
  public Tensor append(Scope scope, Tensor x) {
    Tensor queries = scope.rows("q", q.rows());
    Tensor keys = scope.rows("k", k.rows());
    Tensor values = scope.rows("v", v.rows());
    q.append(scope.program(), x, queries);
    k.append(scope.program(), x, keys);
    v.append(scope.program(), x, values);
    Tensor asked = turned(scope, "q", norms.map(HeadNorms::q), scope.queries(), queries, sizes.heads());
    Tensor held = turned(scope, "k", norms.map(HeadNorms::k), DType.F32, keys, sizes.kvHeads());
    Ragged batch = scope.inputs().batch();
    scope.program().add(new KvAppend(held, values.reshape(scope.tokens(), sizes.kvHeads(), sizes.valueSize()), batch, scope.cache(), scope.layer()));
    Tensor mixed = scope.narrow("attention", sizes.heads() * sizes.valueSize());
    scope.program().add(new Attention(asked, new Kv.Paged(scope.cache(), scope.layer()), batch, options, Optional.empty(),
        mixed.reshape(scope.tokens(), sizes.heads(), sizes.valueSize())));
    Tensor y = scope.rows("attn_output", output.rows());
    output.append(scope.program(), mixed, y);
    return y;
  }

  private Tensor turned(Scope scope, String name, Optional<Norm> norm, DType type, Tensor rows, int heads) {
    Tensor normed = norm.isPresent() ? norms.orElseThrow().append(scope, name, norm.get(), rows, heads, sizes.keySize())
        : rows.reshape(scope.tokens(), heads, sizes.keySize());
    return rotary.isPresent() ? rotary.get().append(scope, name, type, normed) : normed;
  }
}
