// Reading what is read once, and ahead of time.
#pragma once

#include "gatun/platform.cuh"

namespace gatun {

// What a copy tells the L2 of the bytes that it passes: that they are the first to go. Weights are read once a token, activations again and again.
typedef uint64_t CachePolicy;

#if defined(__CUDACC__)

__device__ __forceinline__ CachePolicy read_once() {
  CachePolicy policy = 0;
#if __CUDA_ARCH__ >= 800
  asm("createpolicy.fractional.L2::evict_first.b64 %0, 1.0;" : "=l"(policy));
#endif
  return policy;
}

// As cp_async16, under a policy.
__device__ __forceinline__ void cp_async16(void* shared, const void* global, int bytes, CachePolicy policy) {
#if __CUDA_ARCH__ >= 800
  const unsigned to = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  asm volatile("cp.async.cg.shared.global.L2::cache_hint [%0], [%1], 16, %2, %3;" ::"r"(to), "l"(global), "r"(bytes), "l"(policy) : "memory");
#else
  uint4 value = make_uint4(0, 0, 0, 0);
  if (bytes == 16) {
    value = *static_cast<const uint4*>(global);
  } else {
    const auto byte = [&](int i) { return i < bytes ? static_cast<uint32_t>(static_cast<const unsigned char*>(global)[i]) << (8 * i % 32) : 0u; };
    value = make_uint4(byte(0) | byte(1) | byte(2) | byte(3), byte(4) | byte(5) | byte(6) | byte(7), byte(8) | byte(9) | byte(10) | byte(11),
                       byte(12) | byte(13) | byte(14) | byte(15));
  }
  *static_cast<uint4*>(shared) = value;
#endif
}

// Asks for the 128 bytes around an address to be brought to the L2.
__device__ __forceinline__ void prefetch(const void* global) { asm volatile("prefetch.global.L2 [%0];" ::"l"(global)); }

#else

static inline CachePolicy read_once() { return 0; }
static inline void cp_async16(void* shared, const void* global, int bytes, CachePolicy, GATUN_PLACE) { emulator::copy_async(shared, global, bytes, file, line); }
static inline void prefetch(const void*) {}

#endif

}  // namespace gatun
