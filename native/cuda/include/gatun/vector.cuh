// Four elements of a row at a time.
#pragma once

#include "gatun/platform.cuh"

namespace gatun {

// Whether four elements of the type can be read at once from any multiple of four on.
__device__ __forceinline__ bool aligned4(const char* row, DType dtype) {
  return (reinterpret_cast<uintptr_t>(row) & (dtype == F32 ? 15 : 7)) == 0;
}

// Elements i to i+3 of a row of F32, F16 or BF16 for which aligned4 holds; i is a multiple of four.
__device__ __forceinline__ float4 load4(const char* row, DType dtype, int64_t i) {
  if (dtype == F32) {
    return *reinterpret_cast<const float4*>(row + i * 4);
  }
  const uint2 bits = *reinterpret_cast<const uint2*>(row + i * 2);
  const uint16_t b0 = static_cast<uint16_t>(bits.x), b1 = static_cast<uint16_t>(bits.x >> 16);
  const uint16_t b2 = static_cast<uint16_t>(bits.y), b3 = static_cast<uint16_t>(bits.y >> 16);
  if (dtype == F16) {
    return make_float4(f16_to_float(b0), f16_to_float(b1), f16_to_float(b2), f16_to_float(b3));
  }
  return make_float4(bf16_to_float(b0), bf16_to_float(b1), bf16_to_float(b2), bf16_to_float(b3));
}

// Writes elements i to i+3, rounded to nearest even, under the conditions of load4.
__device__ __forceinline__ void store4(char* row, DType dtype, int64_t i, float4 v) {
  if (dtype == F32) {
    *reinterpret_cast<float4*>(row + i * 4) = v;
    return;
  }
  uint2 bits;
  if (dtype == F16) {
    bits.x = float_to_f16(v.x) | static_cast<uint32_t>(float_to_f16(v.y)) << 16;
    bits.y = float_to_f16(v.z) | static_cast<uint32_t>(float_to_f16(v.w)) << 16;
  } else {
    bits.x = float_to_bf16(v.x) | static_cast<uint32_t>(float_to_bf16(v.y)) << 16;
    bits.y = float_to_bf16(v.z) | static_cast<uint32_t>(float_to_bf16(v.w)) << 16;
  }
  *reinterpret_cast<uint2*>(row + i * 2) = bits;
}

}  // namespace gatun
