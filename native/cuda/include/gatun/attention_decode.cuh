// What the kernels share that decode tokens: which token, head and range of positions a block is about, and what a block leaves of its range.
#pragma once

#include "gatun/attention.cuh"

namespace gatun {

// How the positions of one token are cut for `splits` blocks: each takes `each` of them, a multiple of a block's tile, and `active` have some. As many as
// the grid has on a long context, one on a short one; one for a token without keys too, which writes its zeros.
struct Cut {
  int each;
  int active;
};

template <int TILE>
__device__ __forceinline__ Cut cut_of(int first, int last, int splits) {
  const int seen = max(0, last - first);
  const int each = max(TILE, (seen / splits + (seen % splits != 0) + TILE - 1) / TILE * TILE);
  return Cut{each, max(1, (seen + each - 1) / each)};
}

// What a range leaves for the merge is kState numbers (the largest score, the sum of weights, and, in the first range, how many ranges there are, as an
// integer's bits), then the weighted sum of values, for which whole 16 bytes can be read.
constexpr int kState = 4;

__device__ __forceinline__ float* partial_of(const AttentionParams& p, int unit, int head, int split) {
  return p.partials + ((static_cast<int64_t>(unit) * p.heads * p.group + head) * p.splits + split) * (p.value_size + kState);
}

// The token that unit `index` of a decoding grid is about: itself, or, where another kernel does all other tokens (`singles`), the only token of sequence
// `index`; -1 where there is none.
__device__ __forceinline__ int decoded_token(const AttentionParams& p, int index, int tokens, int sequences) {
  if (p.singles == 0) {
    return index < tokens ? index : -1;
  }
  if (index >= sequences) {
    return -1;
  }
  const int start = p.starts[index];
  return start >= 0 && start < tokens && min(tokens, p.starts[index + 1]) == start + 1 ? start : -1;
}

// What a block decodes: positions `from` to `to` of a token for `heads` query heads from `query` on, which read key/value head `head`.
struct Decoded {
  int unit;
  int token;
  int head;
  int query;
  int heads;
  int split;
  int active;  // ranges of this token; 0 where there is no token
  int from;
  int to;
  bool blind;  // the token sees no key
  Keys keys;
};

// `active` is at most `split` where the block has nothing to do but to say so.
template <int GROUP, int TILE>
__device__ __forceinline__ Decoded decoded_of(const AttentionParams& p) {
  const int tokens = p.q.size0();
  const int sequences = held_count(p.sequence_count, p.sequences);
  const int parts = (p.group + GROUP - 1) / GROUP;
  Decoded d;
  d.split = static_cast<int>(blockIdx.x % p.splits);
  const unsigned rest = blockIdx.x / p.splits;
  const int part = static_cast<int>(rest % parts) * GROUP;
  d.head = static_cast<int>(rest / parts % p.heads);
  d.query = d.head * p.group + part;
  d.heads = min(GROUP, p.group - part);
  d.unit = static_cast<int>(rest / parts / p.heads);
  d.token = decoded_token(p, d.unit, tokens, sequences);
  d.keys = Keys{true, 0, 0, 0};
  d.active = 0;
  int first = 0;
  int last = 0;
  Cut cut{0, 0};
  if (d.token >= 0) {
    const int sequence = sequence_of(p.starts, sequences, d.token);
    if (sequence >= 0) {
      d.keys = keys_of(p, sequence, tokens);
      first = first_seen(p, p.positions[d.token]);
      last = last_seen(p, p.positions[d.token], d.keys.length);
    }
    cut = cut_of<TILE>(first, last, p.splits);
    d.active = cut.active;
  }
  d.from = first + d.split * cut.each;
  d.to = min(last, d.from + cut.each);
  d.blind = first >= last;
  if (p.partials != nullptr && d.split == 0 && static_cast<int>(threadIdx.x) < d.heads) {
    partial_of(p, d.unit, d.query + threadIdx.x, 0)[2] = __uint_as_float(static_cast<unsigned>(d.active));
  }
  return d;
}

// Adds up what the warps of a block have and writes the result, or what the merge needs of this range. `sums` is [WARPS][GROUP][SIZE], `states` their largest
// scores and sums of weights in turn.
template <int WARPS, int GROUP, int SIZE>
__device__ __forceinline__ void leave(const AttentionParams& p, const Decoded& d, const float* sums, const float* states) {
  const bool alone = d.active == 1;
  for (int g = 0; g < d.heads; g++) {
    float top = negative_infinity();
    for (int w = 0; w < WARPS; w++) {
      top = fmaxf(top, states[(w * GROUP + g) * 2]);
    }
    float share[WARPS];
    float all = 0;
GATUN_UNROLL
    for (int w = 0; w < WARPS; w++) {
      share[w] = weight_of(states[(w * GROUP + g) * 2], top);
      all += share[w] * states[(w * GROUP + g) * 2 + 1];
    }
    const float factor = alone ? finishing_factor(p, d.query + g, top, all, d.blind) : 1.0f;
    float* kept = alone ? nullptr : partial_of(p, d.unit, d.query + g, d.split);
    if (!alone && threadIdx.x == 0) {
      kept[0] = top;
      kept[1] = all;
    }
    for (int i = threadIdx.x; i < p.value_size; i += 32 * WARPS) {
      float result = 0;
GATUN_UNROLL
      for (int w = 0; w < WARPS; w++) {
        result += share[w] * sums[(w * GROUP + g) * SIZE + i];
      }
      if (alone) {
        store(result_row(p, d.token, d.query + g), p.y.dtype, i, result * factor);
      } else {
        kept[kState + i] = result;
      }
    }
  }
}

}  // namespace gatun
