package dev.gatun;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Writes keys and values into a paged cache: token t of sequence s goes to position {@code positions[t]} of slot {@code slots[s]}, rounded to the
 * cache's dtype. A token whose page is not reserved is dropped.
 *
 * @param k {@code [T, Hkv, D]}; F32, F16 or BF16, rows contiguous
 * @param v {@code [T, Hkv, Dv]}; the dtype of k, rows contiguous
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

  @Override
  public String name() {
    return "kv_append";
  }

  @Override
  public List<Operand> operands() {
    List<Operand> list = new ArrayList<>(List.of(Operand.in("k", k), Operand.in("v", v)));
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
