// Reductions over a block, in an order that depends on nothing but the block's size.
#pragma once

#include "gatun/platform.cuh"

namespace gatun {

// The largest of the block's values, the same in every thread; NaN is passed over. Every thread calls it.
template <int THREADS>
__device__ __forceinline__ float block_max(float value) {
  for (int offset = 16; offset > 0; offset >>= 1) {
    value = fmaxf(value, __shfl_xor_sync(0xFFFFFFFFu, value, offset));
  }
  if constexpr (THREADS > 32) {
    GATUN_SHARED(float[THREADS / 32], largest);
    __syncthreads();  // the array may still be read by the call before
    if (threadIdx.x % 32 == 0) {
      largest[threadIdx.x / 32] = value;
    }
    __syncthreads();
    value = largest[0];
    for (int i = 1; i < THREADS / 32; i++) {
      value = fmaxf(value, largest[i]);
    }
  }
  return value;
}

}  // namespace gatun
