package dev.gatun.decoder.family;

import dev.gatun.DType;
import dev.gatun.Kv;
import dev.gatun.KvAppend;
import dev.gatun.MlaAttention;
import dev.gatun.Ragged;
import dev.gatun.Tensor;
import dev.gatun.decoder.Dimensions;
import java.util.Optional;

/**
 * Multi-head latent attention (arXiv 2405.04434): keys and values of all heads are made of one short row for each position, which is what the cache keeps,
 * beside a rotated part of the key that all heads share.
 *
 * @param queryDown makes the short row of the queries; empty where queries are made at once
 * @param queryNorm of that row
 * @param query makes the queries, for each head the part without positions before the part that rotates
 * @param down makes the short row and the part of the key that rotates
 * @param norm of the short row
 * @param up makes keys and values
 */
record LatentAttention(Dimensions sizes, Optional<Linear> queryDown, Optional<Norm> queryNorm, Linear query, Linear down, Norm norm, MlaAttention.Up up,
    Linear output, Rotary rotary) implements Part {
  static LatentAttention load(BlockWeights at) {
    Dimensions d = at.sizes();
    Dimensions.Latent latent = d.latent().orElseThrow();
    Rotary rotary = at.rotary().orElseThrow();
    int rotated = rotary.rotation().dims();
    int queries = d.heads() * d.keySize();
    int rank = latent.queryRank();
    boolean direct = rank == 0;
    return new LatentAttention(d, direct ? Optional.empty() : Optional.of(at.linear("attn_q_a", rank, d.embedding())),
        direct ? Optional.empty() : Optional.of(at.norm("attn_q_a_norm", rank)),
        direct ? at.linear("attn_q", queries, d.embedding()) : at.linear("attn_q_b", queries, rank),
        at.linear("attn_kv_a_mqa", latent.rank() + rotated, d.embedding()), at.norm("attn_kv_a_norm", latent.rank()), up(at, latent.rank(), d.keySize() - rotated),
        at.linear("attn_output", d.embedding(), d.heads() * d.valueSize()), rotary);
  }

  /** Older files hold the matrices of keys and values in one. */
  private static MlaAttention.Up up(BlockWeights at, int rank, int nope) {
    Dimensions d = at.sizes();
    int both = d.heads() * (nope + d.valueSize());
    if (!at.has("attn_k_b.weight")) {
      return MlaAttention.Up.ofBoth(at.latent("attn_kv_b.weight", both, rank), d.heads(), nope);
    }
    if (at.has("attn_kv_b.weight")) {
      at.leaveOut("attn_kv_b.weight", both, rank);
    }
    return MlaAttention.Up.of(at.latent("attn_k_b.weight", d.heads(), rank, nope), at.latent("attn_v_b.weight", d.heads(), d.valueSize(), rank));
  }

  @Override
  public Tensor append(Scope scope, Tensor x) {
    int tokens = scope.tokens();
    Tensor q = queries(scope, x).reshape(tokens, sizes.heads(), sizes.keySize());
    Tensor rotating = q.slice(2, up.nope(), sizes.keySize());
    Tensor turned = rotary.append(scope, "q", DType.F32, rotating);

    int width = down.rows();
    Tensor raw = scope.rows("kv_down", width);
    down.append(scope.program(), x, raw);
    Tensor row = scope.rows("latent", width);
    norm.append(scope.program(), raw.slice(1, 0, up.rank()), row.slice(1, 0, up.rank()));
    rotary.append(scope, raw.reshape(tokens, 1, width).slice(2, up.rank(), width), row.reshape(tokens, 1, width).slice(2, up.rank(), width));

    Ragged batch = scope.inputs().batch();
    scope.program().add(KvAppend.latent(row.reshape(tokens, 1, width), batch, scope.cache(), scope.layer()));
    Tensor mixed = scope.narrow("attention", sizes.heads() * sizes.valueSize());
    scope.program().add(new MlaAttention(q.slice(2, 0, up.nope()), turned, new Kv.Paged(scope.cache(), scope.layer()), up, batch, sizes.attentionScale(), true,
        mixed.reshape(tokens, sizes.heads(), sizes.valueSize())));
    Tensor y = scope.rows("attn_output", output.rows());
    output.append(scope.program(), mixed, y);
    return y;
  }

  private Tensor queries(Scope scope, Tensor x) {
    Tensor read = x;
    if (queryDown.isPresent()) {
      Tensor shorter = scope.rows("q_down", queryDown.get().rows());
      queryDown.get().append(scope.program(), x, shorter);
      read = scope.narrow("q_down_norm", queryDown.get().rows());
      queryNorm.orElseThrow().append(scope.program(), shorter, read);
    }
    Tensor q = scope.rows("q", query.rows());
    query.append(scope.program(), read, q);
    return q;
  }
}
