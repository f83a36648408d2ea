// attention of many query tokens by warpgroup products of sm_90a over keys and values of F16 or BF16 that the copy engine brings, in the manner of flash
// attention 3 (Shah et al. 2024): one warp asks for copies, each of the other warpgroups takes 64 query rows (tokens of one sequence, times query heads of one
// key/value head) over the keys they see. The scores of the next tile of keys are multiplied together with the values of this one, weights are taken while the
// latter are under way, and warpgroups take turns at starting products, so that while one takes exponentials another's products run.
//
//   s = q.k (wgmma, both from shared memory), w = 2^(s f - m f) in registers, rounded to 16 bits, y += w.v (wgmma, w from registers: s lies as its a does)
//
// Precision: queries and weights are rounded to the type of the keys, in one product each, as Attention allows; sums, the weights' sum among them, are float32.
// Over F16 a query row of another type is first divided by a power of two so that its largest element is below 2. Exponentials and tanh come from fast units
// (gatun/fast_math.cuh). attention_prefill_mma.cu splits what does not fit instead, at twice the products.
//
// Tile: rows by keys, 2 stages of keys and of values (4 at SIZE 64); registers of a consumer thread for scores + sums + weights of those it has.
//   SIZE 64:  192 x 96,  48 + 32 + 24 of 152, 126,976 bytes shared. 128 keys need 160 registers, which leaves the asking warp 32, too few: it spilled.
//   SIZE 128: 128 x 128, 64 + 64 + 32 of 232, 167,936 bytes. 176 keys (what FA3 takes without a mask) are no whole number of copies of a page; rejected.
//   SIZE 192 with values of 128, as latent attention's are made: 128 x 128 with the registers of SIZE 128, 217,088 bytes.
//   SIZE 256: 128 x 64,  32 + 128 + 16 of 232, 200,704 bytes. 80 keys, as above; rejected.
//   192 rows at SIZE 128: 160 registers hold scores, sums and weights and nothing else; rejected.
//   queries in registers: 32 more at SIZE 128, and from shared memory a product's 64 clocks read 6 of the 8 KiB that they could; rejected.
// Head sizes between are done as the next larger: the copy engine fills in zeros.
//
// Blocks stay, one a multiprocessor, and go over the tasks in an order of falling length, every other round backwards: while one task is finished, keys of the
// next arrive, and the chain of reads that finds a task (counts, starts, positions, table) is gone through ahead of time. A block a task would leave all of this
// uncovered, since no second block fits beside it; a counter that blocks draw tasks from would have to be cleared by another launch.
//
// Keys in pages: a copy brings `box` positions of a head, 64 columns at a time, the largest power of two that divides both page and tile. What has no page comes
// as zeros, is noted beside the stage, and makes NaN of the rows that see it.
//
// A task moves its queries and results once, and keys and values of every tile that its rows see; tasks of the same length run at the same time, so that those
// come from L2. Judged against the tensor cores' dense rate: 2 (D + Dv) flops a query row and key that it sees; tiles that a mask cuts are multiplied whole.
#include "gatun/attention_tile.cuh"
#include "gatun/bulk.cuh"
#include "gatun/fast_math.cuh"
#include "gatun/warpgroup.cuh"

// `box` is how many positions one copy brings, `tiles` how many tiles of tokens there can be, each once for every part of the query heads. The maps' dimensions
// are columns, positions, heads and pages, or with `heads_inner` columns, heads, positions and pages.
#define WARPGROUP_ATTENTION_PARAMS(FIELD) \
  ATTENTION_PARAMS(FIELD)                 \
  FIELD(int, box)                         \
  FIELD(int, tiles)                       \
  FIELD(int, heads_inner)                 \
  FIELD(gatun::TensorMap, key_map)        \
  FIELD(gatun::TensorMap, value_map)
GATUN_PARAMS(WarpgroupAttentionParams, WARPGROUP_ATTENTION_PARAMS)

namespace gatun {

// A tile of query rows over the keys it sees, as the warp that decides it tells the others.
struct Task {
  int token;
  int count;  // 0: there are no more
  int part;
  int from;   // the position that the first tile of keys begins with
  int steps;  // tiles of keys
  int length;
  int all_from;  // positions that every row sees
  int all_to;
};

// The sizes of an instance, and where everything lies in shared memory.
template <int SIZE, int VALUES, int KEYS, int GROUPS, int STAGES>
struct WarpgroupTile {
  static constexpr int kRows = 64 * GROUPS;
  static constexpr int kThreads = 128 * (GROUPS + 1);
  static constexpr int kReaders = 128 * GROUPS;
  static constexpr int kHalf = KEYS * 64;             // elements of a tile of 64 columns
  static constexpr int kKeys = KEYS * SIZE;           // elements of a tile of keys
  static constexpr int kValues = KEYS * VALUES;       // and of one of values
  static constexpr int kSharedBytes = (kRows * SIZE + STAGES * (kKeys + kValues)) * 2 + 4096;
  uint16_t* queries;
  uint16_t* keys;
  uint16_t* values;
  uint64_t* keys_full;
  uint64_t* keys_empty;
  uint64_t* values_full;
  uint64_t* values_empty;
  uint64_t* task_full;
  uint64_t* task_empty;
  Task* tasks;
  int* missing;      // of a stage: which copies would bring positions that have no page
  int* found;        // of a warpgroup: the last tile of values with a number that is not finite, counted from 1
  float* factor;     // of a row: what makes of a product its score's exponent of 2; of one that is capped, what tanh is taken of
  int* first;        // of a row: the positions that it sees
  int* last;

  __device__ __forceinline__ explicit WarpgroupTile(unsigned char* shared) {
    queries = reinterpret_cast<uint16_t*>(shared);
    keys = queries + kRows * SIZE;
    values = keys + STAGES * kKeys;
    keys_full = reinterpret_cast<uint64_t*>(values + STAGES * kValues);
    keys_empty = keys_full + STAGES;
    values_full = keys_empty + STAGES;
    values_empty = values_full + STAGES;
    task_full = values_empty + STAGES;
    task_empty = task_full + 2;
    tasks = reinterpret_cast<Task*>(task_empty + 2);
    missing = reinterpret_cast<int*>(tasks + 2);
    found = missing + STAGES;
    factor = reinterpret_cast<float*>(found + GROUPS);
    first = reinterpret_cast<int*>(factor + kRows);
    last = first + kRows;
    static_assert(8 * (4 * STAGES + 4) + 2 * sizeof(Task) + 4 * (STAGES + GROUPS + 3 * kRows) <= 4096, "what is small fits in what is left for it");
  }
};

template <DType T>
__device__ __forceinline__ uint32_t round_pair(float low, float high) {
  return T == F16 ? floats_to_f16x2(low, high) : floats_to_bf16x2(low, high);
}

template <DType T>
__device__ __forceinline__ bool finite_pair(uint32_t bits) {
  constexpr uint32_t EXPONENT = T == F16 ? 0x7C007C00u : 0x7F807F80u;
  constexpr uint32_t ONE = T == F16 ? 0x04000400u : 0x00800080u;
  return (((bits & EXPONENT) + ONE) & 0x80008000u) == 0;
}

template <DType T>
__device__ __forceinline__ float value16(uint32_t bits) {
  return T == F16 ? f16_to_float(static_cast<uint16_t>(bits)) : bf16_to_float(static_cast<uint16_t>(bits));
}

// One arrival of a warp, all of whose lanes are done with what the barrier guards.
__device__ __forceinline__ void hand_back(uint64_t* barrier) {
  __syncwarp(0xFFFFFFFFu);
  if (threadIdx.x % 32 == 0) {
    mbarrier_arrive(barrier);
  }
}

// s = q·k of a warpgroup's 64 rows and a tile of keys, started.
template <DType T, int SIZE, int KEYS>
__device__ __forceinline__ void start_scores(float (&s)[KEYS / 2], uint64_t queries, uint64_t keys) {
GATUN_UNROLL
  for (int step = 0; step < SIZE / 16; step++) {
    const uint64_t a = queries + static_cast<uint64_t>((step / 4 * 64 * 64 + step % 4 * 16) * 2 >> 4);
    const uint64_t b = keys + static_cast<uint64_t>((step / 4 * KEYS * 64 + step % 4 * 16) * 2 >> 4);
    if constexpr (T == F16) {
      wgmma_f16<KEYS>(s, a, b, step > 0);
    } else {
      wgmma_bf16<KEYS>(s, a, b, step > 0);
    }
  }
}

// sums += w·v, started.
template <DType T, int VALUES, int KEYS>
__device__ __forceinline__ void start_sums(float (&sums)[VALUES / 2], const uint32_t (&w)[KEYS / 16][4], uint64_t values) {
GATUN_UNROLL
  for (int step = 0; step < KEYS / 16; step++) {
    const uint64_t b = values + static_cast<uint64_t>(step * 16 * 64 * 2 >> 4);
    if constexpr (T == F16) {
      wgmma_f16<VALUES, true>(sums, w[step], b, true);
    } else {
      wgmma_bf16<VALUES, true>(sums, w[step], b, true);
    }
  }
}

// What a lane keeps of its two rows, lane / 4 and eight further of its warp's sixteen.
struct TwoRows {
  float largest[2];  // product so far; of capped scores their exponent
  float total[2];    // this lane's share of the sum of weights
};

// A row that sees a position without a page is not passed over in silence: its sum of weights, and so its result, is NaN.
template <class Tile>
__device__ __forceinline__ void miss(const Tile& at, TwoRows& rows, int row, int from, uint32_t missing, int box) {
  for (; missing != 0; missing &= missing - 1) {
    const int start = from + (__ffs(static_cast<int>(missing)) - 1) * box;
GATUN_UNROLL
    for (int r = 0; r < 2; r++) {
      if (max(start, at.first[row + r * 8]) < min(start + box, at.last[row + r * 8])) {
        rows.total[r] = quiet_nan();
      }
    }
  }
}

// Turns products into weights relative to the largest so far, and gives what earlier weights and sums are multiplied by.
template <bool CAPPED, int KEYS, class Tile>
__device__ __forceinline__ void weigh(const Tile& at, float (&s)[KEYS / 2], TwoRows& rows, float (&shrink)[2], int row, int from, bool masked, float softcap) {
  const float factors[2] = {at.factor[row], at.factor[row + 8]};
  if constexpr (CAPPED) {
    const float most = softcap * kLog2E;
GATUN_UNROLL
    for (int i = 0; i < KEYS / 2; i++) {
      s[i] = most * tanh_fast(s[i] * factors[i / 2 % 2]);
    }
  }
  if (masked) {
    const int start = from + static_cast<int>(threadIdx.x % 4) * 2;
    const int first[2] = {at.first[row] - start, at.first[row + 8] - start};
    const int last[2] = {at.last[row] - start, at.last[row + 8] - start};
GATUN_UNROLL
    for (int i = 0; i < KEYS / 2; i++) {
      const int column = i / 4 * 8 + i % 2;
      s[i] = column >= first[i / 2 % 2] && column < last[i / 2 % 2] ? s[i] : negative_infinity();
    }
  }
GATUN_UNROLL
  for (int r = 0; r < 2; r++) {
    const float factor = CAPPED ? 1.0f : factors[r];
    float top = rows.largest[r];
GATUN_UNROLL
    for (int c = 0; c < KEYS / 8; c++) {
      top = fmaxf(top, fmaxf(s[c * 4 + r * 2], s[c * 4 + r * 2 + 1]));
    }
    top = fmaxf(top, __shfl_xor_sync(0xFFFFFFFFu, top, 1));
    top = fmaxf(top, __shfl_xor_sync(0xFFFFFFFFu, top, 2));
    // While every score is -inf, weights are 0 and not the NaN of a difference.
    const float level = top == negative_infinity() ? 0.0f : top * factor;
    shrink[r] = exp2_fast(fmaf(rows.largest[r], factor, -level));
    rows.largest[r] = top;
    float total = 0;
GATUN_UNROLL
    for (int c = 0; c < KEYS / 8; c++) {
GATUN_UNROLL
      for (int e = 0; e < 2; e++) {
        float& score = s[c * 4 + r * 2 + e];
        score = exp2_fast(fmaf(score, factor, -level));
        total += score;
      }
    }
    rows.total[r] = rows.total[r] * shrink[r] + total;
  }
}

template <DType T, int KEYS>
__device__ __forceinline__ void round_weights(const float (&s)[KEYS / 2], uint32_t (&w)[KEYS / 16][4]) {
GATUN_UNROLL
  for (int i = 0; i < KEYS / 4; i++) {
    w[i / 4][i % 4] = round_pair<T>(s[i * 2], s[i * 2 + 1]);
  }
}

// Eight elements of a row of activations, zeros past its end.
__device__ __forceinline__ void load8(const char* row, DType dtype, int chunk, int size, bool aligned, float (&out)[8]) {
  if (aligned && chunk * 8 < size && dtype == F32) {
    const float4 low = reinterpret_cast<const float4*>(row)[chunk * 2];
    const float4 high = reinterpret_cast<const float4*>(row)[chunk * 2 + 1];
    out[0] = low.x, out[1] = low.y, out[2] = low.z, out[3] = low.w;
    out[4] = high.x, out[5] = high.y, out[6] = high.z, out[7] = high.w;
  } else {
GATUN_UNROLL
    for (int e = 0; e < 8; e++) {
      out[e] = chunk * 8 + e < size ? load(row, dtype, chunk * 8 + e) : 0.0f;
    }
  }
}

// Where chunk `chunk` of 8 elements of a row is in tiles of 64 columns and `rows` rows, one after the other.
__device__ __forceinline__ int tiled(int rows, int row, int chunk) { return (chunk / 8 * rows + row) * 64 + ((chunk ^ row) & 7) * 8; }

// Brings the sixteen query rows of a warp into the warpgroup's 64.
template <DType T, bool CAPPED, int SIZE>
__device__ __forceinline__ void bring_queries(const AttentionParams& p, const RowsOfTile& part, const Task& task, int row0, uint16_t* into, float* factor,
                                              int* first, int* last) {
  constexpr int CHUNKS = SIZE / 8;
  constexpr int LANES = CHUNKS == 24 ? 32 : CHUNKS;  // of a row; a power of two, for the sake of the maximum
  constexpr int AT_ONCE = 32 / LANES;
  const int thread = renewed(static_cast<int>(threadIdx.x));
  const int lane = thread % 32;
  const int warp = thread / 32 % 4;
  const int chunk = lane % LANES;
  const uint64_t all = reinterpret_cast<uintptr_t>(p.q.base) | static_cast<uint64_t>(p.q.stride[0]) | static_cast<uint64_t>(p.q.stride[1]);
  const bool aligned = all % 16 == 0 && p.key_size % 8 == 0;
  const uint32_t sign = p.scale < 0 ? 0x80008000u : 0u;
  const int used = task.count * part.heads;
GATUN_UNROLL
  for (int i = 0; i < 16 / AT_ONCE; i++) {
    const int within = warp * 16 + i * AT_ONCE + lane / LANES;
    const int row = row0 + within;
    uint4 packed = make_uint4(0, 0, 0, 0);
    float divisor = 1;
    const bool there = row < used;
    const char* const from = query_row(p, task.token + (there ? row : 0) / part.heads, part.query + (there ? row : 0) % part.heads);
    if (p.q.dtype == T && aligned) {
      if (there && chunk * 8 < p.key_size) {
        packed = reinterpret_cast<const uint4*>(from)[chunk];
      }
    } else {
      float value[8] = {};
      if (there) {
        load8(from, p.q.dtype, chunk, p.key_size, aligned, value);
      }
      float inverse = 1;
      if (T == F16 && p.q.dtype != F16) {
        // The power of two in the largest element, so that all are below 2; 1 for zero, subnormal numbers and infinities.
        float largest = 0;
GATUN_UNROLL
        for (int e = 0; e < 8; e++) {
          largest = fmaxf(largest, fabsf(value[e]));
        }
GATUN_UNROLL
        for (int offset = LANES / 2; offset > 0; offset >>= 1) {
          largest = fmaxf(largest, __shfl_xor_sync(0xFFFFFFFFu, largest, offset));
        }
        const uint32_t exponent = __float_as_uint(largest) & 0x7F800000u;
        if (exponent != 0 && exponent < 0x7F000000u) {
          divisor = __uint_as_float(exponent);
          inverse = __uint_as_float(0x7F000000u - exponent);
        }
      }
      packed = make_uint4(round_pair<T>(value[0] * inverse, value[1] * inverse), round_pair<T>(value[2] * inverse, value[3] * inverse),
                          round_pair<T>(value[4] * inverse, value[5] * inverse), round_pair<T>(value[6] * inverse, value[7] * inverse));
    }
    packed = make_uint4(packed.x ^ sign, packed.y ^ sign, packed.z ^ sign, packed.w ^ sign);
    if (LANES == CHUNKS || chunk < CHUNKS) {
      *reinterpret_cast<uint4*>(into + tiled(64, within, chunk)) = packed;
    }
    if (chunk == 0) {
      // Never 0, whose product with the -inf of a score that is not seen is NaN.
      factor[row] = fmaxf(fabsf(p.scale) * divisor * (CAPPED ? 1.0f / p.softcap : kLog2E), 1e-37f);
      const int position = there ? p.positions[task.token + row / part.heads] : 0;
      first[row] = there ? first_seen(p, position) : 0;
      last[row] = there ? last_seen(p, position, task.length) : 0;
    }
  }
}

// The warp that decides on tasks and asks for keys and values.
template <int SIZE, int VALUES, int KEYS, int GROUPS, int STAGES>
__device__ __forceinline__ void produce(const WarpgroupAttentionParams& p, const AttentionParams& a, const WarpgroupTile<SIZE, VALUES, KEYS, GROUPS, STAGES>& at) {
  using Tile = WarpgroupTile<SIZE, VALUES, KEYS, GROUPS, STAGES>;
  const int lane = threadIdx.x % 32;
  const int tokens = a.q.size0();
  const int sequences = held_count(a.sequence_count, a.sequences);
  const int most = min(a.group, Tile::kRows);
  const int parts = a.heads * ((a.group + most - 1) / most);
  const int items = p.tiles * parts;
  int filled = 0;  // tiles of keys so far
  for (int round = 0;; round++) {
    // The longest tasks come first. Every other round goes the other way, so that no block has the longest of each.
    const int block = static_cast<int>(round % 2 == 0 ? blockIdx.x : gridDim.x - 1 - blockIdx.x);
    const int64_t item = static_cast<int64_t>(round) * gridDim.x + block;
    TokenTile tile{-1, 0, 0};
    const int part = item < items ? static_cast<int>(item) % parts : 0;
    const RowsOfTile rows(a, Tile::kRows, part);
    if (item < items) {
      tile = tile_of(a, static_cast<int>(item) / parts, rows.tokens, tokens, sequences);
    }
    Keys keys{false, 0, 0, 0};
    if (tile.sequence >= 0 && tile.count > 0) {
      keys = keys_of(a, tile.sequence, tokens);
    }
    const Span span = span_of(a, tile, keys.length);
    // Copies out of pages begin where one of their parts begins.
    const int from = keys.paged ? span.from / p.box * p.box : span.from;
    const int steps = (span.to - from + KEYS - 1) / KEYS;
    mbarrier_wait(&at.task_empty[round % 2], (round / 2 & 1) ^ 1);
    if (lane == 0) {
      at.tasks[round % 2] = Task{tile.token, tile.count, part, from, steps, keys.length, span.all_from, span.all_to};
      mbarrier_arrive(&at.task_full[round % 2]);
    }
    if (tile.count == 0) {
      break;
    }
    for (int step = 0; step < steps; step++, filled++) {
      const int stage = filled % STAGES;
      const int parity = (filled / STAGES & 1) ^ 1;
      const int position = from + step * KEYS + lane * p.box;
      const bool mine = lane * p.box < KEYS;
      int page = 0;
      int row = keys.first_row + position;
      if (keys.paged && mine) {
        page = BlockTable{a.table, a.cache_slots, a.slot_tokens, a.slot_pages, a.page_tokens, a.page_shift}.page(keys.slot, position, row);
      }
      const uint32_t missing = __ballot_sync(0xFFFFFFFFu, mine && page < 0 && position < span.to);
      row = page < 0 ? 0 : row;
      const int second = p.heads_inner != 0 ? rows.head : row;
      const int third = p.heads_inner != 0 ? row : rows.head;
      mbarrier_wait(&at.keys_empty[stage], parity);
      if (lane == 0) {
        at.missing[stage] = static_cast<int>(missing);
        mbarrier_expect(&at.keys_full[stage], Tile::kKeys * 2);
      }
      __syncwarp(0xFFFFFFFFu);
      if (mine) {
GATUN_UNROLL
        for (int half = 0; half < SIZE / 64; half++) {
          tensor_copy(at.keys + stage * Tile::kKeys + half * Tile::kHalf + lane * p.box * 64, p.key_map, half * 64, second, third, page, &at.keys_full[stage]);
        }
      }
      mbarrier_wait(&at.values_empty[stage], parity);
      if (lane == 0) {
        mbarrier_expect(&at.values_full[stage], Tile::kValues * 2);
      }
      __syncwarp(0xFFFFFFFFu);
      if (mine) {
GATUN_UNROLL
        for (int half = 0; half < VALUES / 64; half++) {
          tensor_copy(at.values + stage * Tile::kValues + half * Tile::kHalf + lane * p.box * 64, p.value_map, half * 64, second, third, page,
                      &at.values_full[stage]);
        }
      }
    }
  }
}

// A weight of 0 hides a value only while the value is finite. In a tile that not all rows see all of, numbers that are not finite are added to the rows that
// see them, weights or not, and taken from the tile. Every warpgroup looks for itself, so that they meet only where there is something to do.
template <DType T, int SIZE, int VALUES, int KEYS, int GROUPS, int STAGES>
__device__ __forceinline__ void cleanse(const WarpgroupTile<SIZE, VALUES, KEYS, GROUPS, STAGES>& at, int group, uint16_t* tile, int mark, int from, int row,
                                        float (&sums)[VALUES / 2]) {
  using Tile = WarpgroupTile<SIZE, VALUES, KEYS, GROUPS, STAGES>;
  const int thread = renewed(static_cast<int>(threadIdx.x)) % 128;
  bool finite = true;
  for (int i = thread; i < KEYS * VALUES / 8; i += 128) {
    const uint4 eight = reinterpret_cast<const uint4*>(tile)[i];
    finite = finite && finite_pair<T>(eight.x) && finite_pair<T>(eight.y) && finite_pair<T>(eight.z) && finite_pair<T>(eight.w);
  }
  if (!finite) {
    atomicMax(&at.found[group], mark);
  }
  barrier(4 + group, 128);
  if (at.found[group] != mark) {
    return;
  }
  const int from0 = at.first[row] - from;
  const int to0 = at.last[row] - from;
  const int from1 = at.first[row + 8] - from;
  const int to1 = at.last[row + 8] - from;
  for (int j = 0; j < KEYS; j++) {
GATUN_UNROLL
    for (int c = 0; c < VALUES / 8; c++) {
      const uint32_t pair = *reinterpret_cast<const uint32_t*>(tile + tiled(KEYS, j, c) + thread % 4 * 2);
GATUN_UNROLL
      for (int e = 0; e < 2; e++) {
        const uint32_t bits = pair >> e * 16 & 0xFFFFu;
        if (!finite_pair<T>(bits)) {
          sums[c * 4 + e] += j >= from0 && j < to0 ? value16<T>(bits) : 0.0f;
          sums[c * 4 + 2 + e] += j >= from1 && j < to1 ? value16<T>(bits) : 0.0f;
        }
      }
    }
  }
  barrier(7, Tile::kReaders);  // all have taken what they need
  for (int i = group * 128 + thread; i < KEYS * VALUES; i += Tile::kReaders) {
    if (!finite_pair<T>(tile[i])) {
      tile[i] = 0;
    }
  }
  fence_async_proxy();
  barrier(7, Tile::kReaders);
}

// Divides by the weights and writes the rows that there are.
template <bool CAPPED, int VALUES>
__device__ __forceinline__ void finish(const AttentionParams& p, const RowsOfTile& part, const Task& task, int row, const TwoRows& rows, const float* factors,
                                       const int* first, const int* last, const float (&sums)[VALUES / 2]) {
  const int lane = renewed(static_cast<int>(threadIdx.x));
GATUN_UNROLL
  for (int r = 0; r < 2; r++) {
    float total = rows.total[r];
    total += __shfl_xor_sync(0xFFFFFFFFu, total, 1);
    total += __shfl_xor_sync(0xFFFFFFFFu, total, 2);
    const int at = row + r * 8;
    if (at < task.count * part.heads) {
      const int head = part.query + at % part.heads;
      const float score = rows.largest[r] * ((CAPPED ? 1.0f : factors[at]) / kLog2E);
      const float factor = finishing_factor(p, head, score, total, first[at] >= last[at]);
      char* const y = result_row(p, task.token + at / part.heads, head);
GATUN_UNROLL
      for (int c = 0; c < VALUES / 8; c++) {
GATUN_UNROLL
        for (int e = 0; e < 2; e++) {
          const int i = c * 8 + lane % 4 * 2 + e;
          if (i < p.value_size) {
            store(y, p.y.dtype, i, sums[c * 4 + r * 2 + e] * factor);
          }
        }
      }
    }
  }
}

// A warpgroup of 64 query rows.
template <DType T, bool CAPPED, int SIZE, int VALUES, int KEYS, int GROUPS, int STAGES>
__device__ __forceinline__ void consume(const WarpgroupAttentionParams& p, const AttentionParams& a, const WarpgroupTile<SIZE, VALUES, KEYS, GROUPS, STAGES>& at) {
  using Tile = WarpgroupTile<SIZE, VALUES, KEYS, GROUPS, STAGES>;
  const int group = __shfl_sync(0xFFFFFFFFu, static_cast<int>(threadIdx.x) / 128, 0) - 1;  // seen to be the same in all lanes
  const int row = static_cast<int>(threadIdx.x) / 32 % 4 * 16 + group * 64 + static_cast<int>(threadIdx.x) % 32 / 4;  // and eight further
  uint16_t* const mine = at.queries + group * 64 * SIZE;
  const uint64_t queries = matrix_descriptor(mine, 0, 1024, TileSwizzle::k128);
  const uint64_t keys = matrix_descriptor(at.keys, 0, 1024, TileSwizzle::k128);
  const uint64_t values = matrix_descriptor(at.values, Tile::kHalf * 2, 1024, TileSwizzle::k128);
  int used = 0;  // tiles of keys so far
  if (group == GROUPS - 1) {
    barrier_arrive(1, 256);
  }
  for (int round = 0;; round++) {
    mbarrier_wait(&at.task_full[round % 2], round / 2 & 1);
    const Task& task = at.tasks[round % 2];
    if (task.count == 0) {
      break;
    }
    barrier(4 + group, 128);  // no warp's part of the last products may still read the queries before
    bring_queries<T, CAPPED, SIZE>(a, RowsOfTile(a, Tile::kRows, task.part), task, group * 64, mine, at.factor, at.first, at.last);
    fence_async_proxy();
    barrier(4 + group, 128);

    TwoRows rows;
GATUN_UNROLL
    for (int r = 0; r < 2; r++) {
      rows.largest[r] = negative_infinity();
      rows.total[r] = 0;
    }
    float sums[VALUES / 2] = {};
    float s[KEYS / 2];
    uint32_t w[KEYS / 16][4];
    float shrink[2];

    if (task.steps > 0) {
      int stage = used % STAGES;
      int parity = used / STAGES & 1;
      int from = task.from;
      bool masked = from < task.all_from || from + KEYS > task.all_to;
      mbarrier_wait(&at.keys_full[stage], parity);
      miss(at, rows, row, from, static_cast<uint32_t>(at.missing[stage]), p.box);
      wgmma_fence();
      start_scores<T, SIZE, KEYS>(s, queries, keys + static_cast<uint64_t>(stage * (Tile::kKeys * 2 >> 4)));
      wgmma_commit();
      wgmma_wait<0>();
      wgmma_pin(s);
      hand_back(&at.keys_empty[stage]);
      weigh<CAPPED, KEYS>(at, s, rows, shrink, row, from, masked, a.softcap);
      round_weights<T, KEYS>(s, w);
      for (int step = 1; step < task.steps; step++) {
        const int before = stage;
        mbarrier_wait(&at.values_full[before], parity);
        if (masked) {
          cleanse<T, SIZE, VALUES, KEYS, GROUPS, STAGES>(at, group, at.values + before * Tile::kValues, used + 1, from, row, sums);
        }
        used++;
        stage = used % STAGES;
        parity = used / STAGES & 1;
        from += KEYS;
        masked = from < task.all_from || from + KEYS > task.all_to;
        mbarrier_wait(&at.keys_full[stage], parity);
        miss(at, rows, row, from, static_cast<uint32_t>(at.missing[stage]), p.box);
        barrier(1 + group, 256);
        wgmma_fence();
        start_scores<T, SIZE, KEYS>(s, queries, keys + static_cast<uint64_t>(stage * (Tile::kKeys * 2 >> 4)));
        wgmma_commit();
        start_sums<T, VALUES, KEYS>(sums, w, values + static_cast<uint64_t>(before * (Tile::kValues * 2 >> 4)));
        wgmma_commit();
        barrier_arrive(1 + (group + 1) % GROUPS, 256);
        wgmma_wait<1>();
        wgmma_pin(s);
        hand_back(&at.keys_empty[stage]);
        weigh<CAPPED, KEYS>(at, s, rows, shrink, row, from, masked, a.softcap);
        wgmma_wait<0>();
        wgmma_pin(sums);
        wgmma_pin(s);
        hand_back(&at.values_empty[before]);
GATUN_UNROLL
        for (int i = 0; i < VALUES / 2; i++) {
          sums[i] *= shrink[i / 2 % 2];
        }
        round_weights<T, KEYS>(s, w);
      }
      mbarrier_wait(&at.values_full[stage], parity);
      if (masked) {
        cleanse<T, SIZE, VALUES, KEYS, GROUPS, STAGES>(at, group, at.values + stage * Tile::kValues, used + 1, from, row, sums);
      }
      used++;
      wgmma_fence();
      start_sums<T, VALUES, KEYS>(sums, w, values + static_cast<uint64_t>(stage * (Tile::kValues * 2 >> 4)));
      wgmma_commit();
      wgmma_wait<0>();
      wgmma_pin(sums);
      hand_back(&at.values_empty[stage]);
    }

    finish<CAPPED, VALUES>(a, RowsOfTile(a, Tile::kRows, task.part), task, row, rows, at.factor, at.first, at.last, sums);
    hand_back(&at.task_empty[round % 2]);
  }
  if (group == 0) {
    barrier(1, 256);
  }
}

template <DType T, bool CAPPED, int SIZE, int VALUES, int KEYS, int GROUPS, int STAGES, int PRODUCER_REGISTERS, int CONSUMER_REGISTERS>
__device__ void attention_warpgroup(const WarpgroupAttentionParams& p) {
#if defined(__CUDA_ARCH__) && !defined(__CUDA_ARCH_FEAT_SM90_ALL)
  __trap();  // the host refuses it there
#else
  using Tile = WarpgroupTile<SIZE, VALUES, KEYS, GROUPS, STAGES>;
  GATUN_BULK_SHARED(unsigned char, shared);
  const Tile at(shared);
  const AttentionParams& a = reinterpret_cast<const AttentionParams&>(p);
  if (threadIdx.x == 0) {
    for (int stage = 0; stage < STAGES; stage++) {
      mbarrier_init(&at.keys_full[stage], 1);
      mbarrier_init(&at.keys_empty[stage], Tile::kReaders / 32);
      mbarrier_init(&at.values_full[stage], 1);
      mbarrier_init(&at.values_empty[stage], Tile::kReaders / 32);
    }
    for (int i = 0; i < 2; i++) {
      mbarrier_init(&at.task_full[i], 1);
      mbarrier_init(&at.task_empty[i], Tile::kReaders / 32);
    }
    for (int group = 0; group < GROUPS; group++) {
      at.found[group] = 0;
    }
    mbarrier_init_done();
  }
  __syncthreads();
  if (threadIdx.x < 128) {
    registers_down<PRODUCER_REGISTERS>();
    if (threadIdx.x < 32) {
      produce<SIZE, VALUES, KEYS, GROUPS, STAGES>(p, a, at);
    }
  } else {
    registers_up<CONSUMER_REGISTERS>();
    consume<T, CAPPED, SIZE, VALUES, KEYS, GROUPS, STAGES>(p, a, at);
  }
#endif
}

}  // namespace gatun

#define ATTENTION_WARPGROUP(NAME, T, CAPPED, SIZE, VALUES, KEYS, GROUPS, STAGES, PRODUCER, CONSUMER)                                           \
  GATUN_KERNEL(attention_warpgroup_##NAME##_##SIZE, WarpgroupAttentionParams, 128 * (GROUPS + 1),                                              \
               gatun::attention_warpgroup<T, CAPPED, SIZE, VALUES, KEYS, GROUPS, STAGES, PRODUCER, CONSUMER>)                                   \
  GATUN_TILE(attention_warpgroup_##NAME##_##SIZE, capability, 90)                                                                               \
  GATUN_TILE(attention_warpgroup_##NAME##_##SIZE, rows, 64 * GROUPS)                                                                            \
  GATUN_TILE(attention_warpgroup_##NAME##_##SIZE, keys, KEYS)                                                                                   \
  GATUN_TILE(attention_warpgroup_##NAME##_##SIZE, shared, (gatun::WarpgroupTile<SIZE, VALUES, KEYS, GROUPS, STAGES>::kSharedBytes))
#define ATTENTION_WARPGROUPS(NAME, T, CAPPED)                            \
  ATTENTION_WARPGROUP(NAME, T, CAPPED, 64, 64, 96, 3, 4, 56, 152)        \
  ATTENTION_WARPGROUP(NAME, T, CAPPED, 128, 128, 128, 2, 2, 40, 232)     \
  ATTENTION_WARPGROUP(NAME, T, CAPPED, 256, 256, 64, 2, 2, 40, 232)
ATTENTION_WARPGROUPS(f16, gatun::F16, false)
ATTENTION_WARPGROUPS(bf16, gatun::BF16, false)
ATTENTION_WARPGROUPS(f16_capped, gatun::F16, true)
ATTENTION_WARPGROUPS(bf16_capped, gatun::BF16, true)
ATTENTION_WARPGROUP(f16, gatun::F16, false, 192, 128, 128, 2, 2, 40, 232)
ATTENTION_WARPGROUP(bf16, gatun::BF16, false, 192, 128, 128, 2, 2, 40, 232)
