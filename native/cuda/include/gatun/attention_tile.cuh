// What the kernels share that take a tile of query rows at a time: which tokens a tile has, and how keys and values come into it.
#pragma once

#include "gatun/attention.cuh"

namespace gatun {

// Tokens `token` to `token + count` of one sequence; sequence -1 for tokens that belong to none, count 0 where there is no such tile.
struct TokenTile {
  int sequence;
  int token;
  int count;
};

// Tile `index` of those that the sequences are cut into, `most` tokens each, the last tokens of a sequence, which see most keys, first; the tokens past all
// sequences come at the end. Where `singles` is set, sequences of one token have no tile. Whole warps call it, each finds the same.
__device__ __forceinline__ TokenTile tile_of(const AttentionParams& p, int index, int most, int tokens, int sequences) {
  const int lane = threadIdx.x % 32;
  int owned = 0;
  for (int base = 0; base < sequences; base += 32) {
    const int sequence = base + lane;
    int start = 0;
    int count = 0;
    if (sequence < sequences) {
      start = max(0, min(p.starts[sequence], tokens));
      count = max(0, min(p.starts[sequence + 1], tokens) - start);
    }
    owned = max(owned, start + count);
    const int tiles = p.singles != 0 && count == 1 ? 0 : (count + most - 1) / most;
    int through = tiles;
    for (int offset = 1; offset < 32; offset <<= 1) {
      const int before = __shfl_up_sync(0xFFFFFFFFu, through, offset);
      through += lane >= offset ? before : 0;
    }
    const unsigned reached = __ballot_sync(0xFFFFFFFFu, index < through);
    if (reached != 0) {
      const int owner = __ffs(static_cast<int>(reached)) - 1;
      const int within = through - 1 - index;  // counted from the sequence's end
      const int from = __shfl_sync(0xFFFFFFFFu, start + within * most, owner);
      const int left = __shfl_sync(0xFFFFFFFFu, count - within * most, owner);
      return TokenTile{base + owner, from, min(most, left)};
    }
    index -= __shfl_sync(0xFFFFFFFFu, through, 31);
  }
  for (int offset = 16; offset > 0; offset >>= 1) {
    owned = max(owned, __shfl_xor_sync(0xFFFFFFFFu, owned, offset));
  }
  const int64_t from = owned + static_cast<int64_t>(index) * most;
  return TokenTile{-1, static_cast<int>(from < tokens ? from : 0), from < tokens ? static_cast<int>(min(static_cast<int64_t>(most), tokens - from)) : 0};
}

// How the rows of a tile are made of tokens and query heads of one key/value head: `heads` of them, so that they share what is read.
struct RowsOfTile {
  int head;   // the key/value head
  int query;  // the first query head
  int heads;  // query heads a token
  int tokens; // tokens a tile has at most

  __device__ __forceinline__ RowsOfTile(const AttentionParams& p, int rows, int index) {
    const int most = min(p.group, rows);
    const int parts = (p.group + most - 1) / most;
    head = index / parts;
    query = head * p.group + index % parts * most;
    heads = min(most, p.group - index % parts * most);
    tokens = rows / most;
  }
};

// Positions that any of the tile's tokens sees, and those that all of them see. Whole warps call it.
struct Span {
  int from;
  int to;
  int all_from;
  int all_to;
};

__device__ __forceinline__ Span span_of(const AttentionParams& p, const TokenTile& tile, int length) {
  Span span{0x7FFFFFFF, 0, 0, 0x7FFFFFFF};
  for (int i = threadIdx.x % 32; i < tile.count; i += 32) {
    const int position = p.positions[tile.token + i];
    const int first = first_seen(p, position);
    const int last = last_seen(p, position, length);
    if (first < last) {
      span.from = min(span.from, first);
      span.to = max(span.to, last);
    }
    span.all_from = max(span.all_from, first);
    span.all_to = min(span.all_to, last);
  }
  for (int offset = 16; offset > 0; offset >>= 1) {
    span.from = min(span.from, __shfl_xor_sync(0xFFFFFFFFu, span.from, offset));
    span.to = max(span.to, __shfl_xor_sync(0xFFFFFFFFu, span.to, offset));
    span.all_from = max(span.all_from, __shfl_xor_sync(0xFFFFFFFFu, span.all_from, offset));
    span.all_to = min(span.all_to, __shfl_xor_sync(0xFFFFFFFFu, span.all_to, offset));
  }
  span.from = min(span.from, span.to);
  return span;
}

// Elements 8 chunk to 8 chunk + 7 of a row of `size`, zeros past its end; `whole` where such a chunk lies within the row at an address for the widest loads.
template <DType KEPT>
__device__ __forceinline__ void row_chunk(const char* row, int chunk, int size, bool whole, float (&out)[8]) {
  if (whole) {
    const unsigned char* at = reinterpret_cast<const unsigned char*>(row);
    if constexpr (KEPT == Q8_0) {
      Format<Q8_0>::decode_group<2>(at + chunk / 4 * 34, chunk % 4, out);
    } else {
      Format<KEPT>::template decode_group<Format<KEPT>::widest>(at, chunk, out);
    }
  } else {
GATUN_UNROLL
    for (int e = 0; e < 8; e++) {
      const int i = chunk * 8 + e;
      out[e] = i < size ? Format<KEPT>::decode(row, i) : 0.0f;
    }
  }
}

// Keys, or values, as a tile's loads see them.
struct Side {
  const char* base;  // position 0 of the head, the first page
  int size;
  bool value;
  bool aligned;      // whether every chunk of 8 elements is whole and at an address for the widest loads
};

__device__ __forceinline__ Side side_of(const AttentionParams& p, int head, bool value) {
  Side side;
  side.base = value ? p.v + head * p.value_head : p.k + head * p.key_head;
  side.size = value ? p.value_size : p.key_size;
  side.value = value;
  const uint64_t all = reinterpret_cast<uintptr_t>(side.base) | static_cast<uint64_t>(p.page_bytes) | static_cast<uint64_t>(value ? p.value_row : p.key_row);
  const int widest = p.kept == Q8_0 ? 2 : p.kept == F8_E4M3 || p.kept == F8_E5M2 ? 8 : 16;
  side.aligned = side.size % 8 == 0 && all % widest == 0;
  return side;
}

}  // namespace gatun
