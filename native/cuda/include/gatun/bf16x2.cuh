// Arithmetic on pairs of BF16.
#pragma once

#include "gatun/platform.cuh"

namespace gatun {

// Both halves of a less those of b, rounded to nearest even. sm_80.
__device__ __forceinline__ uint32_t subtract_bf16x2(uint32_t a, uint32_t b) {
#if defined(__CUDACC__)
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
  uint32_t d;
  asm("fma.rn.bf16x2 %0, %1, %2, %3;" : "=r"(d) : "r"(b), "r"(0xBF80BF80u), "r"(a));
  return d;
#else
  __trap();
  return 0;
#endif
#else
  const auto half = [](uint32_t x, uint32_t y) { return __uint_as_float(x << 16) - __uint_as_float(y << 16); };
  return floats_to_bf16x2(half(a, b), half(a >> 16, b >> 16));
#endif
}

}  // namespace gatun
