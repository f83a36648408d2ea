package dev.gatun.decoder;

import dev.gatun.Backend;
import dev.gatun.DeviceProperties;
import dev.gatun.DType;
import dev.gatun.KvCache;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/** Sizes a decoder's cache, and refuses one that memory has no room for: the whole cache is taken at once. */
final class CacheSpace {
  private static final int PAGE = 64;
  private static final Path MEMORY_FACTS = Path.of("/proc/meminfo");

  private CacheSpace() {}

  /** The geometry. @throws ModelException if there would be more pages than can be counted */
  static KvCache.Spec spec(Path file, Dimensions d, DecoderOptions options) {
    int slotPages = Math.ceilDiv(options.context(), PAGE);
    long pages = options.cacheTokens().isPresent() ? Math.ceilDiv(options.cacheTokens().getAsInt(), PAGE) : (long) slotPages * options.sequences();
    if (pages > Integer.MAX_VALUE) {
      throw new ModelException(file, "a cache for " + options.sequences() + " sequences of " + options.context() + " tokens has " + pages
          + " pages, the most is " + Integer.MAX_VALUE + "; choose a smaller context or fewer sequences");
    }
    if (d.latent().isPresent()) {
      int rotated = d.cachedElements() - d.latent().get().rank();
      return KvCache.Spec.latent(d.layers(), d.latent().get().rank(), rotated, options.cacheType(), PAGE, (int) pages, options.sequences(), slotPages * PAGE);
    }
    return new KvCache.Spec(d.layers(), d.kvHeads(), d.keySize(), d.valueSize(), options.cacheType(), PAGE, (int) pages, options.sequences(),
        slotPages * PAGE);
  }

  /** Compares a cache with the memory there is. @throws ModelException naming the bytes needed and available if it does not fit */
  static void check(Path file, KvCache.Spec spec, long available) {
    if (spec.bytes() > available) {
      String narrower = spec.dtype() == DType.F32 ? " or --cache-type f16" : "";
      throw new ModelException(file, "the cache for " + spec.slots() + " x " + spec.slotTokens() + " tokens needs " + spec.bytes() + " bytes and "
          + available + " are available; choose a smaller context" + narrower);
    }
  }

  /** Bytes that a cache on this backend can take: what the host has left, where the backend works in host memory, and all a device has elsewhere. */
  static long available(Backend backend) {
    DeviceProperties device = backend.device();
    long total = device.memoryBytes() > 0 ? device.memoryBytes() : Long.MAX_VALUE;
    return device.hostMemory() ? Math.min(total, left().orElse(total)) : total;
  }

  private static OptionalLong left() {
    try {
      return Files.isReadable(MEMORY_FACTS) ? left(Files.readAllLines(MEMORY_FACTS)) : OptionalLong.empty();
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }

  /** The line {@code MemAvailable:  12345 kB} in bytes; the kernel's estimate of what can be taken without swapping (proc_meminfo(5)). */
  static OptionalLong left(List<String> facts) {
    return facts.stream().filter(line -> line.matches("MemAvailable:\\s+\\d{1,15} kB")).mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst();
  }
}
