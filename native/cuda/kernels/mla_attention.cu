// Attention over latent rows on tensor cores, absorbed: queries [T, H, L] that went through W_uk, over rows of L = R + P elements in a paged cache, of which each is
// all heads' key whole and all heads' value in its first R elements. The parameters are attention's, with one key/value head that lies where its value does.
//
// Bytes: a block brings each row into shared memory once, and its ROWS query rows (heads, times tokens of a sequence) read it there as key and as value; so a token of
// up to 64 heads reads 2 L bytes a position in 16 bits, and more heads come by again from the second-level cache. Flops: 2 (L + R) a query row and position, 136 a
// byte for 64 heads of DeepSeek's 576 + 512, near what an H100 has for each byte of its bandwidth: judged against both.
//
// A block is eight warps. Scores: warps share the 16-row tiles and pairs of 8 keys; with one such tile also the sum over L, in four parts that are added in order.
// Sums: each warp has R / 8 columns of all rows in registers, 128 of them with 64 rows. Splits of the positions leave partial sums for mla_merge, as decode's do.
// Where q and the cache are rounded is said in attention_prefill_mma.cu; here queries and weights are rounded once, to the 11 or 8 bits of what is multiplied.
//   64 keys: two stages of 73 KB beside 73 KB of queries fit no block; rejected.
//   values again from global memory in another layout: twice the bytes; rejected.
//   128 rows: 256 registers of sums a lane; rejected.
#include "gatun/attention_decode.cuh"
#include "gatun/attention_tile.cuh"
#include "gatun/halves.cuh"

namespace gatun {

template <DType K, int M>
struct LatentTile {
  static constexpr DType type = K;
  static constexpr int tiles = M;                   // of 16 query rows
  static constexpr int rows = 16 * M;
  static constexpr int keys = 32;
  static constexpr int warps = 8;
  static constexpr int threads = 32 * warps;
  static constexpr int most = 576;                  // elements of a row
  static constexpr int most_values = 512;
  static constexpr int stride = most + 8;           // so that eight rows' same chunk lies in eight different banks
  static constexpr int parts = M == 1 ? 4 : 1;      // that the sum of a score is made of
  static constexpr int score_stride = keys + 4;
  static constexpr int weight_stride = keys + 8;
  static constexpr int columns = most_values / 8 / warps;
  static constexpr int shared = (rows + 2 * keys) * stride * 2 + rows * weight_stride * 2 + parts * rows * score_stride * 4;
};

template <DType T>
__device__ __forceinline__ bool is_finite16(uint16_t bits) {
  constexpr uint32_t EXPONENT = T == F16 ? 0x7C00u : 0x7F80u;
  return (bits & EXPONENT) != EXPONENT;
}

// Brings `count` rows from position `from` on into a tile, zeros after them and past each row's end.
template <class L, DType KEPT>
__device__ __forceinline__ void bring_rows(const AttentionParams& p, const Keys& keys, const Side& side, int from, int count, uint16_t* into) {
  constexpr int CHUNKS = L::most / 8;
  const int used = (p.key_size + 15) / 16 * 2;
  for (int i = threadIdx.x; i < L::keys * CHUNKS; i += L::threads) {
    const int row = i / CHUNKS;
    const int chunk = i % CHUNKS;
    if (chunk >= used) {
      continue;
    }
    uint16_t* to = into + row * L::stride + chunk * 8;
    int64_t key = 0;
    int64_t value = 0;
    const bool wanted = row < count && chunk * 8 < p.key_size;
    const bool there = wanted && locate(p, keys, from + row, key, value);
    if (KEPT == L::type && there && side.aligned) {
      cp_async16(to, side.base + key + chunk * 16);
    } else {
      uint4 packed = make_uint4(0, 0, 0, 0);
      if (there) {
        float out[8];
        row_chunk<KEPT>(side.base + key, chunk, p.key_size, side.aligned, out);
        packed = make_uint4(pack16<L::type>(out[0], out[1]), pack16<L::type>(out[2], out[3]), pack16<L::type>(out[4], out[5]), pack16<L::type>(out[6], out[7]));
      } else if (wanted) {
        packed = make_uint4(0x7FFF7FFFu, 0x7FFF7FFFu, 0x7FFF7FFFu, 0x7FFF7FFFu);  // NaN: a row that is seen but has no page is not passed over in silence
      }
      *reinterpret_cast<uint4*>(to) = packed;
    }
  }
}

template <class L>
__device__ __forceinline__ void bring_rows_any(const AttentionParams& p, const Keys& keys, const Side& side, int from, int count, uint16_t* into) {
  if constexpr (L::type == F16) {
    if (p.kept == F16) {
      bring_rows<L, F16>(p, keys, side, from, count, into);
    } else if (p.kept == F8_E4M3) {
      bring_rows<L, F8_E4M3>(p, keys, side, from, count, into);
    } else {
      bring_rows<L, F8_E5M2>(p, keys, side, from, count, into);
    }
  } else {
    if (p.kept == BF16) {
      bring_rows<L, BF16>(p, keys, side, from, count, into);
    } else {
      bring_rows<L, Q8_0>(p, keys, side, from, count, into);
    }
  }
}

template <class L>
__device__ void mla_attention(const AttentionParams& p) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
  __trap();  // no plan chooses it there
#else
  GATUN_DYNAMIC_SHARED(uint16_t, shared);
  GATUN_SHARED(float[L::rows], magnitudes);
  GATUN_SHARED(float[L::rows], tops);
  GATUN_SHARED(float[L::rows], totals);
  GATUN_SHARED(float[L::rows], shrinks);
  GATUN_SHARED(int[L::rows], firsts);
  GATUN_SHARED(int[L::rows], lasts);
  uint16_t* const queries = shared;
  uint16_t* const stages = queries + L::rows * L::stride;
  uint16_t* const weights = stages + 2 * L::keys * L::stride;
  float* const scores = reinterpret_cast<float*>(weights + L::rows * L::weight_stride);
  const int lane = threadIdx.x % 32;
  const int warp = threadIdx.x / 32;
  wait_for_prior_kernels();
  launch_dependent_kernels();
  const int tokens = p.q.size0();
  const int sequences = held_count(p.sequence_count, p.sequences);
  const RowsOfTile rows(p, L::rows, static_cast<int>(blockIdx.y));
  const int split = static_cast<int>(blockIdx.x % p.splits);
  const TokenTile tile = tile_of(p, static_cast<int>(blockIdx.x / p.splits), rows.tokens, tokens, sequences);
  if (tile.count == 0) {
    return;  // the whole block
  }
  Keys keys{false, 0, 0, 0};
  if (tile.sequence >= 0) {
    keys = keys_of(p, tile.sequence, tokens);
  }
  Span span = span_of(p, tile, keys.length);
  const Cut cut = cut_of<L::keys>(span.from, span.to, p.splits);
  const int used = tile.count * rows.heads;
  if (p.partials != nullptr && split == 0) {
    for (int row = threadIdx.x; row < used; row += L::threads) {
      partial_of(p, tile.token + row / rows.heads, rows.query + row % rows.heads, 0)[2] = __uint_as_float(static_cast<unsigned>(cut.active));
    }
  }
  if (split >= cut.active) {
    return;  // the whole block
  }
  span.from += split * cut.each;
  span.to = min(span.to, span.from + cut.each);
  const Side side = side_of(p, 0, false);
  const int steps = (p.key_size + 15) / 16;

  if (span.from < span.to) {
    bring_rows_any<L>(p, keys, side, span.from, min(L::keys, span.to - span.from), stages);
  }
  cp_async_commit();
  for (int row = warp; row < L::rows; row += L::warps) {
    const char* from = query_row(p, tile.token + min(row, used - 1) / rows.heads, rows.query + min(row, used - 1) % rows.heads);
    float largest = 0;
    for (int at = lane; at < p.key_size; at += 32) {
      largest = fmaxf(largest, fabsf(load(from, p.q.dtype, at)));
    }
    for (int offset = 16; offset > 0; offset >>= 1) {
      largest = fmaxf(largest, __shfl_xor_sync(0xFFFFFFFFu, largest, offset));
    }
    // The power of two in it; 1 for zero, subnormal numbers and infinities.
    const uint32_t exponent = __float_as_uint(largest) & 0x7F800000u;
    const bool scaled = exponent != 0 && exponent < 0x7F000000u;
    const float inverse = scaled ? __uint_as_float(0x7F000000u - exponent) : 1.0f;
    for (int at = lane; at < steps * 16; at += 32) {
      const float value = row < used && at < p.key_size ? load(from, p.q.dtype, at) * inverse : 0.0f;
      queries[row * L::stride + at] = round16<L::type>(value);
    }
    if (lane == 0) {
      const int position = row < used ? p.positions[tile.token + row / rows.heads] : -1;
      magnitudes[row] = p.scale * (scaled ? __uint_as_float(exponent) : 1.0f);
      tops[row] = negative_infinity();
      totals[row] = 0;
      firsts[row] = row < used ? first_seen(p, position) : 0;
      lasts[row] = row < used ? last_seen(p, position, keys.length) : 0;
    }
  }

  float sums[L::tiles][L::columns][4] = {};
  const int columns = ((p.value_size + 7) / 8 + 2 * L::warps - 1) / (2 * L::warps) * 2;  // of 8 elements, of a warp
  int stage = 0;
  for (int from = span.from; from < span.to; from += L::keys) {
    const int count = min(L::keys, span.to - from);
    uint16_t* const now = stages + stage * L::keys * L::stride;
    stage ^= 1;
    cp_async_wait<0>();
    __syncthreads();  // the rows are there; the tile before is used up
    if (from + L::keys < span.to) {
      bring_rows_any<L>(p, keys, side, from + L::keys, min(L::keys, span.to - from - L::keys), stages + stage * L::keys * L::stride);
    }
    cp_async_commit();

    const int m = L::tiles == 1 ? 0 : warp / 2;
    const int pair = warp % 2 * 16;
    const int part = L::tiles == 1 ? warp / 2 : 0;
    const int each = (steps + L::parts - 1) / L::parts;
    float score[2][4] = {};
    for (int step = part * each; step < min(steps, (part + 1) * each); step++) {
      uint32_t a[4];
      uint32_t b[4];
      ldmatrix4(a, queries + (m * 16 + lane % 16) * L::stride + (step * 2 + lane / 16) * 8);
      ldmatrix4(b, now + (pair + lane % 8 + lane / 16 * 8) * L::stride + (step * 2 + lane / 8 % 2) * 8);
      multiply<L::type>(score[0], a, b[0], b[1]);
      multiply<L::type>(score[1], a, b[2], b[3]);
    }
GATUN_UNROLL
    for (int c = 0; c < 2; c++) {
GATUN_UNROLL
      for (int e = 0; e < 4; e++) {
        scores[(part * L::rows + m * 16 + lane / 4 + e / 2 * 8) * L::score_stride + pair + c * 8 + lane % 4 * 2 + e % 2] = score[c][e];
      }
    }
    __syncthreads();  // the scores are there

    {
      constexpr int SHARE = L::threads / L::rows;  // threads of a row, side by side
      constexpr int EACH = L::keys / SHARE;
      const int row = threadIdx.x / SHARE;
      const int at = threadIdx.x % SHARE * EACH;
      const int first = firsts[row];
      const int last = lasts[row];
      const float before = tops[row];
      float mine[EACH];
      float top = before;
GATUN_UNROLL
      for (int j = 0; j < EACH; j++) {
        float sum = scores[row * L::score_stride + at + j];
        for (int other = 1; other < L::parts; other++) {
          sum += scores[(other * L::rows + row) * L::score_stride + at + j];
        }
        const int position = from + at + j;
        mine[j] = at + j < count && position >= first && position < last ? sum * magnitudes[row] : negative_infinity();
        top = fmaxf(top, mine[j]);
      }
      for (int offset = SHARE / 2; offset > 0; offset >>= 1) {
        top = fmaxf(top, __shfl_xor_sync(0xFFFFFFFFu, top, offset));
      }
      float total = 0;
GATUN_UNROLL
      for (int j = 0; j < EACH; j++) {
        const int position = from + at + j;
        const float weight = at + j < count && position >= first && position < last ? weight_of(mine[j], top) : 0.0f;
        total += weight;
        weights[row * L::weight_stride + at + j] = round16<L::type>(weight);
      }
      for (int offset = SHARE / 2; offset > 0; offset >>= 1) {
        total += __shfl_xor_sync(0xFFFFFFFFu, total, offset);
      }
      __syncwarp();  // the row's state is read
      if (threadIdx.x % SHARE == 0) {
        const float shrink = weight_of(before, top);
        shrinks[row] = shrink;
        tops[row] = top;
        totals[row] = totals[row] * shrink + total;
      }
    }
    __syncthreads();  // the weights are there

GATUN_UNROLL
    for (int t = 0; t < L::tiles; t++) {
      const float low = shrinks[t * 16 + lane / 4];
      const float high = shrinks[t * 16 + lane / 4 + 8];
GATUN_UNROLL
      for (int c = 0; c < L::columns; c++) {
        sums[t][c][0] *= low;
        sums[t][c][1] *= low;
        sums[t][c][2] *= high;
        sums[t][c][3] *= high;
      }
    }
    if (from < span.all_from || from + count > span.all_to) {
      // A weight of 0 hides a value only while the value is finite. In a tile that not all rows see all of, numbers that are not finite are added to the rows
      // that see them, weights or not, and taken from the tile.
      bool finite = true;
      for (int i = threadIdx.x; i < L::keys * p.value_size; i += L::threads) {
        finite = finite && is_finite16<L::type>(now[i / p.value_size * L::stride + i % p.value_size]);
      }
      if (__syncthreads_or(!finite) != 0) {
        for (int j = 0; j < count; j++) {
GATUN_UNROLL
          for (int c = 0; c < L::columns; c++) {
            if (c < columns && (warp * columns + c) * 8 < p.value_size) {
GATUN_UNROLL
              for (int e = 0; e < 2; e++) {
                const int at = (warp * columns + c) * 8 + lane % 4 * 2 + e;
                const uint16_t bits = at < p.value_size ? now[j * L::stride + at] : static_cast<uint16_t>(0);
                if (!is_finite16<L::type>(bits)) {
GATUN_UNROLL
                  for (int t = 0; t < L::tiles; t++) {
                    const int row = t * 16 + lane / 4;
                    sums[t][c][e] += from + j >= firsts[row] && from + j < lasts[row] ? value16<L::type>(bits) : 0.0f;
                    sums[t][c][2 + e] += from + j >= firsts[row + 8] && from + j < lasts[row + 8] ? value16<L::type>(bits) : 0.0f;
                  }
                }
              }
            }
          }
        }
        __syncthreads();
        for (int i = threadIdx.x; i < L::keys * p.value_size; i += L::threads) {
          uint16_t& bits = now[i / p.value_size * L::stride + i % p.value_size];
          if (!is_finite16<L::type>(bits)) {
            bits = 0;
          }
        }
        __syncthreads();
      }
    }
GATUN_UNROLL
    for (int step = 0; step < L::keys / 16; step++) {
      uint32_t a[L::tiles][4];
GATUN_UNROLL
      for (int t = 0; t < L::tiles; t++) {
        ldmatrix4(a[t], weights + (t * 16 + lane % 16) * L::weight_stride + (step * 2 + lane / 16) * 8);
      }
GATUN_UNROLL
      for (int c = 0; c < L::columns; c += 2) {
        if (c < columns && (warp * columns + c) * 8 < p.value_size) {
          uint32_t b[4];
          ldmatrix4_transposed(b, now + (step * 16 + lane % 16) * L::stride + (warp * columns + c + lane / 16) * 8);
GATUN_UNROLL
          for (int t = 0; t < L::tiles; t++) {
            multiply<L::type>(sums[t][c], a[t], b[0], b[1]);
            multiply<L::type>(sums[t][c + 1], a[t], b[2], b[3]);
          }
        }
      }
    }
  }
  cp_async_wait<0>();
  __syncthreads();  // the states are the last tile's, or the first ones where there was none

  const bool alone = cut.active == 1;
GATUN_UNROLL
  for (int t = 0; t < L::tiles; t++) {
GATUN_UNROLL
    for (int r = 0; r < 2; r++) {
      const int row = t * 16 + lane / 4 + r * 8;
      if (row < used) {
        const int token = tile.token + row / rows.heads;
        const int head = rows.query + row % rows.heads;
        const float factor = alone ? finishing_factor(p, head, tops[row], totals[row], firsts[row] >= lasts[row]) : 1.0f;
        float* const kept = alone ? reinterpret_cast<float*>(result_row(p, token, head)) : partial_of(p, token, head, split);
        if (!alone && warp == 0 && lane % 4 == 0) {
          kept[0] = tops[row];
          kept[1] = totals[row];
        }
GATUN_UNROLL
        for (int c = 0; c < L::columns; c++) {
GATUN_UNROLL
          for (int e = 0; e < 2; e++) {
            const int at = (warp * columns + c) * 8 + lane % 4 * 2 + e;
            if (c < columns && at < p.value_size) {
              kept[(alone ? 0 : kState) + at] = sums[t][c][2 * r + e] * factor;
            }
          }
        }
      }
    }
  }
#endif
}

// Merges the ranges of one token and query head, a block each, in order.
template <int THREADS>
__device__ void mla_merge(const AttentionParams& p) {
  launch_dependent_kernels();
  wait_for_prior_kernels();
  const int tokens = p.q.size0();
  const int head = static_cast<int>(blockIdx.x % p.group);
  const int token = static_cast<int>(blockIdx.x / p.group);
  if (token >= tokens) {
    return;  // the whole block
  }
  const int active = static_cast<int>(__float_as_uint(partial_of(p, token, head, 0)[2]));
  if (active <= 1) {
    return;  // the whole block: the only range is the result
  }
  float top = negative_infinity();
  for (int range = 0; range < active; range++) {
    top = fmaxf(top, partial_of(p, token, head, range)[0]);
  }
  float all = 0;
  for (int range = 0; range < active; range++) {
    const float* state = partial_of(p, token, head, range);
    all += weight_of(state[0], top) * state[1];
  }
  const float factor = finishing_factor(p, head, top, all, false);
  float* const y = reinterpret_cast<float*>(result_row(p, token, head));
  for (int i = threadIdx.x; i < p.value_size; i += THREADS) {
    float sum = 0;
    for (int range = 0; range < active; range++) {
      const float* state = partial_of(p, token, head, range);
      sum += weight_of(state[0], top) * state[kState + i];
    }
    y[i] = sum * factor;
  }
}

}  // namespace gatun

#define MLA_ATTENTION(NAME, TYPE, TILES)                                                                                            \
  using Latent_##NAME##_##TILES = gatun::LatentTile<gatun::TYPE, TILES>;                                                            \
  GATUN_KERNEL(mla_attention_##NAME##_##TILES, AttentionParams, (Latent_##NAME##_##TILES::threads), gatun::mla_attention<Latent_##NAME##_##TILES>) \
  GATUN_TILE(mla_attention_##NAME##_##TILES, rows, (Latent_##NAME##_##TILES::rows))                                                 \
  GATUN_TILE(mla_attention_##NAME##_##TILES, keys, (Latent_##NAME##_##TILES::keys))                                                 \
  GATUN_TILE(mla_attention_##NAME##_##TILES, latent, (Latent_##NAME##_##TILES::most))                                               \
  GATUN_TILE(mla_attention_##NAME##_##TILES, values, (Latent_##NAME##_##TILES::most_values))                                        \
  GATUN_TILE(mla_attention_##NAME##_##TILES, shared, (Latent_##NAME##_##TILES::shared))                                             \
  GATUN_TILE(mla_attention_##NAME##_##TILES, programmatic, 1)
MLA_ATTENTION(f16, F16, 1)
MLA_ATTENTION(f16, F16, 4)
MLA_ATTENTION(bf16, BF16, 1)
MLA_ATTENTION(bf16, BF16, 4)
GATUN_KERNEL(mla_merge_128, AttentionParams, 128, gatun::mla_merge<128>)
GATUN_TILE(mla_merge_128, programmatic, 1)
