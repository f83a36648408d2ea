package dev.gatun.c;

import dev.gatun.DType;
import dev.gatun.KvCache;
import java.lang.foreign.Arena;
import java.util.Optional;
import java.util.Set;

/** Which caches the header can describe; whether a library serves them is for the library to say. */
final class CacheGeometry {
  private static final Set<DType> TYPES = Set.of(DType.F32, DType.F16, DType.BF16, DType.F8_E4M3, DType.F8_E5M2, DType.Q8_0);

  private static final String APPEND = "gatun_kv_append";

  private CacheGeometry() {}

  /** Why a geometry cannot be described, if it cannot. */
  static Optional<String> refusal(KvCache.Spec spec) {
    if (!TYPES.contains(spec.dtype())) {
      return Optional.of("a cache of " + spec.dtype() + " is not served; backends in C keep F32, F16, BF16, F8_E4M3, F8_E5M2 or Q8_0");
    }
    if (spec.isLatent()) {
      return Optional.of("a cache of latent rows is not served: gatun.h describes caches of keys and values; use the CPU or CUDA backend");
    }
    int block = spec.dtype().blockSize();
    if (spec.keySize() % block != 0 || spec.valueSize() % block != 0) {
      return Optional.of("a cache of " + spec.dtype() + " needs head sizes that are multiples of " + block + ", not keys of "
          + spec.keySize() + " and values of " + spec.valueSize() + "; use F32, F16 or BF16");
    }
    return Optional.empty();
  }

  /** Why a library does not append to a cache of this geometry, whatever the keys' dtype; empty if it does. */
  static Optional<String> refused(KvCache.Spec spec, CLibrary library, long device) {
    String reason = library.fileName() + " has no " + APPEND;
    try (Arena arena = Arena.ofConfined()) {
      for (DType dtype : new DType[] {DType.F32, DType.F16, DType.BF16}) {
        Launch question = Launch.append(spec, dtype, arena);
        Optional<CFunction> append = library.launch(APPEND, question.shape());
        if (append.isPresent()) {
          int status = append.get().launch(append.get().bound(device, question.arguments()), 0);
          if (status == Status.OK) {
            return Optional.empty();
          }
          reason = APPEND + " of " + library.fileName() + ": " + Status.told(status, library.message());
        }
      }
    }
    return Optional.of("a cache of " + spec.dtype() + " is not served: " + reason);
  }
}
