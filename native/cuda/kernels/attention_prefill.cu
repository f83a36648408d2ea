// attention of many query tokens in float32 without tensor cores (flash attention, Dao et al. 2022): for F32 keys, whose products tensor cores would round, and
// for devices that have none. A block is a tile of query rows (tokens of one sequence, times query heads of one key/value head) that goes over the keys it sees.
//
// Tile: ROWS x KEYS scores, 16 threads by 4 rows each; a thread holds 4 rows by KEYS / 16 scores and 4 rows by SIZE / 16 sums. Keys and values take turns in one
// buffer, so that SIZE 128 fits two blocks into 128 KiB and every size fits the 64 KiB of sm_75. Row ends are padded by 16 bytes: lanes read the same element
// of 16 rows.
//   ROWS 64 at SIZE 256: 80 KiB of queries and keys; rejected for sm_75.
//   64 keys: 16 KiB more at SIZE 128 for a loop that is bound by arithmetic already; rejected.
// Flops: 4 D a query row and key; two 16-byte shared loads a 12 (scores) or 16 (sums) multiply-adds. Judged against float32 arithmetic.
#include "gatun/attention_tile.cuh"

namespace gatun {

template <DType KEPT, int SIZE, int KEYS, int THREADS>
__device__ __forceinline__ bool fill(const AttentionParams& p, const Keys& keys, const Side& side, int from, int count, float* into) {
  constexpr int CHUNKS = SIZE / 8;
  constexpr int STRIDE = SIZE + 4;
  bool finite = true;
  for (int i = threadIdx.x; i < KEYS * CHUNKS; i += THREADS) {
    const int row = i / CHUNKS;
    const int chunk = i % CHUNKS;
    float out[8] = {};
    if (row < count && chunk * 8 < side.size) {
      int64_t key;
      int64_t value;
      if (locate(p, keys, from + row, key, value)) {
        row_chunk<KEPT>(side.base + (side.value ? value : key), chunk, side.size, side.aligned, out);
      } else if (!side.value) {
GATUN_UNROLL
        for (int e = 0; e < 8; e++) {
          out[e] = quiet_nan();  // a key that is seen but has no page is not passed over in silence
        }
      }
    }
GATUN_UNROLL
    for (int e = 0; e < 8; e++) {
      finite = finite && fabsf(out[e]) <= 3.402823466e38f;
    }
    float4* at = reinterpret_cast<float4*>(into + row * STRIDE + chunk * 8);
    at[0] = make_float4(out[0], out[1], out[2], out[3]);
    at[1] = make_float4(out[4], out[5], out[6], out[7]);
  }
  return finite;
}

// Fills `into` with `count` rows from position `from` on, the rest zeros. False if this thread saw a number that is not finite.
template <int SIZE, int KEYS, int THREADS>
__device__ __forceinline__ bool fill_any(const AttentionParams& p, const Keys& keys, const Side& side, int from, int count, float* into) {
  switch (p.kept) {
    case F16:
      return fill<F16, SIZE, KEYS, THREADS>(p, keys, side, from, count, into);
    case BF16:
      return fill<BF16, SIZE, KEYS, THREADS>(p, keys, side, from, count, into);
    case F8_E4M3:
      return fill<F8_E4M3, SIZE, KEYS, THREADS>(p, keys, side, from, count, into);
    case F8_E5M2:
      return fill<F8_E5M2, SIZE, KEYS, THREADS>(p, keys, side, from, count, into);
    case Q8_0:
      return fill<Q8_0, SIZE, KEYS, THREADS>(p, keys, side, from, count, into);
    default:
      return fill<F32, SIZE, KEYS, THREADS>(p, keys, side, from, count, into);
  }
}

template <int SIZE, int ROWS, int KEYS>
__device__ void attention_prefill(const AttentionParams& p) {
  constexpr int THREADS = ROWS * 4;
  constexpr int STRIDE = SIZE + 4;
  constexpr int WEIGHT_STRIDE = ROWS + 4;
  constexpr int COLUMNS = KEYS / 16;  // scores a thread and row
  constexpr int QUADS = SIZE / 64;    // groups of four sums a thread and row
  GATUN_DYNAMIC_SHARED(float, shared);
  float* const queries = shared;
  float* const tile_rows = queries + ROWS * STRIDE;
  float* const weights = tile_rows + KEYS * STRIDE;  // [KEYS][WEIGHT_STRIDE]
  const int tx = threadIdx.x % 16;
  const int ty = threadIdx.x / 16;
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

  for (int i = threadIdx.x; i < ROWS * SIZE; i += THREADS) {
    const int row = i / SIZE;
    const int at = i % SIZE;
    float value = 0;
    if (row < used && at < p.key_size) {
      value = load(query_row(p, tile.token + row / rows.heads, rows.query + row % rows.heads), p.q.dtype, at);
    }
    queries[row * STRIDE + at] = value;
  }
  int first[4];
  int last[4];
  float largest[4];
  float total[4] = {};  // this thread's share of the sum of weights
  float sums[4][QUADS * 4] = {};
GATUN_UNROLL
  for (int r = 0; r < 4; r++) {
    const int row = ty * 4 + r;
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
    __syncthreads();  // values of the tile before may still be read
    fill_any<SIZE, KEYS, THREADS>(p, keys, key_side, from, count, tile_rows);
    __syncthreads();
    float scores[4][COLUMNS] = {};
    for (int i = 0; i < p.key_size; i += 4) {  // rows are zeros past their end
      float4 q[4];
      float4 k[COLUMNS];
GATUN_UNROLL
      for (int r = 0; r < 4; r++) {
        q[r] = *reinterpret_cast<const float4*>(queries + (ty * 4 + r) * STRIDE + i);
      }
GATUN_UNROLL
      for (int c = 0; c < COLUMNS; c++) {
        k[c] = *reinterpret_cast<const float4*>(tile_rows + (tx + 16 * c) * STRIDE + i);
      }
GATUN_UNROLL
      for (int r = 0; r < 4; r++) {
GATUN_UNROLL
        for (int c = 0; c < COLUMNS; c++) {
          scores[r][c] += q[r].x * k[c].x;
          scores[r][c] += q[r].y * k[c].y;
          scores[r][c] += q[r].z * k[c].z;
          scores[r][c] += q[r].w * k[c].w;
        }
      }
    }
GATUN_UNROLL
    for (int r = 0; r < 4; r++) {
      float top = largest[r];
GATUN_UNROLL
      for (int c = 0; c < COLUMNS; c++) {
        const int position = from + tx + 16 * c;
        const bool seen = position >= first[r] && position < last[r];
        scores[r][c] = seen ? capped(scores[r][c] * p.scale, p.softcap) : negative_infinity();
        top = fmaxf(top, scores[r][c]);
      }
      for (int offset = 8; offset > 0; offset >>= 1) {
        top = fmaxf(top, __shfl_xor_sync(0xFFFFFFFFu, top, offset));
      }
      if (top != largest[r]) {
        const float shrink = weight_of(largest[r], top);
        largest[r] = top;
        total[r] *= shrink;
GATUN_UNROLL
        for (int i = 0; i < QUADS * 4; i++) {
          sums[r][i] *= shrink;
        }
      }
GATUN_UNROLL
      for (int c = 0; c < COLUMNS; c++) {
        const int position = from + tx + 16 * c;
        const bool seen = position >= first[r] && position < last[r];
        scores[r][c] = seen ? weight_of(scores[r][c], top) : 0.0f;
        total[r] += scores[r][c];
      }
    }
GATUN_UNROLL
    for (int c = 0; c < COLUMNS; c++) {
      *reinterpret_cast<float4*>(weights + (tx + 16 * c) * WEIGHT_STRIDE + ty * 4) =
          make_float4(scores[0][c], scores[1][c], scores[2][c], scores[3][c]);
    }
    __syncthreads();  // the keys are read, the weights are there
    const bool finite = fill_any<SIZE, KEYS, THREADS>(p, keys, value_side, from, count, tile_rows);
    // A weight of 0 hides a value only while the value is finite. With one that is not, rows pass over the keys that they do not see.
    const bool guarded = __syncthreads_or(!finite) != 0;
    for (int j = 0; j < count; j++) {
      const float4 w4 = *reinterpret_cast<const float4*>(weights + j * WEIGHT_STRIDE + ty * 4);
      const float w[4] = {w4.x, w4.y, w4.z, w4.w};
GATUN_UNROLL
      for (int c = 0; c < QUADS; c++) {
        const float4 v = *reinterpret_cast<const float4*>(tile_rows + j * STRIDE + tx * 4 + c * 64);
GATUN_UNROLL
        for (int r = 0; r < 4; r++) {
          if (!guarded || (from + j >= first[r] && from + j < last[r])) {
            sums[r][c * 4] += w[r] * v.x;
            sums[r][c * 4 + 1] += w[r] * v.y;
            sums[r][c * 4 + 2] += w[r] * v.z;
            sums[r][c * 4 + 3] += w[r] * v.w;
          }
        }
      }
    }
  }

GATUN_UNROLL
  for (int r = 0; r < 4; r++) {
    for (int offset = 8; offset > 0; offset >>= 1) {
      total[r] += __shfl_xor_sync(0xFFFFFFFFu, total[r], offset);
    }
    const int row = ty * 4 + r;
    if (row < used) {
      const int head = rows.query + row % rows.heads;
      const float factor = finishing_factor(p, head, largest[r], total[r], first[r] >= last[r]);
      char* y = result_row(p, tile.token + row / rows.heads, head);
GATUN_UNROLL
      for (int c = 0; c < QUADS; c++) {
GATUN_UNROLL
        for (int e = 0; e < 4; e++) {
          const int i = tx * 4 + c * 64 + e;
          if (i < p.value_size) {
            store(y, p.y.dtype, i, sums[r][c * 4 + e] * factor);
          }
        }
      }
    }
  }
}

}  // namespace gatun

#define ATTENTION_PREFILL(SIZE, ROWS, KEYS)                                                                               \
  GATUN_KERNEL(attention_prefill_##SIZE, AttentionParams, ROWS * 4, gatun::attention_prefill<SIZE, ROWS, KEYS>)           \
  GATUN_TILE(attention_prefill_##SIZE, rows, ROWS)                                                                        \
  GATUN_TILE(attention_prefill_##SIZE, shared, ((ROWS + KEYS) * (SIZE + 4) + KEYS * (ROWS + 4)) * 4)
ATTENTION_PREFILL(64, 64, 32)
ATTENTION_PREFILL(128, 64, 32)
ATTENTION_PREFILL(256, 32, 16)
