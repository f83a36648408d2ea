package dev.gatun.tornado.op;

import dev.gatun.KvCache;

/**
 * Where keys and values of a layer of a cache lie, in bytes: for each page and head first a page's keys, then its values.
 *
 * @param keyBytes from one key of a head to the next
 * @param valueBytes from one value of a head to the next
 * @param headBytes from one head of a page to the next
 * @param pageBytes from one page to the next
 * @param layerBytes all pages of a layer
 */
public record PageLayout(long keyBytes, long valueBytes, long headBytes, long pageBytes, long layerBytes) {
  /** The layout of a geometry. @throws dev.gatun.ShapeException where a key or a value is no whole number of the dtype's blocks */
  public static PageLayout of(KvCache.Spec spec) {
    long key = spec.dtype().bytes(spec.keySize());
    long value = spec.dtype().bytes(spec.valueSize());
    long head = spec.pageTokens() * (key + value);
    return new PageLayout(key, value, head, spec.heads() * head, (long) spec.pages() * spec.heads() * head);
  }

  /** The first byte of a head of a page. */
  public long head(int page, int head) {
    return page * pageBytes + head * headBytes;
  }
}
