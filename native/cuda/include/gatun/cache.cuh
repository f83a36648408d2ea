// Where keys and values lie: the sequences of a step, the block table of a paged cache, and rows written in a cache's type.
#pragma once

#include "gatun/formats.cuh"

namespace gatun {

// The sequence that owns a token: the last of `n` whose start is at most the token, if it reaches that far; -1 where none does.
__device__ __forceinline__ int sequence_of(const int32_t* starts, int n, int token) {
  if (n == 0) {
    return -1;
  }
  int low = 0;
  int high = n - 1;
  while (low < high) {
    const int middle = low + (high - low + 1) / 2;
    if (starts[middle] <= token) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return starts[low] <= token && token < starts[low + 1] ? low : -1;
}

// A value that the device keeps, held to 0..bound; the bound where it keeps none.
__device__ __forceinline__ int held_count(const int32_t* count, int bound) { return count == nullptr ? bound : max(0, min(*count, bound)); }

// The block table [slots, slot_pages]; -1 where there is no page. A page holds page_tokens positions.
struct BlockTable {
  const int32_t* entries;
  int slots;
  int slot_tokens;
  int slot_pages;
  int page_tokens;
  int page_shift;  // the exponent of page_tokens, -1 where that is no power of two

  // The page of a position, and where in it the position is; -1 where none is, or slot or position are out of range.
  __device__ __forceinline__ int page(int slot, int position, int& offset) const {
    if (slot < 0 || slot >= slots || position < 0 || position >= slot_tokens) {
      return -1;
    }
    const int index = page_shift >= 0 ? position >> page_shift : position / page_tokens;
    offset = position - index * page_tokens;
    return entries[static_cast<int64_t>(slot) * slot_pages + index];
  }
};

// Element i of a row, rounded to a cache's scalar type.
template <DType T>
__device__ __forceinline__ void keep(char* row, int i, float value) {
  if constexpr (T == F8_E4M3) {
    reinterpret_cast<uint8_t*>(row)[i] = float_to_e4m3(value);
  } else if constexpr (T == F8_E5M2) {
    reinterpret_cast<uint8_t*>(row)[i] = float_to_e5m2(value);
  } else {
    store(row, T, i, value);
  }
}

// One block of Q8_0 by a whole warp, which holds an element a lane: d is the largest magnitude / 127 and q the nearest multiple, halves away from zero, as
// llama.cpp's reference rounds. A NaN or an infinity makes d NaN, so that it is seen.
__device__ __forceinline__ void keep_q8_0(char* block, int lane, float value) {
  float largest = fabsf(value);
  const bool finite = __all_sync(0xFFFFFFFFu, largest <= 3.402823466e38f) != 0;
  for (int offset = 16; offset > 0; offset >>= 1) {
    largest = fmaxf(largest, __shfl_xor_sync(0xFFFFFFFFu, largest, offset));
  }
  const float d = largest / 127.0f;
  float inverse = 1.0f / d;
  if (!finite || !(fabsf(inverse) <= 3.402823466e38f)) {
    inverse = 0;  // for d = 0, and for a d whose inverse is no finite number
  }
  // The product is rounded before it is used twice; a contraction would see another.
  const float scaled = finite ? __fmul_rn(value, inverse) : 0.0f;
  const int whole = static_cast<int>(scaled);
  const int rounded = whole + static_cast<int>((scaled - static_cast<float>(whole)) * 2.0f);
  if (lane == 0) {
    *reinterpret_cast<uint16_t*>(block) = finite ? float_to_f16(d) : static_cast<uint16_t>(0x7E00);
  }
  reinterpret_cast<int8_t*>(block)[2 + lane] = static_cast<int8_t>(rounded);
}

}  // namespace gatun
