package dev.gatun.cpu.op;

import dev.gatun.Attention;
import dev.gatun.DType;
import dev.gatun.Kv;
import dev.gatun.KvCache;

/**
 * The sizes and types of what {@link AttentionUnits} goes over.
 *
 * @param tokens rows of queries at most
 * @param queryHeads query heads
 * @param heads key/value heads
 * @param keySize elements of a key
 * @param valueSize elements of a value
 * @param q what queries are made of
 * @param kept what keys and values lie as
 * @param y what results are made of
 * @param context positions of a sequence at most
 * @param latent whether a value is the first elements of its key
 * @param expansionBytes what a {@link LatentExpansion} works in; 0 where there is none
 */
record AttentionShape(long tokens, int queryHeads, int heads, int keySize, int valueSize, DType q, DType kept, DType y, long context, boolean latent, long expansionBytes) {
  static AttentionShape of(Attention operator) {
    int heads = switch (operator.kv()) {
      case Kv.Dense dense -> (int) dense.k().size(1);
      case Kv.Paged paged -> paged.cache().spec().heads();
    };
    DType kept = switch (operator.kv()) {
      case Kv.Dense dense -> dense.k().dtype();
      case Kv.Paged paged -> paged.cache().spec().dtype();
    };
    long context = switch (operator.kv()) {
      case Kv.Dense dense -> dense.k().size(0);
      case Kv.Paged paged -> context(paged.cache().spec());
    };
    return new AttentionShape(operator.q().size(0), (int) operator.q().size(1), heads, (int) operator.q().size(2), (int) operator.y().size(2), operator.q().dtype(),
        kept, operator.y().dtype(), context, false, 0);
  }

  /** One past the slot's end, where a token's own position may lie that has no page. */
  static long context(KvCache.Spec spec) {
    return spec.slotTokens() + 1L;
  }

  boolean expanded() {
    return expansionBytes > 0;
  }

  int group() {
    return queryHeads / heads;
  }

  /** Whether keys and values are turned into F32 before anything in Java reads them. */
  boolean widened() {
    return kept != DType.F32 && !expanded();
  }

  /** Whether queries are copied before they are read: they are of another type than F32, or lie in two parts. */
  boolean gathered() {
    return q != DType.F32 || expanded();
  }

  /** What a tile's keys and values are made of when they are looked at. */
  DType seen() {
    return expanded() ? DType.F32 : kept;
  }

  /** The largest score, the sum of weights, and the weighted sum of values. */
  long partialBytes() {
    return Scratch.align(8 + 4L * valueSize);
  }
}
