package dev.gatun.tck.oracle;

import dev.gatun.GatunException;
import dev.gatun.KvCache;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.function.Function;

/** Where the {@link Oracle} finds the bytes of tensors and the content of caches. */
public interface Host {
  /** The memory that {@code tensor}'s offset counts from. @throws GatunException if the host cannot read it */
  MemorySegment memory(Tensor tensor);

  /** The content of a paged cache. @throws GatunException if there is none */
  CacheView cache(KvCache cache);

  /** Buffers that the host can read; no caches. */
  static Host buffers() {
    return withCache(cache -> {
      throw new GatunException("the oracle was given no view of a cache; use Host.withCache or Host.reading");
    });
  }

  /** Buffers that the host can read, and the cache content that {@code view} gives. */
  static Host withCache(Function<KvCache, CacheView> view) {
    return new Host() {
      @Override
      public MemorySegment memory(Tensor tensor) {
        return tensor.buffer().host()
            .orElseThrow(() -> new GatunException("the oracle cannot read " + tensor + ": its memory is not the host's"));
      }

      @Override
      public CacheView cache(KvCache cache) {
        return view.apply(cache);
      }
    };
  }

  /** Buffers that the host can read, and caches by {@link KvCache#read}: what the backend itself says is in its pages. */
  static Host reading(Stream stream) {
    return withCache(cache -> CacheView.reading(cache, stream));
  }
}
