// What the kernels of attention share: their parameters, which keys a token sees and where they lie, and how a result is finished.
//
//   s_j = cap(scale * q.k_j) - slope_h |p - j|,  y = sum_j exp(s_j - m) v_j / (sum_j exp(s_j - m) + exp(sink - m))
//
// q [T, H, D] and y [T, H, Dv] in F32, F16 or BF16. Query head h reads key/value head h / group. Keys are those of the token's own sequence that the mask
// lets through: rows starts[s].. of plain tensors, or positions in the pages of a cache.
#pragma once

#include "gatun/cache.cuh"

// Before a loop over an array in registers, which must be unrolled to the end for its indices to be constants.
#if defined(__CUDACC__)
#define GATUN_UNROLL _Pragma("unroll")
#else
#define GATUN_UNROLL
#endif

#define ATTENTION_PARAMS(FIELD)         \
  FIELD(gatun::Rows, q)                 \
  FIELD(gatun::Rows, y)                 \
  FIELD(const int32_t*, starts)         \
  FIELD(const int32_t*, slots)          \
  FIELD(const int32_t*, positions)      \
  FIELD(const int32_t*, sequence_count) \
  FIELD(const int32_t*, table)          \
  FIELD(const int32_t*, key_starts)     \
  FIELD(const int32_t*, key_count)      \
  FIELD(const int32_t*, value_count)    \
  FIELD(const char*, k)                 \
  FIELD(const char*, v)                 \
  FIELD(const float*, sinks)            \
  FIELD(float*, partials)               \
  FIELD(int64_t, page_bytes)            \
  FIELD(int64_t, key_head)              \
  FIELD(int64_t, value_head)            \
  FIELD(int64_t, key_row)               \
  FIELD(int64_t, value_row)             \
  FIELD(int, sequences)                 \
  FIELD(int, key_rows)                  \
  FIELD(int, cache_slots)               \
  FIELD(int, slot_tokens)               \
  FIELD(int, slot_pages)                \
  FIELD(int, page_tokens)               \
  FIELD(int, page_shift)                \
  FIELD(int, heads)                     \
  FIELD(int, group)                     \
  FIELD(int, key_size)                  \
  FIELD(int, value_size)                \
  FIELD(int, causal)                    \
  FIELD(int, window)                    \
  FIELD(int, splits)                    \
  FIELD(int, singles)                   \
  FIELD(int, rounded)                   \
  FIELD(float, scale)                   \
  FIELD(float, softcap)                 \
  FIELD(float, max_bias)                \
  FIELD(gatun::DType, kept)
GATUN_PARAMS(AttentionParams, ATTENTION_PARAMS)

namespace gatun {

// exp(x) as 2^(x log2 e): the product's rounding changes the result by at most |x| 2^-24, and where |x| is large the result is nothing beside the largest
// weight, which is 1.
constexpr float kLog2E = 1.44269504088896341f;

__device__ __forceinline__ float negative_infinity() { return __uint_as_float(0xFF800000u); }
__device__ __forceinline__ float quiet_nan() { return __uint_as_float(0x7FC00000u); }

// The weight of a score beside the largest so far; while every score is -inf it is 0, not the NaN of their difference.
__device__ __forceinline__ float weight_of(float score, float largest) {
  return exp2f((score - (largest == negative_infinity() ? 0.0f : largest)) * kLog2E);
}

__device__ __forceinline__ float capped(float score, float softcap) { return softcap > 0 ? softcap * tanhf(score / softcap) : score; }

// The keys of one sequence.
struct Keys {
  bool paged;
  int slot;
  int first_row;  // where the keys are plain rows: the row of position 0
  int length;     // positions there are; one past the end of a slot where the last token is there, so that it sees that it has no page
};

__device__ __forceinline__ Keys keys_of(const AttentionParams& p, int sequence, int tokens) {
  Keys keys;
  keys.paged = p.table != nullptr;
  if (keys.paged) {
    const int end = min(p.starts[sequence + 1], tokens);
    const int last = p.positions[end - 1];
    keys.slot = p.slots[sequence];
    keys.first_row = 0;
    keys.length = last < 0 ? 0 : last >= p.slot_tokens ? p.slot_tokens + 1 : last + 1;
  } else {
    const int rows = min(held_count(p.key_count, p.key_rows), held_count(p.value_count, p.key_rows));
    keys.slot = 0;
    keys.first_row = max(0, min(p.key_starts[sequence], rows));
    keys.length = max(keys.first_row, min(p.key_starts[sequence + 1], rows)) - keys.first_row;
  }
  return keys;
}

// The first position that a token sees.
__device__ __forceinline__ int first_seen(const AttentionParams& p, int position) {
  return p.window == 0 || position < p.window ? 0 : position - p.window + 1;
}

// The position past the last that a token sees.
__device__ __forceinline__ int last_seen(const AttentionParams& p, int position, int length) {
  return p.causal == 0 || position >= length ? length : max(0, position + 1);
}

// Bytes from the first key, and from the first value, of a head to those of a position that the sequence has; false where it has no page.
__device__ __forceinline__ bool locate(const AttentionParams& p, const Keys& keys, int position, int64_t& key, int64_t& value) {
  int page = 0;
  int row = keys.first_row + position;
  if (keys.paged) {
    row = 0;
    page = BlockTable{p.table, p.cache_slots, p.slot_tokens, p.slot_pages, p.page_tokens, p.page_shift}.page(keys.slot, position, row);
  }
  key = page * p.page_bytes + row * p.key_row;
  value = page * p.page_bytes + row * p.value_row;
  return page >= 0;
}

__device__ __forceinline__ const char* query_row(const AttentionParams& p, int token, int head) {
  return p.q.base + token * p.q.stride[0] + head * p.q.stride[1];
}

__device__ __forceinline__ char* result_row(const AttentionParams& p, int token, int head) {
  return p.y.base + token * p.y.stride[0] + head * p.y.stride[1];
}

// What a sum of weighted values, relative to the largest score, is multiplied by: the inverse of the weights' sum, to which the sink is added. 0 for a token
// that sees no key.
__device__ __forceinline__ float finishing_factor(const AttentionParams& p, int head, float largest, float sum, bool blind) {
  if (blind) {
    return 0;
  }
  if (p.sinks == nullptr) {
    return 1.0f / sum;
  }
  const float sink = p.sinks[head];
  const float top = fmaxf(sink, largest);
  const float shrink = weight_of(largest, top);
  return shrink / (sum * shrink + weight_of(sink, top));
}

// Element i of a row of a cache's type, or of plain keys.
__device__ __forceinline__ float kept_element(const char* row, DType kept, int i) {
  switch (kept) {
    case F16:
      return Format<F16>::decode(row, i);
    case BF16:
      return Format<BF16>::decode(row, i);
    case F8_E4M3:
      return Format<F8_E4M3>::decode(row, i);
    case F8_E5M2:
      return Format<F8_E5M2>::decode(row, i);
    case Q8_0:
      return Format<Q8_0>::decode(row, i);
    default:
      return Format<F32>::decode(row, i);
  }
}

}  // namespace gatun
