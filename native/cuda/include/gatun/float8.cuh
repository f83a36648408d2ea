// 8-bit floats as pairs of F16, of which each is one exactly.
#pragma once

#include "gatun/platform.cuh"

namespace gatun {

// What float8_pair's numbers are multiplied by to be the elements.
template <DType T>
__device__ __forceinline__ constexpr float float8_unit() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 890
  return 1.0f;
#else
  return T == F8_E4M3 ? 256.0f : 1.0f;
#endif
}

// Bytes I and J of a word, I in the lower half.
template <DType T, int I, int J>
__device__ __forceinline__ uint32_t float8_pair(uint32_t word) {
  if constexpr (T == F8_E5M2) {
    return __byte_perm(word, 0, J << 12 | 0x0404 | I << 4);
  } else {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 890
    const uint16_t pair = static_cast<uint16_t>(I == 0 && J == 1 ? word : __byte_perm(word, 0, J << 4 | I));
    uint32_t both;
    asm("cvt.rn.f16x2.e4m3x2 %0, %1;" : "=r"(both) : "h"(pair));
    return both;
#else
    // An F16 with the exponent eight lower and the mantissa cut, but for NaN.
    const uint32_t high = __byte_perm(word, 0, J << 12 | 0x0404 | I << 4);
    const uint32_t both = (high & 0x80008000u) | (high & 0x7F007F00u) >> 1;
    const uint32_t nan = ((high & 0x7F007F00u) + 0x01000100u) & 0x80008000u;
    return both | nan >> 1 | nan >> 2 | nan >> 3 | nan >> 4 | nan >> 5 | nan >> 6;
#endif
  }
}

}  // namespace gatun
