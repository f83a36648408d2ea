package dev.gatun.cpu;

import dev.gatun.Backend;
import dev.gatun.KvCache;
import dev.gatun.spi.DeviceCache;
import java.lang.reflect.Constructor;

/** Caches without a backend, for tests that bind kernels by hand and map the block table themselves. */
public final class CpuCacheAccess {
  private CpuCacheAccess() {}

  /** New pages, none mapped. */
  public static CpuCache pages(KvCache.Spec spec) {
    return new CpuCache(spec);
  }

  /** A cache over {@code pages}. */
  public static KvCache cache(CpuCache pages) {
    try {
      Constructor<KvCache> constructor = KvCache.class.getDeclaredConstructor(Backend.class, KvCache.Spec.class, DeviceCache.class);
      constructor.setAccessible(true);
      return constructor.newInstance(null, pages.spec(), pages);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
