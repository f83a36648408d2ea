// What latent attention in its expanded form does before attention itself: the keys [W_uk c | r] and the values W_uv c of a range of heads, for every latent row
// [c | r] of R + P elements that the step's sequences have in a paged cache. They lie as plain tensors then, one sequence's rows after another's, which attention
// reads as it reads any keys and values whose sizes differ.
//
//   mla_begin   where each sequence's rows begin, and queries [T, H, N + P] of the two parts that came apart
//   mla_expand  k [rows, heads, N + P] and v [rows, heads, V], in F16, BF16 or F32
//
// Precision: over rows of F16 and of 8-bit floats, which are F16 exactly, weights are rounded to F16, and so are keys and values; over BF16 and Q8_0 all of them to
// BF16. Weights of F32 and BF16 are multiplied by 64 before they become F16, so that all between 2^-20 and 2^10 keep their 11 bits, and sums divided by it. F32 is
// multiplied and added as it is.
//
// Tile on tensor cores: 128 latent rows by 128 columns, K in steps of 32 through two stages of 16 KB, eight warps of 64x32, as gemm.cuh has it. The columns of a head
// are those of its key, filled up to a multiple of 8, and then those of its value, so that 64 + 64 of them (MiniCPM3) are one tile. Rows that are what is multiplied
// come by asynchronous copies; weights through registers, since they are BF16 beside a cache of F16 as a rule, and a weight whose rows run along the query is turned.
//   256 columns, a head of DeepSeek's at once: 128 sums a thread; rejected.
// Tile in float32: 64 by 64, K in steps of 16, 4 x 4 sums a thread.
//
// Flops: 2 R (N + V) a row and head. Bytes: 2 (N + P + V) written a row and head in 16 bits, of which L2 keeps what attention soon reads; the rows once a head and 128
// columns, and the weights once for 128 rows, from L2. Judged against the tensor cores' dense rate.
#include "gatun/attention_tile.cuh"
#include "gatun/halves.cuh"

// `k` and `v` begin with head `first`; strides are in bytes.
#define MLA_EXPAND_PARAMS(FIELD)        \
  FIELD(const int32_t*, starts)         \
  FIELD(const int32_t*, slots)          \
  FIELD(const int32_t*, sequence_count) \
  FIELD(const int32_t*, table)          \
  FIELD(const char*, latents)           \
  FIELD(const char*, w_uk)              \
  FIELD(const char*, w_uv)              \
  FIELD(char*, k)                       \
  FIELD(char*, v)                       \
  FIELD(int64_t, page_bytes)            \
  FIELD(int64_t, latent_row)            \
  FIELD(int64_t, uk_head)               \
  FIELD(int64_t, uk_row)                \
  FIELD(int64_t, uv_head)               \
  FIELD(int64_t, uv_row)                \
  FIELD(int64_t, k_row)                 \
  FIELD(int64_t, k_head)                \
  FIELD(int64_t, v_row)                 \
  FIELD(int64_t, v_head)                \
  FIELD(int, sequences)                 \
  FIELD(int, cache_slots)               \
  FIELD(int, slot_tokens)               \
  FIELD(int, slot_pages)                \
  FIELD(int, page_tokens)               \
  FIELD(int, page_shift)                \
  FIELD(int, first)                     \
  FIELD(int, rank)                      \
  FIELD(int, nope)                      \
  FIELD(int, rope)                      \
  FIELD(int, value_size)                \
  FIELD(int, across)                    \
  FIELD(gatun::DType, kept)             \
  FIELD(gatun::DType, uk_type)          \
  FIELD(gatun::DType, uv_type)
GATUN_PARAMS(MlaExpandParams, MLA_EXPAND_PARAMS)

// `joined` has no base where queries lie together already.
#define MLA_BEGIN_PARAMS(FIELD)         \
  FIELD(gatun::Rows, nope)              \
  FIELD(gatun::Rows, rope)              \
  FIELD(gatun::Rows, joined)            \
  FIELD(const int32_t*, starts)         \
  FIELD(const int32_t*, positions)      \
  FIELD(const int32_t*, sequence_count) \
  FIELD(int32_t*, key_starts)           \
  FIELD(int, sequences)                 \
  FIELD(int, slot_tokens)               \
  FIELD(int, most)                      \
  FIELD(int, heads)                     \
  FIELD(int, nope_size)                 \
  FIELD(int, rope_size)
GATUN_PARAMS(MlaBeginParams, MLA_BEGIN_PARAMS)

namespace gatun {

// The first block's first warp adds up how many positions each sequence has: one past the end of a slot where its last token lies there, so that this is seen to have
// no page. Starts past the last sequence are its end.
__device__ __forceinline__ void count_rows(const MlaBeginParams& p, int tokens) {
  const int lane = threadIdx.x;
  const int sequences = held_count(p.sequence_count, p.sequences);
  int64_t before = 0;
  for (int base = 0; base <= p.sequences; base += 32) {
    const int sequence = base + lane;
    int length = 0;
    if (sequence < sequences) {
      const int end = min(p.starts[sequence + 1], tokens);
      if (end > max(0, p.starts[sequence])) {
        const int last = p.positions[end - 1];
        length = last < 0 ? 0 : min(last, p.slot_tokens) + 1;
      }
    }
    int64_t through = length;
    for (int offset = 1; offset < 32; offset <<= 1) {
      const int64_t other = __shfl_up_sync(0xFFFFFFFFu, through, offset);
      through += lane >= offset ? other : 0;
    }
    if (sequence <= p.sequences) {
      p.key_starts[sequence] = static_cast<int32_t>(min(before + through - length, static_cast<int64_t>(p.most)));
    }
    before += __shfl_sync(0xFFFFFFFFu, through, 31);
  }
}

template <int THREADS>
__device__ void mla_begin(const MlaBeginParams& p) {
  const int tokens = p.nope.size0();
  if (blockIdx.x == 0 && threadIdx.x < 32) {
    count_rows(p, tokens);
  }
  if (p.joined.base == nullptr) {
    return;
  }
  const int size = p.nope_size + p.rope_size;
  const int rows = tokens * p.heads;
  for (int row = blockIdx.x * (THREADS / 32) + threadIdx.x / 32; row < rows; row += gridDim.x * (THREADS / 32)) {
    const int token = row / p.heads;
    const int head = row % p.heads;
    const char* nope = p.nope.base + token * p.nope.stride[0] + head * p.nope.stride[1];
    const char* rope = p.rope.base + token * p.rope.stride[0] + head * p.rope.stride[1];
    char* to = p.joined.base + token * p.joined.stride[0] + head * p.joined.stride[1];
    for (int i = threadIdx.x % 32; i < size; i += 32) {
      store(to, p.joined.dtype, i, i < p.nope_size ? load(nope, p.nope.dtype, i) : load(rope, p.nope.dtype, i - p.nope_size));
    }
  }
}

constexpr int64_t kNoRow = -1;   // past the last of all rows
constexpr int64_t kNoPage = -2;  // a position that has no page

// Where rows `row0` to `row0 + ROWS` of all sequences' lie in the cache, in bytes from the layer's first.
template <int ROWS, int THREADS>
__device__ __forceinline__ void find_rows(const MlaExpandParams& p, int row0, int total, int sequences, int64_t (&at)[ROWS]) {
  const BlockTable pages{p.table, p.cache_slots, p.slot_tokens, p.slot_pages, p.page_tokens, p.page_shift};
  for (int i = threadIdx.x; i < ROWS; i += THREADS) {
    const int row = row0 + i;
    int64_t from = kNoRow;
    if (row < total) {
      const int sequence = sequence_of(p.starts, sequences, row);
      int within = 0;
      const int page = sequence < 0 ? -1 : pages.page(p.slots[sequence], row - p.starts[sequence], within);
      from = page < 0 ? kNoPage : page * p.page_bytes + within * p.latent_row;
    }
    at[i] = from;
  }
}

template <DType T>
__device__ __forceinline__ void put(char* row, int i, float value) {
  store(row, T, i, value);
}

// The part of the keys that all heads share; and NaN in all of a key that has no page, which so is not passed over in silence.
template <DType T, int ROWS, int THREADS>
__device__ __forceinline__ void copy_rope(const MlaExpandParams& p, int row0, int head, const int64_t (&at)[ROWS]) {
  for (int i = threadIdx.x; i < ROWS * p.rope; i += THREADS) {
    const int row = i / p.rope;
    const int column = i % p.rope;
    if (at[row] != kNoRow) {
      const float value = at[row] == kNoPage ? quiet_nan() : kept_element(p.latents + at[row], p.kept, p.rank + column);
      put<T>(p.k + (row0 + row) * p.k_row + head * p.k_head, p.nope + column, value);
    }
  }
}

template <DType T>
struct ExpandTile {
  static constexpr int kRows = 128;
  static constexpr int kColumns = 128;
  static constexpr int kStep = 32;
  static constexpr int kThreads = 256;
  static constexpr int kStage = (kRows + kColumns) * kStep;
  static constexpr int kSharedBytes = 2 * kStage * 2;
};

// The place in a tile of rows of 32 elements of a row's chunk of eight, so that eight rows' chunks of one column lie in different banks.
__device__ __forceinline__ int expand_chunk(int row, int chunk) { return row * 32 + (chunk ^ (row >> 1 & 3)) * 8; }

// What weights are multiplied by as they become T.
template <DType T>
__device__ __forceinline__ float scale_of(DType type) {
  return T == F16 && type != F16 ? 64.0f : 1.0f;
}

// Eight elements of a weight, pairs in a word: of 16 bits as they lie, so that nothing waits for them, or, of F32, rounded to T.
template <DType T>
struct WeightGroup {
  uint32_t w[4];

  __device__ __forceinline__ void load(const char* row, DType type, int from, int size, bool wide) {
    if (row == nullptr) {
      w[0] = w[1] = w[2] = w[3] = 0;
    } else if (type == F32) {
      const float* const at = reinterpret_cast<const float*>(row) + from;
      float v[8];
GATUN_UNROLL
      for (int i = 0; i < 8; i++) {
        v[i] = from + i < size ? scale_of<T>(F32) * at[i] : 0.0f;
      }
GATUN_UNROLL
      for (int i = 0; i < 4; i++) {
        w[i] = pack16<T>(v[2 * i], v[2 * i + 1]);
      }
    } else if (wide && from + 8 <= size) {
      const uint4 eight = *reinterpret_cast<const uint4*>(row + from * 2);
      w[0] = eight.x, w[1] = eight.y, w[2] = eight.z, w[3] = eight.w;
    } else {
      const uint16_t* const at = reinterpret_cast<const uint16_t*>(row) + from;
GATUN_UNROLL
      for (int i = 0; i < 4; i++) {
        const uint32_t low = from + 2 * i < size ? at[2 * i] : 0u;
        w[i] = low | (from + 2 * i + 1 < size ? static_cast<uint32_t>(at[2 * i + 1]) << 16 : 0u);
      }
    }
  }

  // As what is multiplied.
  __device__ __forceinline__ uint4 rounded(DType type) const {
    if (type == T || type == F32) {
      return make_uint4(w[0], w[1], w[2], w[3]);
    }
    constexpr DType OTHER = T == F16 ? BF16 : F16;
    uint32_t made[4];
GATUN_UNROLL
    for (int i = 0; i < 4; i++) {
      const float times = scale_of<T>(OTHER);
      made[i] = pack16<T>(times * value16<OTHER>(static_cast<uint16_t>(w[i])), times * value16<OTHER>(static_cast<uint16_t>(w[i] >> 16)));
    }
    return make_uint4(made[0], made[1], made[2], made[3]);
  }
};

// Whether rows of a weight begin at multiples of 16 bytes.
__device__ __forceinline__ bool is_wide(const char* w, int64_t head, int64_t row) {
  return ((reinterpret_cast<uintptr_t>(w) | static_cast<uintptr_t>(head) | static_cast<uintptr_t>(row)) & 15) == 0;
}

// A chunk of eight elements of a latent row, rounded to T.
template <DType T>
__device__ __forceinline__ uint4 latent_chunk(const MlaExpandParams& p, const char* row, int chunk, bool whole) {
  float v[8];
  if constexpr (T == BF16) {
    if (p.kept == BF16) {
      row_chunk<BF16>(row, chunk, p.rank, whole, v);
    } else {
      row_chunk<Q8_0>(row, chunk, p.rank, whole, v);
    }
  } else {
    if (p.kept == F16) {
      row_chunk<F16>(row, chunk, p.rank, whole, v);
    } else if (p.kept == F8_E4M3) {
      row_chunk<F8_E4M3>(row, chunk, p.rank, whole, v);
    } else {
      row_chunk<F8_E5M2>(row, chunk, p.rank, whole, v);
    }
  }
  return make_uint4(pack16<T>(v[0], v[1]), pack16<T>(v[2], v[3]), pack16<T>(v[4], v[5]), pack16<T>(v[6], v[7]));
}

// A block is a tile of rows (x), a head (y) and a tile of its columns (z).
template <DType T>
__device__ void mla_expand(const MlaExpandParams& p) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
  __trap();  // no plan chooses it there
#else
  using Tile = ExpandTile<T>;
  GATUN_DYNAMIC_SHARED(uint16_t, shared);
  GATUN_SHARED(int64_t[Tile::kRows], at);
  const int sequences = held_count(p.sequence_count, p.sequences);
  const int total = p.starts[sequences];
  const int row0 = static_cast<int>(blockIdx.x) * Tile::kRows;
  if (row0 >= total) {
    return;  // the whole block
  }
  const int head = static_cast<int>(blockIdx.y);
  const int column0 = static_cast<int>(blockIdx.z) * Tile::kColumns;
  const int key_columns = (p.nope + 7) / 8 * 8;
  const int lane = threadIdx.x % 32;
  const int warp = threadIdx.x / 32;
  const int warp_row = warp / 4 * 64;
  const int warp_column = warp % 4 * 32;
  const int steps = (p.rank + Tile::kStep - 1) / Tile::kStep;
  find_rows<Tile::kRows, Tile::kThreads>(p, row0, total, sequences, at);
  __syncthreads();
  if (column0 == 0) {
    copy_rope<T, Tile::kRows, Tile::kThreads>(p, row0, head, at);
  }

  const char* const uk = p.w_uk + (p.first + head) * p.uk_head;
  const char* const uv = p.w_uv + (p.first + head) * p.uv_head;
  const bool uk_wide = is_wide(p.w_uk, p.uk_head, p.uk_row);
  const bool uv_wide = is_wide(p.w_uv, p.uv_head, p.uv_row);
  const int widest = p.kept == Q8_0 ? 2 : p.kept == F8_E4M3 || p.kept == F8_E5M2 ? 8 : 16;
  const uint64_t all = reinterpret_cast<uintptr_t>(p.latents) | static_cast<uint64_t>(p.page_bytes) | static_cast<uint64_t>(p.latent_row);
  const bool whole = p.rank % 8 == 0 && all % widest == 0;
  const bool copied = p.kept == T && whole;

  uint4 rows[2];
  WeightGroup<T> weights[2];
  // A warp takes two groups of eight columns, a lane 8 elements of one: along K, or, of a key's weight that runs along the query, along the columns at one place of K.
  const auto load_step = [&](int step, uint16_t* to) {
GATUN_UNROLL
    for (int i = 0; i < 2; i++) {
      const int q = static_cast<int>(threadIdx.x) + i * Tile::kThreads;
      const int chunk = step * 4 + q % 4;
      const int64_t from = at[q / 4];
      const bool there = from >= 0 && chunk * 8 < p.rank;
      if (copied && there) {
        cp_async16(to + expand_chunk(q / 4, q % 4), p.latents + from + chunk * 16);
      } else {
        rows[i] = there ? latent_chunk<T>(p, p.latents + from, chunk, whole) : make_uint4(0, 0, 0, 0);
      }
    }
    cp_async_commit();
GATUN_UNROLL
    for (int i = 0; i < 2; i++) {
      const int column = column0 + (warp * 2 + i) * 8;
      if (column >= key_columns) {
        const int n = column - key_columns + lane / 4;
        weights[i].load(n < p.value_size ? uv + n * p.uv_row : nullptr, p.uv_type, step * Tile::kStep + lane % 4 * 8, p.rank, uv_wide);
      } else if (p.across != 0) {
        const int n = column + lane / 4;
        weights[i].load(n < p.nope ? uk + n * p.uk_row : nullptr, p.uk_type, step * Tile::kStep + lane % 4 * 8, p.rank, uk_wide);
      } else {
        const int at_k = step * Tile::kStep + lane;
        weights[i].load(at_k < p.rank ? uk + at_k * p.uk_row : nullptr, p.uk_type, column, p.nope, uk_wide);
      }
    }
  };
  const auto store_step = [&](int step, uint16_t* to) {
GATUN_UNROLL
    for (int i = 0; i < 2; i++) {
      const int q = static_cast<int>(threadIdx.x) + i * Tile::kThreads;
      if (!(copied && at[q / 4] >= 0 && (step * 4 + q % 4) * 8 < p.rank)) {
        *reinterpret_cast<uint4*>(to + expand_chunk(q / 4, q % 4)) = rows[i];
      }
    }
    uint16_t* const columns = to + Tile::kRows * Tile::kStep;
GATUN_UNROLL
    for (int i = 0; i < 2; i++) {
      const int group = warp * 2 + i;
      const bool key = column0 + group * 8 < key_columns;
      const uint4 eight = weights[i].rounded(key ? p.uk_type : p.uv_type);
      if (key && p.across == 0) {
        const uint32_t pairs[4] = {eight.x, eight.y, eight.z, eight.w};
GATUN_UNROLL
        for (int e = 0; e < 8; e++) {
          columns[expand_chunk(group * 8 + e, lane / 8) + lane % 8] = static_cast<uint16_t>(pairs[e / 2] >> (e % 2 * 16));
        }
      } else {
        *reinterpret_cast<uint4*>(columns + expand_chunk(group * 8 + lane / 4, lane % 4)) = eight;
      }
    }
    cp_async_wait<0>();
  };

  float sum[4][4][4] = {};
  for (int step = -1; step < steps; step++) {  // the first only loads: so what loads, which takes up most of the program, stands there once
    __syncthreads();  // this stage is filled, and nobody reads the other any more
    const uint16_t* const from = shared + (step & 1) * Tile::kStage;
    uint16_t* const next = shared + ((step + 1) & 1) * Tile::kStage;
    if (step + 1 < steps) {
      load_step(step + 1, next);
    }
GATUN_UNROLL
    for (int k16 = 0; k16 < 2 && step >= 0; k16++) {
      uint32_t b[2][4];
GATUN_UNROLL
      for (int j = 0; j < 2; j++) {
        ldmatrix4(b[j], from + Tile::kRows * Tile::kStep + expand_chunk(warp_column + 16 * j + lane / 16 * 8 + lane % 8, 2 * k16 + lane / 8 % 2));
      }
GATUN_UNROLL
      for (int i = 0; i < 4; i++) {
        uint32_t a[4];
        ldmatrix4(a, from + expand_chunk(warp_row + 16 * i + lane % 16, 2 * k16 + lane / 16));
GATUN_UNROLL
        for (int j = 0; j < 4; j++) {
          multiply<T>(sum[i][j], a, b[j / 2][j % 2 * 2], b[j / 2][j % 2 * 2 + 1]);
        }
      }
    }
    if (step + 1 < steps) {
      store_step(step + 1, next);
    }
  }

  const float uk_factor = 1.0f / scale_of<T>(p.uk_type);
  const float uv_factor = 1.0f / scale_of<T>(p.uv_type);
GATUN_UNROLL
  for (int i = 0; i < 4; i++) {
GATUN_UNROLL
    for (int h = 0; h < 2; h++) {
      const int row = warp_row + 16 * i + 8 * h + lane / 4;
      if (at[row] != kNoRow) {
        const bool missing = at[row] == kNoPage;
        char* const key = p.k + (row0 + row) * p.k_row + head * p.k_head;
        char* const value = p.v + (row0 + row) * p.v_row + head * p.v_head;
GATUN_UNROLL
        for (int j = 0; j < 4; j++) {
          const int column = column0 + warp_column + 8 * j + lane % 4 * 2;
          const bool is_key = column < key_columns;
          const int first = is_key ? column : column - key_columns;
          const int size = is_key ? p.nope : p.value_size;
          const float factor = is_key ? uk_factor : uv_factor;
          const uint32_t pair = is_key && missing ? 0x7FFF7FFFu : pack16<T>(sum[i][j][2 * h] * factor, sum[i][j][2 * h + 1] * factor);
          uint16_t* const to = reinterpret_cast<uint16_t*>(is_key ? key : value) + first;
          if (first + 1 < size) {
            *reinterpret_cast<uint32_t*>(to) = pair;
          } else if (first < size) {
            *to = static_cast<uint16_t>(pair);
          }
        }
      }
    }
  }
#endif
}

// The same in float32, for F32 rows and for devices without tensor cores.
__device__ void mla_expand_f32(const MlaExpandParams& p) {
  constexpr int ROWS = 64;
  constexpr int COLUMNS = 64;
  constexpr int STEP = 16;
  constexpr int THREADS = 256;
  GATUN_DYNAMIC_SHARED(float, rows);
  GATUN_SHARED(int64_t[ROWS], at);
  float* const columns = rows + STEP * (ROWS + 4);
  const int sequences = held_count(p.sequence_count, p.sequences);
  const int total = p.starts[sequences];
  const int row0 = static_cast<int>(blockIdx.x) * ROWS;
  if (row0 >= total) {
    return;  // the whole block
  }
  const int head = static_cast<int>(blockIdx.y);
  const int column0 = static_cast<int>(blockIdx.z) * COLUMNS;
  const int tx = threadIdx.x % 16;
  const int ty = threadIdx.x / 16;
  find_rows<ROWS, THREADS>(p, row0, total, sequences, at);
  __syncthreads();
  if (column0 == 0) {
    copy_rope<F32, ROWS, THREADS>(p, row0, head, at);
  }
  const char* const uk = p.w_uk + (p.first + head) * p.uk_head;
  const char* const uv = p.w_uv + (p.first + head) * p.uv_head;
  float sum[4][4] = {};
  for (int from = 0; from < p.rank; from += STEP) {
    __syncthreads();  // the step before is read
    for (int i = threadIdx.x; i < ROWS * STEP; i += THREADS) {
      const int k = from + i % STEP;
      const int64_t row = at[i / STEP];
      rows[i % STEP * (ROWS + 4) + i / STEP] = row >= 0 && k < p.rank ? kept_element(p.latents + row, p.kept, k) : 0.0f;
    }
    for (int i = threadIdx.x; i < COLUMNS * STEP; i += THREADS) {
      const bool turned = p.across == 0 && column0 + COLUMNS <= p.nope;  // neighbours in memory are neighbours among threads
      const int k = turned ? i / COLUMNS : i % STEP;
      const int column = turned ? i % COLUMNS : i / STEP;
      const int n = column0 + column;
      float w = 0;
      if (from + k < p.rank) {
        if (n >= p.nope) {
          w = n - p.nope < p.value_size ? load(uv + (n - p.nope) * p.uv_row, p.uv_type, from + k) : 0.0f;
        } else {
          w = p.across != 0 ? load(uk + n * p.uk_row, p.uk_type, from + k) : load(uk + (from + k) * p.uk_row, p.uk_type, n);
        }
      }
      columns[k * (COLUMNS + 4) + column] = w;
    }
    __syncthreads();
    for (int k = 0; k < STEP; k++) {
      const float4 x4 = *reinterpret_cast<const float4*>(rows + k * (ROWS + 4) + ty * 4);
      const float4 w4 = *reinterpret_cast<const float4*>(columns + k * (COLUMNS + 4) + tx * 4);
      const float x[4] = {x4.x, x4.y, x4.z, x4.w};
      const float w[4] = {w4.x, w4.y, w4.z, w4.w};
GATUN_UNROLL
      for (int i = 0; i < 4; i++) {
GATUN_UNROLL
        for (int j = 0; j < 4; j++) {
          sum[i][j] += x[i] * w[j];
        }
      }
    }
  }
GATUN_UNROLL
  for (int i = 0; i < 4; i++) {
    const int row = ty * 4 + i;
    if (at[row] != kNoRow) {
GATUN_UNROLL
      for (int j = 0; j < 4; j++) {
        const int n = column0 + tx * 4 + j;
        if (n < p.nope) {
          put<F32>(p.k + (row0 + row) * p.k_row + head * p.k_head, n, at[row] == kNoPage ? quiet_nan() : sum[i][j]);
        } else if (n - p.nope < p.value_size) {
          put<F32>(p.v + (row0 + row) * p.v_row + head * p.v_head, n - p.nope, sum[i][j]);
        }
      }
    }
  }
}

}  // namespace gatun

GATUN_KERNEL(mla_begin_256, MlaBeginParams, 256, gatun::mla_begin<256>)
#define MLA_EXPAND(NAME, T)                                                                  \
  GATUN_KERNEL(mla_expand_##NAME, MlaExpandParams, 256, gatun::mla_expand<T>)                \
  GATUN_TILE(mla_expand_##NAME, rows, gatun::ExpandTile<T>::kRows)                           \
  GATUN_TILE(mla_expand_##NAME, columns, gatun::ExpandTile<T>::kColumns)                     \
  GATUN_TILE(mla_expand_##NAME, shared, gatun::ExpandTile<T>::kSharedBytes)
MLA_EXPAND(f16, gatun::F16)
MLA_EXPAND(bf16, gatun::BF16)
GATUN_KERNEL(mla_expand_f32, MlaExpandParams, 256, gatun::mla_expand_f32)
GATUN_TILE(mla_expand_f32, rows, 64)
GATUN_TILE(mla_expand_f32, columns, 64)
GATUN_TILE(mla_expand_f32, shared, 2 * 16 * (64 + 4) * 4)
