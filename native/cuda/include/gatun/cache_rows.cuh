// Rows written into a cache by whole warps.
#pragma once

#include "gatun/cache.cuh"

namespace gatun {

template <DType T>
__device__ __forceinline__ void keep_row(const char* from, DType dtype, char* into, int size) {
  const int lane = threadIdx.x % 32;
  if constexpr (T == Q8_0) {
    for (int i = 0; i < size; i += 32) {
      keep_q8_0(into + i / 32 * 34, lane, load(from, dtype, i + lane));
    }
  } else {
    for (int i = lane; i < size; i += 32) {
      keep<T>(into, i, load(from, dtype, i));
    }
  }
}

// A row of `size` elements of F32, F16 or BF16, rounded to a cache's type.
__device__ __forceinline__ void keep_row(DType kept, const char* from, DType dtype, char* into, int size) {
  switch (kept) {
    case F16:
      return keep_row<F16>(from, dtype, into, size);
    case BF16:
      return keep_row<BF16>(from, dtype, into, size);
    case F8_E4M3:
      return keep_row<F8_E4M3>(from, dtype, into, size);
    case F8_E5M2:
      return keep_row<F8_E5M2>(from, dtype, into, size);
    case Q8_0:
      return keep_row<Q8_0>(from, dtype, into, size);
    default:
      return keep_row<F32>(from, dtype, into, size);
  }
}

}  // namespace gatun
