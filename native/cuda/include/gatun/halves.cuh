// Pairs of 16-bit floats, rounded from float32, and products of them on tensor cores.
#pragma once

#include "gatun/platform.cuh"

namespace gatun {

template <DType T>
__device__ __forceinline__ uint16_t round16(float value) {
  return T == F16 ? float_to_f16(value) : float_to_bf16(value);
}

template <DType T>
__device__ __forceinline__ float value16(uint16_t bits) {
  return T == F16 ? f16_to_float(bits) : bf16_to_float(bits);
}

// Two numbers, the first in the lower half.
template <DType T>
__device__ __forceinline__ uint32_t pack16(float low, float high) {
  if constexpr (T == BF16) {
    return floats_to_bf16x2(low, high);
  } else {
    return round16<T>(low) | static_cast<uint32_t>(round16<T>(high)) << 16;
  }
}

// What pack16 left of two numbers.
template <DType T>
__device__ __forceinline__ uint32_t pack16_rest(float low, float high, uint32_t packed) {
  return pack16<T>(low - value16<T>(static_cast<uint16_t>(packed)), high - value16<T>(static_cast<uint16_t>(packed >> 16)));
}

// d = a·b + d of 16x8x16.
template <DType T>
__device__ __forceinline__ void multiply(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  const uint32_t b[2] = {b0, b1};
  if constexpr (T == F16) {
    mma_f16(d, a, b);
  } else {
    mma_bf16(d, a, b);
  }
}

}  // namespace gatun
