package dev.gatun.cuda.op;

import dev.gatun.KvCache;

/**
 * Where a cache's pages lie: for each layer, page and head first {@code pageTokens} keys of {@code keySize} elements, then as many values. The block table is
 * {@code [slots, pages per slot]} in I32, −1 where there is no page.
 */
public interface CachePages {
  /** The geometry. */
  KvCache.Spec spec();

  /** The device address of a layer's first page. */
  long layer(int layer);

  /** The device address of the block table. */
  long table();

  /** Bytes from one key of a head in a page to the next. */
  long keyBytes();

  /** Bytes from one value of a head in a page to the next. */
  long valueBytes();

  /** Bytes from one head of a page to the next: the keys, then the values. */
  long headBytes();
}
