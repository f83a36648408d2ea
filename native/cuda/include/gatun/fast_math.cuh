// Functions of the special function unit, for numbers that are rounded to 16 bits afterwards: off by 2^-22 of themselves, subnormal ones taken as zero.
#pragma once

#include "gatun/platform.cuh"

namespace gatun {

#if defined(__CUDACC__)
// 2^x: 0 for -inf, inf past 128. [ex2.approx.ftz]
__device__ __forceinline__ float exp2_fast(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

// 1 / x: 0 for inf. [rcp.approx.ftz]
__device__ __forceinline__ float reciprocal_fast(float x) {
  float y;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

// Two floats rounded to F16, to nearest even, the first in the lower half.
__device__ __forceinline__ uint32_t floats_to_f16x2(float low, float high) {
  uint32_t bits;
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(high), "f"(low));
  return bits;
}

// x, which the compiler takes for a new number: what is computed from it isn't kept in registers through a loop around it.
__device__ __forceinline__ int renewed(int x) {
  asm volatile("" : "+r"(x));
  return x;
}
#else
inline float exp2_fast(float x) {
  const float y = exp2f(x);
  return y < 1.17549435e-38f ? 0.0f : y;
}
inline float reciprocal_fast(float x) { return 1.0f / x; }
inline uint32_t floats_to_f16x2(float low, float high) { return float_to_f16(low) | static_cast<uint32_t>(float_to_f16(high)) << 16; }
inline int renewed(int x) { return x; }
#endif

// tanh(x), off by 2^-22: the rest of a fraction that the exponential of a large x makes 0. Near 0 that is not off by a share of x.
__device__ __forceinline__ float tanh_fast(float x) { return 1.0f - 2.0f * reciprocal_fast(exp2_fast(x * 2.88539008177792681f) + 1.0f); }

}  // namespace gatun
