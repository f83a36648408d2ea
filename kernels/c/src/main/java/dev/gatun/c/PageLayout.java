package dev.gatun.c;

import dev.gatun.KvCache;

/**
 * Where keys and values of a cache lie, in bytes: for each layer, page and head first a page's keys, then its values.
 *
 * @param keyBytes from one key of a head to the next
 * @param valueBytes from one value of a head to the next
 * @param headBytes from one head of a page to the next
 * @param pageBytes from one page of a layer to the next
 * @param layerBytes from one layer to the next
 */
record PageLayout(long keyBytes, long valueBytes, long headBytes, long pageBytes, long layerBytes) {
  /** The layout of a geometry. @throws dev.gatun.ShapeException where a key or a value is no whole number of the dtype's blocks */
  static PageLayout of(KvCache.Spec spec) {
    long key = spec.dtype().bytes(spec.keySize());
    long value = spec.dtype().bytes(spec.valueSize());
    long head = spec.pageTokens() * (key + value);
    return new PageLayout(key, value, head, spec.heads() * head, (long) spec.pages() * spec.heads() * head);
  }

  /** The first byte of a head of a page. */
  long head(int layer, int page, int head) {
    return layer * layerBytes + page * pageBytes + head * headBytes;
  }
}
