package dev.gatun.cuda.op;

import dev.gatun.DType;
import dev.gatun.KvCache;
import dev.gatun.Ragged;
import dev.gatun.cuda.kernel.LaunchBuilder;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Unsupported;
import java.util.Optional;
import java.util.Set;

/** What kernels are told of a cache's pages, and of the sequences of a step. */
final class CacheGeometry {
  private static final Set<DType> TYPES = Set.of(DType.F32, DType.F16, DType.BF16, DType.F8_E4M3, DType.F8_E5M2, DType.Q8_0);

  private CacheGeometry() {}

  /** Why a cache of this geometry cannot be kept, if it cannot. */
  static Optional<Decision> refusal(KvCache.Spec spec) {
    if (!TYPES.contains(spec.dtype())) {
      return Optional.of(new Unsupported("a cache of " + spec.dtype()
          + " is not served; the CUDA backend keeps F32, F16, BF16, F8_E4M3, F8_E5M2 and Q8_0"));
    }
    int block = spec.dtype().blockSize();
    if (spec.keySize() % block != 0 || spec.valueSize() % block != 0) {
      return Optional.of(new Unsupported("a cache of " + spec.dtype() + " needs head sizes that are multiples of " + block
          + ", not keys of " + spec.keySize() + " and values of " + spec.valueSize() + "; use F32, F16 or BF16"));
    }
    return Optional.empty();
  }

  /** Passes the sequences: starts, slots, positions, and how many there are. */
  static LaunchBuilder pass(LaunchBuilder launch, Ragged batch, Binding binding) {
    return launch.pointer("starts", binding.address(batch.starts())).pointer("slots", binding.address(batch.slots()))
        .pointer("positions", binding.address(batch.positions())).pointer("sequence_count", binding.count(batch.slots()))
        .set("sequences", Math.toIntExact(batch.slots().size(0)));
  }

  /** Passes the block table. */
  static LaunchBuilder pass(LaunchBuilder launch, CachePages pages) {
    KvCache.Spec spec = pages.spec();
    int tokens = spec.pageTokens();
    return launch.pointer("table", pages.table()).set("cache_slots", spec.slots()).set("slot_tokens", spec.slotTokens())
        .set("slot_pages", spec.slotPages())
        .set("page_tokens", tokens).set("page_shift", Integer.bitCount(tokens) == 1 ? Integer.numberOfTrailingZeros(tokens) : -1);
  }

  /** Passes that there is no block table. */
  static LaunchBuilder passNone(LaunchBuilder launch) {
    return launch.pointer("table", 0).set("cache_slots", 0).set("slot_tokens", 0).set("slot_pages", 0)
        .set("page_tokens", 1).set("page_shift", 0);
  }
}
