// attention for few query tokens of a sequence on tensor cores, over keys in F16, BF16 or 8-bit floats, which are F16 exactly: a block a token, a key/value head (up
// to GROUP of its query heads) and a range of positions; attention_merge adds the ranges up in order (split-KV, Dao et al. 2023; attention_decode.cu).
//
// Bytes: each key and value once for GROUP query heads, 2 D bytes a key and head in F16. Flops: 4 D a key and query head. Judged against copy bandwidth.
//
// Why tensor cores: at 4.3 TB/s a multiprocessor of 132 at 1.75 GHz is brought 18.6 bytes a clock. In F16 those are 9.3 elements, which eight query heads multiply
// 74 times and sixteen 149 times, of the 128 multiply-adds that the FP32 pipe can do before any conversion; in F8 it is twice that. Here 16 keys by 16 elements are two
// mma of 16x8x16 for all heads, and a step of 16 keys by 128 is about 200 instructions a warp for 8 KiB, half an instruction a clock of four.
//
// Bytes in flight: 4.3 TB/s over 132 multiprocessors is 32.6 bytes a nanosecond; with 600 to 800 ns until they arrive, 20 to 26 KiB must be on the way at any time.
// Each warp has a ring of its own of STAGES steps of 16 keys and values, filled by cp.async, whose next step is asked for as soon as one was used up; no barrier of the
// block stands in the loop. In F16 at SIZE 128 that is 16 KiB a warp, of which at least half is on the way, 64 KiB a block, two blocks a multiprocessor: 64 to
// 128 KiB. The block table's entry of a step is read a step before its copies are asked for.
//
// Heads are the rows of A. With up to eight, rows 0 to 7 are their queries (and weights) rounded, rows 8 to 15 what the rounding left, so that both come out of one mma
// and the sum is float32's to 2^-21 (F16) or 2^-17 (BF16); with sixteen there are two mma. A query row is first divided by a power of two so that its largest
// element is below 2. Where the sum over the rounded part is no finite number the rest is left out: an infinity times it may be a NaN.
// 8-bit elements are taken from shared memory by the same ldmatrix, in pairs: the pairs' order among the 16 elements of an mma is another than memory's, and queries
// and results are given in that order.
//   keys as rows of A, eight heads as columns: the rounded part and the rest would be two mma, and weights would have to change lanes between the two products; rejected.
//   a ring for the whole block: two barriers of the block a step, for loads that a warp's own ring has in flight too; rejected.
//   Q8_0: rows of 34-byte blocks, which neither 16-byte copies nor ldmatrix can take; left to attention_decode.
#include "gatun/attention_decode.cuh"
#include "gatun/float8.cuh"
#include "gatun/halves.cuh"

// Before a loop that is unrolled in part: all of it at once would hold more addresses than there are registers.
#if defined(__CUDACC__)
#define GATUN_PRAGMA(...) _Pragma(#__VA_ARGS__)
#define GATUN_UNROLL_BY(...) GATUN_PRAGMA(unroll __VA_ARGS__)
#else
#define GATUN_UNROLL_BY(...)
#endif

namespace gatun {

// What an instance is made of.
template <DType K, int S, int G>
struct RingOf {
  static constexpr DType kept = K;
  static constexpr DType type = K == BF16 ? BF16 : F16;  // what is multiplied
  static constexpr int bytes = K == F16 || K == BF16 ? 2 : 1;
  static constexpr int size = S;
  static constexpr int group = G;
  static constexpr int keys = 16;                   // of a step
  static constexpr int row = size * bytes;          // in shared memory
  static constexpr int chunks = row / 16;
  static constexpr int step = 2 * keys * row;       // keys, then values
  static constexpr int warps = step >= 16384 ? 2 : 4;
  static constexpr int threads = 32 * warps;
  static constexpr int stages = step >= 8192 ? 2 : 4;
  static constexpr int ring = stages * step;        // of a warp
  static constexpr int tile = warps * keys;
  static constexpr int steps = size / 16;           // mma along a key
  static constexpr int operands = group > 8 ? 2 : 1;
  static constexpr bool held = operands == 1 && size <= 128;  // queries stay in registers
  static constexpr int shared = warps * ring + (held ? 0 : steps * operands * 32 * 16);

  // Where chunk `chunk` of 16 bytes of a row is: eight rows' same chunk lies in eight different banks.
  static __device__ __forceinline__ int place(int r, int chunk) {
    if constexpr (row == 64) {
      return (r >> 1) * 128 + (((r & 1) * 4) | (chunk ^ (r >> 1 & 3))) * 16;
    } else {
      return r * row + (chunk ^ (r & 7)) * 16;
    }
  }
};

// Where a position is, before it becomes an address: a page and a row of it; page -1 for none.
struct Spot {
  int page;
  int row;
};

__device__ __forceinline__ Spot spot_of(const AttentionParams& p, const Keys& keys, int position) {
  if (!keys.paged) {
    return Spot{0, keys.first_row + position};
  }
  Spot spot{0, 0};
  spot.page = BlockTable{p.table, p.cache_slots, p.slot_tokens, p.slot_pages, p.page_tokens, p.page_shift}.page(keys.slot, position, spot.row);
  return spot;
}

// One side of a step into shared memory, zeros where there is no row; lane l has the spot of row l % 16.
template <class R>
__device__ __forceinline__ void bring_side(const char* base, int64_t page_bytes, int64_t row_bytes, int size, const Spot& spot, unsigned char* into) {
  const int lane = threadIdx.x % 32;
  const uint64_t all = reinterpret_cast<uintptr_t>(base) | static_cast<uint64_t>(page_bytes) | static_cast<uint64_t>(row_bytes);
  const bool aligned = all % 16 == 0;
  constexpr int COPIES = R::keys * R::chunks / 32;
GATUN_UNROLL_BY(COPIES < 16 ? COPIES : 4)
  for (int i = 0; i < COPIES; i++) {
    const int row = (i * 32 + lane) / R::chunks;
    const int chunk = (i * 32 + lane) % R::chunks;
    const int page = __shfl_sync(0xFFFFFFFFu, spot.page, row);
    const int within = __shfl_sync(0xFFFFFFFFu, spot.row, row);
    const int count = page < 0 ? 0 : max(0, min(16, size * R::bytes - chunk * 16));
    const char* from = count == 0 ? base : base + page * page_bytes + within * row_bytes + chunk * 16;
    unsigned char* to = into + R::place(row, chunk);
    if (aligned) {
      cp_async16(to, from, count);
    } else {
      uint32_t words[4] = {};
GATUN_UNROLL
      for (int b = 0; b < 16; b += R::bytes) {
        if (b < count) {
          const uint32_t bits = R::bytes == 2 ? *reinterpret_cast<const uint16_t*>(from + b) : *reinterpret_cast<const uint8_t*>(from + b);
          words[b / 4] |= bits << (8 * (b % 4));
        }
      }
      *reinterpret_cast<uint4*>(to) = make_uint4(words[0], words[1], words[2], words[3]);
    }
  }
}

// Element j of the four of this lane in the 16 of an mma's operand.
template <class R>
__device__ __forceinline__ int element(int step, int j) {
  const int t = threadIdx.x % 4;
  return step * 16 + (R::bytes == 2 ? 2 * t + j % 2 + j / 2 * 8 : 4 * t + j);
}

// A head's part of the operand: each step's four elements as two pairs of the rounded numbers and two of what that left. Four lanes have a head; returns the power of
// two that it was divided by.
template <class R>
__device__ __forceinline__ float head_of(const AttentionParams& p, const char* from, uint32_t (&high)[R::steps][2], uint32_t (&rest)[R::steps][2]) {
  float value[R::steps][4];
  float largest = 0;
GATUN_UNROLL
  for (int s = 0; s < R::steps; s++) {
GATUN_UNROLL
    for (int j = 0; j < 4; j++) {
      const int at = element<R>(s, j);
      value[s][j] = at < p.key_size ? load(from, p.q.dtype, at) : 0.0f;
      largest = fmaxf(largest, fabsf(value[s][j]));
    }
  }
  largest = fmaxf(largest, __shfl_xor_sync(0xFFFFFFFFu, largest, 1));
  largest = fmaxf(largest, __shfl_xor_sync(0xFFFFFFFFu, largest, 2));
  // 1 where q is of the type already, and for zero, subnormal numbers and infinities.
  const uint32_t exponent = __float_as_uint(largest) & 0x7F800000u;
  const bool scaled = p.q.dtype != R::type && exponent != 0 && exponent < 0x7F000000u;
  const float inverse = scaled ? __uint_as_float(0x7F000000u - exponent) : 1.0f;
GATUN_UNROLL
  for (int s = 0; s < R::steps; s++) {
GATUN_UNROLL
    for (int h = 0; h < 2; h++) {
      const float a = value[s][2 * h] * inverse;
      const float b = value[s][2 * h + 1] * inverse;
      high[s][h] = pack16<R::type>(a, b);
      rest[s][h] = pack16_rest<R::type>(a, b, high[s][h]);
    }
  }
  return scaled ? __uint_as_float(exponent) : 1.0f;
}

// The sum of what the rounded part and the rest gave.
__device__ __forceinline__ float with_rest(float rounded, float rest) { return rounded - rounded == 0.0f ? rounded + rest : rounded; }

template <class R>
__device__ __forceinline__ void multiply_all(float (&d)[4], const uint32_t (&a)[R::operands][4], uint32_t b0, uint32_t b1) {
GATUN_UNROLL
  for (int o = 0; o < R::operands; o++) {
    multiply<R::type>(d, a[o], b0, b1);
  }
}

template <class R>
__device__ void attention_decode_mma(const AttentionParams& p) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
  __trap();  // no plan chooses it there
#else
  constexpr int ROWS = R::operands;  // heads that a lane has a part of: lane / 4, and eight further
  constexpr int COLUMNS = R::size / 8;
  GATUN_DYNAMIC_SHARED(unsigned char, shared);
  GATUN_SHARED(float[R::warps * R::group * 2], states);
  wait_for_prior_kernels();
  const int lane = threadIdx.x % 32;
  const int warp = threadIdx.x / 32;
  const Decoded d = decoded_of<R::group, R::tile>(p);
  if (d.split >= d.active) {
    return;  // the whole block
  }
  const char* k = p.k + d.head * p.key_head;
  const char* v = p.v + d.head * p.value_head;
  unsigned char* const ring = shared + warp * R::ring;
  uint4* const fragments = reinterpret_cast<uint4*>(shared + R::warps * R::ring);
  bool missing = false;  // a key that is seen has no page
  const int steps = max(0, (d.to - d.from + R::tile - 1 - warp * R::keys) / R::tile);

  const auto spot = [&](int step) {
    const int position = d.from + (step * R::warps + warp) * R::keys + lane % R::keys;
    Spot found{-1, 0};
    if (position < d.to) {
      found = spot_of(p, d.keys, position);
    }
    return found;
  };
  const auto bring = [&](int step, const Spot& found) {
    if (step < steps) {
      const int position = d.from + (step * R::warps + warp) * R::keys + lane % R::keys;
      missing = missing || (position < d.to && found.page < 0);
      unsigned char* const into = ring + step % R::stages * R::step;
      bring_side<R>(k, p.page_bytes, p.key_row, p.key_size, found, into);
      bring_side<R>(v, p.page_bytes, p.value_row, p.value_size, found, into + R::step / 2);
    }
    cp_async_commit();
  };

  Spot found[R::stages];
GATUN_UNROLL
  for (int s = 0; s < R::stages; s++) {
    found[s] = spot(s);
  }
GATUN_UNROLL
  for (int s = 0; s < R::stages; s++) {
    bring(s, found[s]);
  }
  Spot next = spot(R::stages);
  launch_dependent_kernels();

  uint32_t query[R::held ? R::steps : 1][4];
  float magnitude[ROWS];
  if constexpr (ROWS == 1) {
    uint32_t high[R::steps][2];
    uint32_t rest[R::steps][2];
    magnitude[0] = head_of<R>(p, query_row(p, d.token, d.query + min(lane / 4, d.heads - 1)), high, rest);
GATUN_UNROLL
    for (int s = 0; s < R::steps; s++) {
      if constexpr (R::held) {
        query[s][0] = high[s][0], query[s][1] = rest[s][0], query[s][2] = high[s][1], query[s][3] = rest[s][1];
      } else if (warp == 0) {
        fragments[s * 32 + lane] = make_uint4(high[s][0], rest[s][0], high[s][1], rest[s][1]);
      }
    }
  } else {
GATUN_UNROLL
    for (int r = 0; r < 2; r++) {
      uint32_t high[R::steps][2];
      uint32_t rest[R::steps][2];
      magnitude[r] = head_of<R>(p, query_row(p, d.token, d.query + min(lane / 4 + r * 8, d.heads - 1)), high, rest);
      if (warp == 0) {
GATUN_UNROLL
        for (int s = 0; s < R::steps; s++) {
          uint32_t* const to = reinterpret_cast<uint32_t*>(fragments + (s * 2) * 32 + lane);
          to[r] = high[s][0], to[2 + r] = high[s][1];
          to[128 + r] = rest[s][0], to[128 + 2 + r] = rest[s][1];
        }
      }
    }
  }
  __syncthreads();  // the operand is there for all warps

  float sums[COLUMNS][4] = {};
  float largest[ROWS];
  float total[ROWS] = {};  // this lane's share of the sum of weights
GATUN_UNROLL
  for (int r = 0; r < ROWS; r++) {
    largest[r] = negative_infinity();
    magnitude[r] *= p.scale * float8_unit<R::kept>();
  }

  for (int step = 0; step < steps; step++) {
    const int count = d.to - (d.from + (step * R::warps + warp) * R::keys);
    const unsigned char* const key_tile = ring + step % R::stages * R::step;
    const unsigned char* const value_tile = key_tile + R::step / 2;
    cp_async_wait<R::stages - 1>();
    __syncwarp();  // the step is there for all lanes

    float scores[2][4] = {};
    const auto operand = [&](int s, uint32_t (&a)[R::operands][4]) {
GATUN_UNROLL
      for (int o = 0; o < R::operands; o++) {
        if constexpr (R::held) {
GATUN_UNROLL
          for (int e = 0; e < 4; e++) {
            a[o][e] = query[s][e];
          }
        } else {
          const uint4 four = fragments[(s * R::operands + o) * 32 + lane];
          a[o][0] = four.x, a[o][1] = four.y, a[o][2] = four.z, a[o][3] = four.w;
        }
      }
    };
    if constexpr (R::bytes == 2) {
GATUN_UNROLL
      for (int s = 0; s < R::steps; s++) {
        uint32_t a[R::operands][4];
        uint32_t b[4];
        operand(s, a);
        ldmatrix4(b, key_tile + R::place(lane % 8 + lane / 16 * 8, 2 * s + lane / 8 % 2));
        multiply_all<R>(scores[0], a, b[0], b[1]);
        multiply_all<R>(scores[1], a, b[2], b[3]);
      }
    } else {
GATUN_UNROLL
      for (int s = 0; s < R::steps; s += 2) {
        uint32_t a[R::operands][4];
        uint32_t b[4];
        ldmatrix4(b, key_tile + R::place(lane % 16, s + lane / 16));
GATUN_UNROLL
        for (int h = 0; h < 2; h++) {
          operand(s + h, a);
          multiply_all<R>(scores[0], a, float8_pair<R::kept, 0, 1>(b[2 * h]), float8_pair<R::kept, 2, 3>(b[2 * h]));
          multiply_all<R>(scores[1], a, float8_pair<R::kept, 0, 1>(b[2 * h + 1]), float8_pair<R::kept, 2, 3>(b[2 * h + 1]));
        }
      }
    }

    // Scores become weights; with one row they are in elements 0 and 1.
    bool grown = false;
    float shrink[ROWS];
GATUN_UNROLL
    for (int r = 0; r < ROWS; r++) {
      float top = largest[r];
GATUN_UNROLL
      for (int c = 0; c < 2; c++) {
GATUN_UNROLL
        for (int e = 0; e < 2; e++) {
          float& score = scores[c][2 * r + e];
          const float dot = ROWS == 1 ? with_rest(score, scores[c][2 + e]) : score;
          score = c * 8 + lane % 4 * 2 + e < count ? capped(dot * magnitude[r], p.softcap) : negative_infinity();
          top = fmaxf(top, score);
        }
      }
      top = fmaxf(top, __shfl_xor_sync(0xFFFFFFFFu, top, 1));
      top = fmaxf(top, __shfl_xor_sync(0xFFFFFFFFu, top, 2));
      grown = grown || top != largest[r];
      shrink[r] = weight_of(largest[r], top);
      largest[r] = top;
      total[r] *= shrink[r];
GATUN_UNROLL
      for (int c = 0; c < 2; c++) {
GATUN_UNROLL
        for (int e = 0; e < 2; e++) {
          float& score = scores[c][2 * r + e];
          score = weight_of(score, top);
          total[r] += score;
        }
      }
    }
    if (__any_sync(0xFFFFFFFFu, grown) != 0) {
GATUN_UNROLL
      for (int c = 0; c < COLUMNS; c++) {
GATUN_UNROLL
        for (int e = 0; e < 4; e++) {
          sums[c][e] *= shrink[ROWS == 1 ? 0 : e / 2];
        }
      }
    }

    uint32_t a[R::operands][4];
GATUN_UNROLL
    for (int c = 0; c < 2; c++) {
      if constexpr (ROWS == 1) {
        a[0][2 * c] = pack16<R::type>(scores[c][0], scores[c][1]);
        a[0][2 * c + 1] = pack16_rest<R::type>(scores[c][0], scores[c][1], a[0][2 * c]);
      } else {
GATUN_UNROLL
        for (int r = 0; r < 2; r++) {
          a[0][2 * c + r] = pack16<R::type>(scores[c][2 * r], scores[c][2 * r + 1]);
          a[ROWS - 1][2 * c + r] = pack16_rest<R::type>(scores[c][2 * r], scores[c][2 * r + 1], a[0][2 * c + r]);
        }
      }
    }
    if constexpr (R::bytes == 2) {
GATUN_UNROLL
      for (int c = 0; c < COLUMNS; c += 2) {
        uint32_t b[4];
        ldmatrix4_transposed(b, value_tile + R::place(lane % 16, c + lane / 16));
        multiply_all<R>(sums[c], a, b[0], b[1]);
        multiply_all<R>(sums[c + 1], a, b[2], b[3]);
      }
    } else {
GATUN_UNROLL
      for (int c = 0; c < COLUMNS; c += 4) {
        uint32_t b[4];
        ldmatrix4_transposed(b, value_tile + R::place(lane % 16, c / 2 + lane / 16));
GATUN_UNROLL
        for (int h = 0; h < 2; h++) {
          multiply_all<R>(sums[c + 2 * h], a, float8_pair<R::kept, 0, 2>(b[2 * h]), float8_pair<R::kept, 0, 2>(b[2 * h + 1]));
          multiply_all<R>(sums[c + 2 * h + 1], a, float8_pair<R::kept, 1, 3>(b[2 * h]), float8_pair<R::kept, 1, 3>(b[2 * h + 1]));
        }
      }
    }
    __syncwarp();  // the step is used up
    bring(step + R::stages, next);
    next = spot(step + R::stages + 1);
  }

  const bool lost = __any_sync(0xFFFFFFFFu, missing) != 0;
  cp_async_wait<0>();
  __syncthreads();  // the rings are used up, and their place is taken by the sums
  float* const results = reinterpret_cast<float*>(shared);
GATUN_UNROLL
  for (int r = 0; r < ROWS; r++) {
    total[r] += __shfl_xor_sync(0xFFFFFFFFu, total[r], 1);
    total[r] += __shfl_xor_sync(0xFFFFFFFFu, total[r], 2);
    const int head = warp * R::group + lane / 4 + r * 8;
    if (lane % 4 == 0) {
      states[head * 2] = largest[r];
      states[head * 2 + 1] = lost ? quiet_nan() : total[r];
    }
GATUN_UNROLL
    for (int c = 0; c < COLUMNS; c++) {
GATUN_UNROLL
      for (int e = 0; e < 2; e++) {
        const float sum = ROWS == 1 ? with_rest(sums[c][e], sums[c][2 + e]) : sums[c][2 * r + e];
        const int at = R::bytes == 2 ? c * 8 + lane % 4 * 2 + e : c / 2 * 16 + (lane % 4 * 2 + e) * 2 + c % 2;
        results[head * R::size + at] = sum * float8_unit<R::kept>();
      }
    }
  }
  __syncthreads();
  leave<R::warps, R::group, R::size>(p, d, results, states);
#endif
}

}  // namespace gatun

// `shared` is what a block needs, `keys` the positions that it takes at a time.
#define ATTENTION_DECODE_MMA(NAME, KEPT, SIZE, GROUP)                                                                                                            \
  using Ring_##NAME##_##SIZE##x##GROUP = gatun::RingOf<KEPT, SIZE, GROUP>;                                                                                       \
  GATUN_KERNEL(attention_decode_##NAME##_##SIZE##x##GROUP, AttentionParams, (Ring_##NAME##_##SIZE##x##GROUP::threads),                                           \
               gatun::attention_decode_mma<Ring_##NAME##_##SIZE##x##GROUP>)                                                                                      \
  GATUN_TILE(attention_decode_##NAME##_##SIZE##x##GROUP, in_flight, (Ring_##NAME##_##SIZE##x##GROUP::warps * Ring_##NAME##_##SIZE##x##GROUP::ring))               \
  GATUN_TILE(attention_decode_##NAME##_##SIZE##x##GROUP, shared, (Ring_##NAME##_##SIZE##x##GROUP::shared))                                                        \
  GATUN_TILE(attention_decode_##NAME##_##SIZE##x##GROUP, keys, (Ring_##NAME##_##SIZE##x##GROUP::tile))                                                            \
  GATUN_TILE(attention_decode_##NAME##_##SIZE##x##GROUP, programmatic, 1)
ATTENTION_DECODE_MMA(f16, gatun::F16, 64, 8)
ATTENTION_DECODE_MMA(f16, gatun::F16, 64, 16)
ATTENTION_DECODE_MMA(f16, gatun::F16, 128, 8)
ATTENTION_DECODE_MMA(f16, gatun::F16, 128, 16)
ATTENTION_DECODE_MMA(f16, gatun::F16, 256, 8)
ATTENTION_DECODE_MMA(bf16, gatun::BF16, 64, 8)
ATTENTION_DECODE_MMA(bf16, gatun::BF16, 64, 16)
ATTENTION_DECODE_MMA(bf16, gatun::BF16, 128, 8)
ATTENTION_DECODE_MMA(bf16, gatun::BF16, 128, 16)
ATTENTION_DECODE_MMA(bf16, gatun::BF16, 256, 8)
ATTENTION_DECODE_MMA(f8_e4m3, gatun::F8_E4M3, 64, 8)
ATTENTION_DECODE_MMA(f8_e4m3, gatun::F8_E4M3, 64, 16)
ATTENTION_DECODE_MMA(f8_e4m3, gatun::F8_E4M3, 128, 8)
ATTENTION_DECODE_MMA(f8_e4m3, gatun::F8_E4M3, 128, 16)
ATTENTION_DECODE_MMA(f8_e4m3, gatun::F8_E4M3, 256, 8)
ATTENTION_DECODE_MMA(f8_e5m2, gatun::F8_E5M2, 64, 8)
ATTENTION_DECODE_MMA(f8_e5m2, gatun::F8_E5M2, 128, 8)
ATTENTION_DECODE_MMA(f8_e5m2, gatun::F8_E5M2, 256, 8)
