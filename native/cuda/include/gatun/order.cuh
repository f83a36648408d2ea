// The order of argmax, top_k and sample: the largest first, the lower index first in a tie, NaN before any number.
#pragma once

#include "gatun/platform.cuh"

namespace gatun {

typedef unsigned long long Key;

constexpr Key last_key = ~0ull;

// A number for each element of a row, smaller for what comes earlier; no two are the same.
__device__ __forceinline__ Key order_key(float value, int index) {
  const uint32_t bits = __float_as_uint(value + 0.0f);  // -0 becomes +0
  const uint32_t ascending = bits ^ ((bits & 0x80000000u) != 0 ? 0xFFFFFFFFu : 0x80000000u);
  const uint32_t first = value != value ? 0u : ~ascending;  // no number's complement is 0
  return static_cast<Key>(first) << 32 | static_cast<uint32_t>(index);
}

__device__ __forceinline__ int key_index(Key key) { return static_cast<int>(static_cast<uint32_t>(key)); }

// The smallest of the block's keys, the same in every thread. Every thread calls it.
template <int THREADS>
__device__ __forceinline__ Key block_first(Key key) {
  for (int offset = 16; offset > 0; offset >>= 1) {
    const Key other = __shfl_xor_sync(0xFFFFFFFFu, key, offset);
    key = other < key ? other : key;
  }
  GATUN_SHARED(Key[THREADS / 32], firsts);
  __syncthreads();  // the array may still be read by the call before
  if (threadIdx.x % 32 == 0) {
    firsts[threadIdx.x / 32] = key;
  }
  __syncthreads();
  key = firsts[0];
  for (int i = 1; i < THREADS / 32; i++) {
    key = firsts[i] < key ? firsts[i] : key;
  }
  return key;
}

// Shared memory of a search by weight.
struct Search {
  unsigned long long weights[256];
  Key prefix;
  unsigned long long passed;
  int found;
};

// The key of the first element, in order, with which the running sum of weights reaches `wanted`; last_key if none does. weight(i, key) is 0 for elements that do
// not take part. Weights are integers, so that the sums don't depend on the order in which threads add. Digit by digit, from the top: a histogram of the
// weights under each value of the digit, then the value under which the sum is reached.
template <int THREADS, class Value, class Weight>
__device__ __forceinline__ Key reach(Search& search, int width, unsigned long long wanted, Value value, Weight weight) {
  __syncthreads();
  if (threadIdx.x == 0) {
    search.prefix = 0;
    search.passed = 0;
    search.found = 0;
  }
  for (int shift = 56; shift >= 0; shift -= 8) {
    if (shift < 32 && shift >= 8 && (static_cast<uint32_t>(width - 1) >> shift) == 0) {
      continue;  // no index has this digit
    }
    for (int i = threadIdx.x; i < 256; i += THREADS) {
      search.weights[i] = 0;
    }
    __syncthreads();
    const Key prefix = search.prefix;
    const Key above = shift == 56 ? 0 : ~0ull << (shift + 8);
    for (int i = threadIdx.x; i < width; i += THREADS) {
      const Key key = order_key(value(i), i);
      if ((key & above) == prefix) {
        const unsigned long long w = weight(i, key);
        if (w != 0) {
          const int digit = static_cast<int>(key >> shift) & 255;
          atomicAdd(&search.weights[digit], w);
        }
      }
    }
    __syncthreads();
    if (threadIdx.x == 0) {
      unsigned long long passed = search.passed;
      int digit = 0;
      while (digit < 256 && passed + search.weights[digit] < wanted) {
        passed += search.weights[digit];
        digit++;
      }
      search.found = digit < 256;
      search.passed = passed;
      search.prefix = prefix | static_cast<Key>(digit & 255) << shift;
    }
    __syncthreads();
    if (search.found == 0) {
      return last_key;
    }
  }
  return search.prefix;
}

}  // namespace gatun
