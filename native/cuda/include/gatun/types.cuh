// Element types and the views of tensors that kernels take.
#pragma once

#include "gatun/dtypes.h"

namespace gatun {

__host__ __device__ __forceinline__ float bf16_to_float(uint16_t bits) {
  return __uint_as_float(static_cast<uint32_t>(bits) << 16);
}

// Rounds to nearest even and keeps NaN.
__host__ __device__ __forceinline__ uint16_t float_to_bf16(float value) {
  const uint32_t bits = __float_as_uint(value);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) {
    return static_cast<uint16_t>(bits >> 16 | 0x40u);
  }
  return static_cast<uint16_t>((bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16);
}

// The rows of a tensor of up to four dimensions: all but the last, counted in order. A tensor of one dimension is one row, or with a count as many rows of one
// element as the count says.
struct Rows {
  char* base;            // the first element
  const int32_t* count;  // the actual size of dimension 0, or null where it is fixed
  int64_t stride[3];     // bytes from one index of dimensions 0, 1, 2 to the next
  int32_t bound;         // the size of dimension 0, or the upper bound of one that varies
  int32_t middle;        // the size of dimension 1 of three or four, else 1
  int32_t inner;         // the size of dimension 2 of four, else 1
  DType dtype;

  // The actual size of dimension 0.
  __device__ __forceinline__ int size0() const {
    return count == nullptr ? bound : max(0, min(*count, bound));
  }

  // How many rows there are.
  __device__ __forceinline__ int rows() const { return size0() * middle * inner; }

  // The first byte of a row.
  __device__ __forceinline__ char* row(int r) const {
    if (middle == 1 && inner == 1) {
      return base + r * stride[0];
    }
    const int i2 = r % inner;
    const int rest = r / inner;
    return base + rest / middle * stride[0] + rest % middle * stride[1] + i2 * stride[2];
  }
};

// What the copy engine must know of a tensor (gatun/bulk.cuh), as the driver encodes it. A parameter only: it is read where it was passed.
struct alignas(64) TensorMap {
  unsigned char encoded[128];
};

// Element i of a row of F32, F16 or BF16.
__device__ __forceinline__ float load(const char* row, DType dtype, int64_t i) {
  switch (dtype) {
    case F16:
      return f16_to_float(reinterpret_cast<const uint16_t*>(row)[i]);
    case BF16:
      return bf16_to_float(reinterpret_cast<const uint16_t*>(row)[i]);
    default:
      return reinterpret_cast<const float*>(row)[i];
  }
}

// Element i of a row of F32, F16 or BF16, rounded to nearest even.
__device__ __forceinline__ void store(char* row, DType dtype, int64_t i, float value) {
  switch (dtype) {
    case F16:
      reinterpret_cast<uint16_t*>(row)[i] = float_to_f16(value);
      break;
    case BF16:
      reinterpret_cast<uint16_t*>(row)[i] = float_to_bf16(value);
      break;
    default:
      reinterpret_cast<float*>(row)[i] = value;
  }
}

// The sum over the block, the same bits in every thread; THREADS is the block's size, a multiple of 32. Every thread calls it.
template <int THREADS>
__device__ __forceinline__ float block_sum(float value) {
  for (int offset = 16; offset > 0; offset >>= 1) {
    value += __shfl_xor_sync(0xFFFFFFFFu, value, offset);
  }
  if constexpr (THREADS > 32) {
    GATUN_SHARED(float[THREADS / 32], partial);
    __syncthreads();  // the array may still be read by the call before
    if (threadIdx.x % 32 == 0) {
      partial[threadIdx.x / 32] = value;
    }
    __syncthreads();
    value = 0;
    for (int i = 0; i < THREADS / 32; i++) {
      value += partial[i];
    }
  }
  return value;
}

}  // namespace gatun
