// What the kernels of grouped_matmul share: which expert a token's choice is, and the rows of x and y that belong to a choice.
//
// Choices are counted over tokens and their experts: choice c is c % each of token c / each. y has a row for each; x too, or one for each token.
#pragma once

#include "gatun/platform.cuh"

#define GROUPED_PARAMS(FIELD)      \
  FIELD(gatun::Rows, x)            \
  FIELD(gatun::Rows, y)            \
  FIELD(gatun::Rows, chosen)       \
  FIELD(const char*, w)            \
  FIELD(int64_t, w_expert)         \
  FIELD(int64_t, w_stride)         \
  FIELD(const float*, bias)        \
  FIELD(int64_t, bias_expert)      \
  FIELD(int, experts)              \
  FIELD(int, each)                 \
  FIELD(int, sharing)              \
  FIELD(int, n)                    \
  FIELD(int, k)

namespace gatun {

// The expert of a choice; -1 where there is none of that number.
template <class PARAMS>
__device__ __forceinline__ int chosen_expert(const PARAMS& p, int choice) {
  const int expert = reinterpret_cast<const int32_t*>(p.chosen.row(choice / p.each))[choice % p.each];
  return expert >= 0 && expert < p.experts ? expert : -1;
}

// Row `choice` of y becomes NaN, by `step` threads of which this is number `thread`.
template <class PARAMS>
__device__ __forceinline__ void answer_nan(const PARAMS& p, int choice, int thread, int step) {
  char* const row = p.y.row(choice);
  for (int n = thread; n < p.n; n += step) {
    store(row, p.y.dtype, n, NAN);
  }
}

}  // namespace gatun
