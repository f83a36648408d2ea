// attention of many query tokens on tensor cores (flash attention 2, Dao 2023) over keys in F16 or BF16, or what is read as one of them: 8-bit floats are F16
// exactly, Q8_0 is rounded to BF16 (a relative 2^-9 beside the 2^-8 of its own rounding; F16 would overflow past 65504). A block is a tile of query rows
// (tokens of one sequence, times query heads of one key/value head) that goes over the keys it sees; four warps take 16 rows each.
//
// Precision: what tensor cores multiply has 11 or 8 bits. A query that does not fit is split in a high and a low part, and so are the weights where y has
// more bits than they: two products instead of one, and the result is float32's to 2^-21 (F16) or 2^-17 (BF16). A query row is first divided by a power of two
// so that its largest element is below 2. Weights are summed in float32 before they are split. An infinity in a key makes its score NaN where the query is
// split, since its low part may have the other sign. With `rounded` nothing is split: one product each, of what is rounded to 11 or 8 bits.
//
// Tile: 64 rows by KEYS keys of up to SIZE elements with values of up to VALUES. Shared: queries (twice where split), keys, values; 16-byte chunks change places with the row's number, so that the eight rows of
// a matrix lie in different banks. While keys are multiplied, values arrive, and while values are, the next keys.
//   128 rows: 128 registers of sums at SIZE 128 and 96 KiB with split queries, one block a multiprocessor on sm_80; rejected.
//   queries in registers: 64 more where split, past 255; rejected.
//   64 keys at SIZE 256: 128 KiB with split queries, one block a multiprocessor; rejected.
// Judged against the tensor cores' dense rate: 4 D flops a query row and key.
#include "gatun/attention_tile.cuh"
#include "gatun/halves.cuh"

namespace gatun {

template <DType T>
__device__ __forceinline__ bool finite16(uint32_t bits) {
  constexpr uint32_t EXPONENT = T == F16 ? 0x7C00u : 0x7F80u;
  return (bits & EXPONENT) != EXPONENT;
}

// Where chunk `chunk` of 8 elements of row `row` is in a tile of rows of SIZE elements.
template <int SIZE>
__device__ __forceinline__ int swizzled(int row, int chunk) {
  return row * SIZE + (chunk ^ (row & 7)) * 8;
}

// Brings `count` rows from position `from` on into a tile, zeros after them. Rows of T itself that are aligned come by asynchronous copies.
template <DType T, DType KEPT, int SIZE, int KEYS, int THREADS>
__device__ __forceinline__ void bring(const AttentionParams& p, const Keys& keys, const Side& side, int from, int count, uint16_t* into) {
  constexpr int CHUNKS = SIZE / 8;
  for (int i = threadIdx.x; i < KEYS * CHUNKS; i += THREADS) {
    const int row = i / CHUNKS;
    const int chunk = i % CHUNKS;
    uint16_t* to = into + swizzled<SIZE>(row, chunk);
    int64_t key = 0;
    int64_t value = 0;
    const bool wanted = row < count && chunk * 8 < side.size;
    const bool there = wanted && locate(p, keys, from + row, key, value);
    const char* source = side.base + (side.value ? value : key);
    if (KEPT == T && there && side.aligned) {
      cp_async16(to, source + chunk * 16);
    } else {
      uint4 packed = make_uint4(0, 0, 0, 0);
      if (there) {
        float out[8];
        row_chunk<KEPT>(source, chunk, side.size, side.aligned, out);
        packed = make_uint4(pack16<T>(out[0], out[1]), pack16<T>(out[2], out[3]), pack16<T>(out[4], out[5]), pack16<T>(out[6], out[7]));
      } else if (wanted && !side.value) {
        packed = make_uint4(0x7FFF7FFFu, 0x7FFF7FFFu, 0x7FFF7FFFu, 0x7FFF7FFFu);  // NaN: a key that is seen but has no page is not passed over in silence
      }
      *reinterpret_cast<uint4*>(to) = packed;
    }
  }
}

template <DType T, int SIZE, int KEYS, int THREADS>
__device__ __forceinline__ void bring_any(const AttentionParams& p, const Keys& keys, const Side& side, int from, int count, uint16_t* into) {
  if constexpr (T == F16) {
    if (p.kept == F16) {
      bring<T, F16, SIZE, KEYS, THREADS>(p, keys, side, from, count, into);
    } else if (p.kept == F8_E4M3) {
      bring<T, F8_E4M3, SIZE, KEYS, THREADS>(p, keys, side, from, count, into);
    } else {
      bring<T, F8_E5M2, SIZE, KEYS, THREADS>(p, keys, side, from, count, into);
    }
  } else {
    if (p.kept == BF16) {
      bring<T, BF16, SIZE, KEYS, THREADS>(p, keys, side, from, count, into);
    } else {
      bring<T, Q8_0, SIZE, KEYS, THREADS>(p, keys, side, from, count, into);
    }
  }
}

template <DType T, int SIZE, int VALUES, int KEYS>
__device__ void attention_prefill_mma(const AttentionParams& p) {
  constexpr int ROWS = 64;
  constexpr int THREADS = 128;
  constexpr int SUMS = VALUES / 8;   // 8 columns each
  constexpr int COLUMNS = KEYS / 8;  // 8 keys each
  GATUN_DYNAMIC_SHARED(uint16_t, shared);
  GATUN_SHARED(float[ROWS], magnitudes);
  const bool split_query = p.rounded == 0 && p.q.dtype != T && !(T == F16 && p.q.dtype == BF16);
  const bool split_weights = p.rounded == 0 && p.y.dtype != T && !(T == F16 && p.y.dtype == BF16);
  uint16_t* const key_tile = shared;
  uint16_t* const value_tile = key_tile + KEYS * SIZE;
  uint16_t* const queries = value_tile + KEYS * VALUES;
  uint16_t* const query_rests = queries + ROWS * SIZE;  // there only where queries are split
  const int lane = threadIdx.x % 32;
  const int warp = threadIdx.x / 32;
  const int tokens = p.q.size0();
  const int sequences = held_count(p.sequence_count, p.sequences);
  const RowsOfTile rows(p, ROWS, static_cast<int>(blockIdx.y));
  const TokenTile tile = tile_of(p, static_cast<int>(blockIdx.x), rows.tokens, tokens, sequences);
  if (tile.count == 0) {
    return;  // the whole block
  }
  Keys keys{false, 0, 0, 0};
  if (tile.sequence >= 0) {
    keys = keys_of(p, tile.sequence, tokens);
  }
  const Span span = span_of(p, tile, keys.length);
  const Side key_side = side_of(p, rows.head, false);
  const Side value_side = side_of(p, rows.head, true);
  const int used = tile.count * rows.heads;

  if (span.from < span.to) {
    bring_any<T, SIZE, KEYS, THREADS>(p, keys, key_side, span.from, min(KEYS, span.to - span.from), key_tile);
  }
  cp_async_commit();
  for (int row = warp; row < ROWS; row += THREADS / 32) {
    const char* from = query_row(p, tile.token + min(row, used - 1) / rows.heads, rows.query + min(row, used - 1) % rows.heads);
    float value[SIZE / 32];
    float largest = 0;
GATUN_UNROLL
    for (int i = 0; i < SIZE / 32; i++) {
      const int at = i * 32 + lane;
      value[i] = row < used && at < p.key_size ? load(from, p.q.dtype, at) : 0.0f;
      largest = fmaxf(largest, fabsf(value[i]));
    }
    for (int offset = 16; offset > 0; offset >>= 1) {
      largest = fmaxf(largest, __shfl_xor_sync(0xFFFFFFFFu, largest, offset));
    }
    // The power of two in it; 1 where q is of type T already, and for zero, subnormal numbers and infinities.
    const uint32_t exponent = __float_as_uint(largest) & 0x7F800000u;
    const bool scaled = p.q.dtype != T && exponent != 0 && exponent < 0x7F000000u;
    const float magnitude = scaled ? __uint_as_float(exponent) : 1.0f;
    const float inverse = scaled ? __uint_as_float(0x7F000000u - exponent) : 1.0f;
    if (lane == 0) {
      magnitudes[row] = magnitude;
    }
GATUN_UNROLL
    for (int i = 0; i < SIZE / 32; i++) {
      const int at = i * 32 + lane;
      const int place = swizzled<SIZE>(row, at / 8) + at % 8;
      const uint16_t high = round16<T>(value[i] * inverse);
      queries[place] = high;
      if (split_query) {
        query_rests[place] = round16<T>(value[i] * inverse - value16<T>(high));
      }
    }
  }

  // A lane's two rows are lane / 4 and eight further of its warp's sixteen.
  int first[2];
  int last[2];
  float largest[2];
  float total[2] = {};  // this lane's share of the sum of weights
  float sums[SUMS][4] = {};
GATUN_UNROLL
  for (int r = 0; r < 2; r++) {
    const int row = warp * 16 + lane / 4 + r * 8;
    first[r] = 0;
    last[r] = 0;
    if (row < used) {
      const int position = p.positions[tile.token + row / rows.heads];
      first[r] = first_seen(p, position);
      last[r] = last_seen(p, position, keys.length);
    }
    largest[r] = negative_infinity();
  }

  for (int from = span.from; from < span.to; from += KEYS) {
    const int count = min(KEYS, span.to - from);
    cp_async_wait<0>();
    __syncthreads();  // the keys are there; the values of the tile before are read
    bring_any<T, VALUES, KEYS, THREADS>(p, keys, value_side, from, count, value_tile);
    cp_async_commit();

    float scores[COLUMNS][4] = {};
    for (int step = 0; step * 16 < p.key_size; step++) {
      uint32_t a[4];
      uint32_t a_rest[4] = {};
      const int place = swizzled<SIZE>(warp * 16 + lane % 16, step * 2 + lane / 16);
      ldmatrix4(a, queries + place);
      if (split_query) {
        ldmatrix4(a_rest, query_rests + place);
      }
GATUN_UNROLL
      for (int c = 0; c < COLUMNS; c += 2) {
        uint32_t b[4];
        ldmatrix4(b, key_tile + swizzled<SIZE>(c * 8 + lane % 8 + lane / 16 * 8, step * 2 + lane / 8 % 2));
        multiply<T>(scores[c], a, b[0], b[1]);
        multiply<T>(scores[c + 1], a, b[2], b[3]);
        if (split_query) {
          multiply<T>(scores[c], a_rest, b[0], b[1]);
          multiply<T>(scores[c + 1], a_rest, b[2], b[3]);
        }
      }
    }

GATUN_UNROLL
    for (int r = 0; r < 2; r++) {
      const float scale = p.scale * magnitudes[warp * 16 + lane / 4 + r * 8];
      float top = largest[r];
GATUN_UNROLL
      for (int c = 0; c < COLUMNS; c++) {
GATUN_UNROLL
        for (int e = 0; e < 2; e++) {
          const int position = from + c * 8 + lane % 4 * 2 + e;
          const bool seen = position >= first[r] && position < last[r];
          float& score = scores[c][r * 2 + e];
          score = seen ? capped(score * scale, p.softcap) : negative_infinity();
          top = fmaxf(top, score);
        }
      }
      top = fmaxf(top, __shfl_xor_sync(0xFFFFFFFFu, top, 1));
      top = fmaxf(top, __shfl_xor_sync(0xFFFFFFFFu, top, 2));
      const float shrink = weight_of(largest[r], top);
      largest[r] = top;
      total[r] *= shrink;
GATUN_UNROLL
      for (int c = 0; c < SUMS; c++) {
        sums[c][r * 2] *= shrink;
        sums[c][r * 2 + 1] *= shrink;
      }
GATUN_UNROLL
      for (int c = 0; c < COLUMNS; c++) {
GATUN_UNROLL
        for (int e = 0; e < 2; e++) {
          const int position = from + c * 8 + lane % 4 * 2 + e;
          const bool seen = position >= first[r] && position < last[r];
          float& score = scores[c][r * 2 + e];
          score = seen ? weight_of(score, top) : 0.0f;
          total[r] += score;
        }
      }
    }

    cp_async_wait<0>();
    __syncthreads();  // the values are there; the keys are read
    const int next = from + KEYS;
    if (next < span.to) {
      bring_any<T, SIZE, KEYS, THREADS>(p, keys, key_side, next, min(KEYS, span.to - next), key_tile);
    }
    cp_async_commit();

    if (from < span.all_from || from + count > span.all_to) {
      // A weight of 0 hides a value only while the value is finite. In a tile that not all rows see all of, numbers that are not finite are added to the rows
      // that see them, weights or not, and taken from the tile.
      bool finite = true;
      for (int i = threadIdx.x; i < KEYS * VALUES / 2; i += THREADS) {
        const uint32_t pair = reinterpret_cast<const uint32_t*>(value_tile)[i];
        finite = finite && finite16<T>(pair) && finite16<T>(pair >> 16);
      }
      if (__syncthreads_or(!finite) != 0) {
        for (int j = 0; j < count; j++) {
GATUN_UNROLL
          for (int c = 0; c < SUMS; c++) {
GATUN_UNROLL
            for (int e = 0; e < 2; e++) {
              const uint16_t bits = value_tile[swizzled<VALUES>(j, c) + lane % 4 * 2 + e];
              if (!finite16<T>(bits)) {
                sums[c][e] += from + j >= first[0] && from + j < last[0] ? value16<T>(bits) : 0.0f;
                sums[c][2 + e] += from + j >= first[1] && from + j < last[1] ? value16<T>(bits) : 0.0f;
              }
            }
          }
        }
        __syncthreads();
        for (int i = threadIdx.x; i < KEYS * VALUES; i += THREADS) {
          if (!finite16<T>(value_tile[i])) {
            value_tile[i] = 0;
          }
        }
        __syncthreads();
      }
    }

GATUN_UNROLL
    for (int step = 0; step < KEYS / 16; step++) {
      const float(&left)[4] = scores[step * 2];
      const float(&right)[4] = scores[step * 2 + 1];
      const uint32_t a[4] = {pack16<T>(left[0], left[1]), pack16<T>(left[2], left[3]), pack16<T>(right[0], right[1]), pack16<T>(right[2], right[3])};
      uint32_t a_rest[4] = {};
      if (split_weights) {
        a_rest[0] = pack16_rest<T>(left[0], left[1], a[0]);
        a_rest[1] = pack16_rest<T>(left[2], left[3], a[1]);
        a_rest[2] = pack16_rest<T>(right[0], right[1], a[2]);
        a_rest[3] = pack16_rest<T>(right[2], right[3], a[3]);
      }
GATUN_UNROLL
      for (int c = 0; c < SUMS; c += 2) {
        if (c * 8 < p.value_size) {
          uint32_t b[4];
          ldmatrix4_transposed(b, value_tile + swizzled<VALUES>(step * 16 + lane % 16, c + lane / 16));
          multiply<T>(sums[c], a, b[0], b[1]);
          multiply<T>(sums[c + 1], a, b[2], b[3]);
          if (split_weights) {
            multiply<T>(sums[c], a_rest, b[0], b[1]);
            multiply<T>(sums[c + 1], a_rest, b[2], b[3]);
          }
        }
      }
    }
  }

GATUN_UNROLL
  for (int r = 0; r < 2; r++) {
    total[r] += __shfl_xor_sync(0xFFFFFFFFu, total[r], 1);
    total[r] += __shfl_xor_sync(0xFFFFFFFFu, total[r], 2);
    const int row = warp * 16 + lane / 4 + r * 8;
    if (row < used) {
      const int head = rows.query + row % rows.heads;
      const float factor = finishing_factor(p, head, largest[r], total[r], first[r] >= last[r]);
      char* y = result_row(p, tile.token + row / rows.heads, head);
GATUN_UNROLL
      for (int c = 0; c < SUMS; c++) {
GATUN_UNROLL
        for (int e = 0; e < 2; e++) {
          const int i = c * 8 + lane % 4 * 2 + e;
          if (i < p.value_size) {
            store(y, p.y.dtype, i, sums[c][r * 2 + e] * factor);
          }
        }
      }
    }
  }
}

}  // namespace gatun

// SIZE is of keys, and the most of values is VALUES; `shared` is what a block needs, `split` how much more where queries are split.
#define ATTENTION_PREFILL_MMA(NAME, T, SIZE, VALUES, KEYS)                                                                                \
  GATUN_KERNEL(attention_prefill_##NAME##_##SIZE, AttentionParams, 128, gatun::attention_prefill_mma<T, SIZE, VALUES, KEYS>)               \
  GATUN_TILE(attention_prefill_##NAME##_##SIZE, rows, 64)                                                                                 \
  GATUN_TILE(attention_prefill_##NAME##_##SIZE, values, VALUES)                                                                           \
  GATUN_TILE(attention_prefill_##NAME##_##SIZE, shared, (64 * SIZE + KEYS * (SIZE + VALUES)) * 2)                                          \
  GATUN_TILE(attention_prefill_##NAME##_##SIZE, split, 64 * SIZE * 2)
ATTENTION_PREFILL_MMA(f16, gatun::F16, 64, 64, 64)
ATTENTION_PREFILL_MMA(f16, gatun::F16, 128, 128, 64)
ATTENTION_PREFILL_MMA(f16, gatun::F16, 192, 128, 64)
ATTENTION_PREFILL_MMA(f16, gatun::F16, 256, 256, 32)
ATTENTION_PREFILL_MMA(bf16, gatun::BF16, 64, 64, 64)
ATTENTION_PREFILL_MMA(bf16, gatun::BF16, 128, 128, 64)
ATTENTION_PREFILL_MMA(bf16, gatun::BF16, 192, 128, 64)
ATTENTION_PREFILL_MMA(bf16, gatun::BF16, 256, 256, 32)
