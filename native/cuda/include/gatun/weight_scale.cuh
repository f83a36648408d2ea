// What the elements of a weight of 8-bit floats are multiplied by: one number for all, one for each row, or one for each block of 128 rows by 128 elements of K.
#pragma once

#include "gatun/platform.cuh"

// `scale` is null where there is none. The number of element k of row n is scale[(n >> scale_shift) * scale_row + k / 128 * scale_step].
#define WEIGHT_SCALE_PARAMS(FIELD) \
  FIELD(const float*, scale)       \
  FIELD(int, scale_shift)          \
  FIELD(int, scale_row)            \
  FIELD(int, scale_step)

namespace gatun {

constexpr int kScaled = 128;

// The numbers of row n; null for none.
template <class PARAMS>
__device__ __forceinline__ const float* scale_of_row(const PARAMS& p, const float* scale, int64_t n) {
  return scale == nullptr ? nullptr : scale + (n >> p.scale_shift) * p.scale_row;
}

}  // namespace gatun
