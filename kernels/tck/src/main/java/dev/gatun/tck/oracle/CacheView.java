package dev.gatun.tck.oracle;

import dev.gatun.KvCache;
import dev.gatun.Stream;

/** What a paged cache holds, as the {@link Oracle} sees it. */
public interface CacheView {
  /** The elements of one head's key or value. */
  double[] read(KvCache.Part part, int layer, int slot, int position, int head);

  /** A view by {@link KvCache#read}. */
  static CacheView reading(KvCache cache, Stream stream) {
    return (part, layer, slot, position, head) -> {
      float[] narrow = cache.read(stream, slot, layer, part, position, head);
      double[] wide = new double[narrow.length];
      for (int i = 0; i < wide.length; i++) {
        wide[i] = narrow[i];
      }
      return wide;
    };
  }
}
