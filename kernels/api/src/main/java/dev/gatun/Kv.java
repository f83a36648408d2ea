package dev.gatun;

/** Where {@link Attention} finds its keys and values. */
public sealed interface Kv {
  /**
   * Plain tensors: sequence s owns the rows {@code starts[s]} to {@code starts[s+1]}, and row j of them is position j.
   *
   * @param k {@code [Tk, Hkv, D]}; F32, F16 or BF16, rows contiguous
   * @param v {@code [Tk, Hkv, Dv]}; the dtype of k, rows contiguous
   * @param starts {@code [S+1]} in I32
   */
  record Dense(Tensor k, Tensor v, Tensor starts) implements Kv {
    /** Checks shapes and dtypes. @throws ShapeException where they do not fit */
    public Dense {
      Require require = new Require("attention");
      require.rank("k", k, 3).rows("k", k).rows("v", v).type("v", v, k.dtype()).shape("v", v, k.size(0), k.size(1), -1);
      require.type("key_starts", starts, DType.I32).rank("key_starts", starts, 1).rowsContiguous("key_starts", starts);
    }
  }

  /**
   * One layer of a paged cache. A sequence's keys are those at positions 0 to the position of its last token in this step.
   *
   * @param cache the cache
   * @param layer the layer
   */
  record Paged(KvCache cache, int layer) implements Kv {
    /** Checks the layer. @throws ShapeException if the cache has no such layer */
    public Paged {
      new Require("attention").that(layer >= 0 && layer < cache.spec().layers(),
          "layer " + layer + " of a cache of " + cache.spec().layers() + " layers");
    }
  }
}
