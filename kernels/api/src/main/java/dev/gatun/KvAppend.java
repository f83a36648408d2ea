package dev.gatun;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Writes keys and values into a paged cache: token t of sequence s goes to position {@code positions[t]} of slot {@code slots[s]}, rounded to the
 * cache's dtype. A token whose page is not reserved is dropped. To a latent cache one row per token is appended, by {@link #latent}.
 *
 * @param k {@code [T, Hkv, D]}; F32, F16 or BF16, rows contiguous
 * @param v {@code [T, Hkv, Dv]}; the dtype of k, rows contiguous; of no elements for a latent cache
 * @param batch which token belongs where
 * @param kv the cache; Hkv, D and Dv are its own
 * @param layer the layer of the cache
 */
public record KvAppend(Tensor k, Tensor v, Ragged batch, KvCache kv, int layer) implements Operator {
  /** Checks shapes and dtypes. @throws ShapeException where they do not fit */
  public KvAppend {
    Require require = new Require("kv_append");
    KvCache.Spec spec = kv.spec();
    require.rows("k", k).rows("v", v).type("v", v, k.dtype());
    require.shape("k", k, batch.positions().size(0), spec.heads(), spec.keySize());
    require.shape("v", v, batch.positions().size(0), spec.heads(), spec.valueSize());
    require.that(layer >= 0 && layer < spec.layers(), "layer " + layer + " of a cache of " + spec.layers() + " layers");
    require.sameCount(k, v, batch.positions());
  }

  /**
   * Appends to a latent cache.
   *
   * @param rows {@code [T, 1, R + P]}, {@code [c | r]} of each token; F32, F16 or BF16, rows contiguous
   */
  public static KvAppend latent(Tensor rows, Ragged batch, KvCache kv, int layer) {
    new Require("kv_append").rank("rows", rows, 3).that(kv.spec().isLatent(), "the cache keeps values beside keys; only one made by KvCache.Spec.latent takes latent rows");
    return new KvAppend(rows, rows.slice(2, 0, 0), batch, kv, layer);
  }

  @Override
  public String name() {
    return "kv_append";
  }

  @Override
  public List<Operand> operands() {
    List<Operand> list = new ArrayList<>(List.of(Operand.in("k", k)));
    if (!kv.spec().isLatent()) {
      list.add(Operand.in("v", v));
    }
    list.addAll(batch.operands());
    return list;
  }

  @Override
  public List<Flag> flags() {
    return List.of(new Flag("cache", kv.spec().geometry()));
  }

  @Override
  public Optional<KvCache> cache() {
    return Optional.of(kv);
  }

  @Override
  public KvAppend with(UnaryOperator<Tensor> replace) {
    return new KvAppend(replace.apply(k), replace.apply(v), batch.with(replace), kv, layer);
  }
}
