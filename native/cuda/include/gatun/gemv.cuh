// y[m, n] = sum over k of x[m, k]·w[n, k], plus bias[n], for few rows of x.
//
// A team of 1, 2, 4 or 8 warps (`split`, of the 8 of a block) does two rows of w for M rows of x, its warps taking turns along k. Every weight is read once
// from memory for M rows of x; the x that it meets is float32 in shared memory, laid out in the order in which lanes decode (an image), so that reading it is
// free of bank conflicts whatever the format. Blocks stay for all their rows, two on a multiprocessor (one for eight rows of x), so that x is brought in once a
// block where the image of whole rows fits.
//
// Weights of scalars come by asynchronous copies of 16 bytes a lane to a ring of 2, 4 or 8 stages of 8 KB; those of blocks to registers, a step at a time. What is
// under way goes on through the ends of rows, their sums and barriers, and begins before the kernels ahead of this one are done. Little's law: an H200 copies
// 4.3 TB/s, which is 32.6 bytes a nanosecond and multiprocessor; at 700 ns of latency that wants 22.8 KB under way, at 800 ns 26 KB. There are, with two blocks of
// 256 threads: scalars 7 stages of 8, 112 KB (48 KB with four stages; one block of four, for eight rows of x, 24 KB); Q8_0, Q4_0 8 words a lane and row, 32 KB; Q4_1
// 20 KB; Q4_K 18 KB, Q5_K 22 KB, Q6_K 27 KB; the types of gemv_others.cu two groups of eight, 5 to 12 KB. The ring is deeper than a steady stream needs: 112 KB are
// 3.5 microseconds of it, what passes from the end of the kernel before until x is staged. Deeper rings were not taken, so that the image of 14336 elements fits.
// Loads to registers kept the scalars at 64 bytes a lane, and stopped at the end of every team's rows.
//
// Two rows of w a team: with one, an element of x is read from shared memory for each weight, which for 4-bit weights is more than an H100's shared memory
// gives while weights stream at 3.35 TB/s (32 words a clock and multiprocessor against 37 weights); four leave too few teams for matrices of 4096 rows to fill
// the device with loads. Splitting k in a block makes up for few rows of w; a grid that splits k would need atomics or a second launch. Which split: that by which
// the multiprocessor with the most rows has least over its share (MatmulGemv).
//
// Bytes: w once, x and y once; flops: 2·M·N·K. The floor is the bytes over memory bandwidth up to M = 2, from M = 4 on the F32 pipe where that is slower; it is
// judged against a copy of as many bytes.
#pragma once

#include "gatun/activation.cuh"
#include "gatun/dense.cuh"
#include "gatun/order.cuh"
#include "gatun/resident.cuh"
#include "gatun/vector.cuh"
#include "gatun/weights.cuh"

// Fused with it, at the cost of a test outside the inner loop: up to three weights over the same x (q, k, v), each beginning on a team's rows; the rms_norm that
// makes x; a residual added to the sums; a gated unit, for which a team does row n of both weights and y gets only act(gate)·up.
#define GEMV_PARAMS(FIELD)      \
  FIELD(gatun::Rows, x)         \
  FIELD(gatun::Rows, y)         \
  FIELD(gatun::Rows, y1)        \
  FIELD(gatun::Rows, y2)        \
  FIELD(gatun::Rows, residual)  \
  FIELD(const char*, w)         \
  FIELD(const char*, w1)        \
  FIELD(const char*, w2)        \
  FIELD(int64_t, w_stride)      \
  FIELD(int64_t, w_stride1)     \
  FIELD(int64_t, w_stride2)     \
  FIELD(const float*, bias)     \
  FIELD(const float*, bias1)    \
  FIELD(const float*, bias2)    \
  WEIGHT_SCALE_PARAMS(FIELD)    \
  FIELD(const float*, scale1)   \
  FIELD(const float*, scale2)   \
  FIELD(const float*, norm)     \
  FIELD(float, epsilon)         \
  FIELD(int, n)                 \
  FIELD(int, n1)                \
  FIELD(int, n2)                \
  FIELD(int, k)                 \
  FIELD(int, unit)              \
  FIELD(int, split)             \
  FIELD(int, room)              \
  FIELD(int, stages)            \
  FIELD(int, early)             \
  FIELD(unsigned long long*, firsts)
GATUN_PARAMS(GemvParams, GEMV_PARAMS)

namespace gatun {

constexpr int kGemvWarps = 8;
constexpr int kGemvThreads = 32 * kGemvWarps;
constexpr int kGemvTeamRows = 2;

// A row of a matrix, which has no dimensions between rows and elements.
__device__ __forceinline__ char* matrix_row(const Rows& rows, int r) { return rows.base + r * rows.stride[0]; }

// What becomes of a sum: bias and rounding.
struct StoreSum {
  template <class PARAMS>
  static __device__ __forceinline__ void apply(const PARAMS& p, int m, int n, float sum) {
    store(matrix_row(p.y, m), p.y.dtype, n, p.bias == nullptr ? sum : sum + p.bias[n]);
  }
};

// `unit`: what becomes of two weights' sums.
enum GatedUnit : int { kNoUnit, kSilu, kGeluErf, kGeluTanh };

__device__ __forceinline__ int64_t whole_teams(int n) { return (static_cast<int64_t>(n) + kGemvTeamRows - 1) / kGemvTeamRows * kGemvTeamRows; }

// The rows of all weights together, each weight's rounded up to whole teams.
__device__ __forceinline__ int64_t gemv_rows(const GemvParams& p) {
  return p.unit != kNoUnit ? 2 * static_cast<int64_t>(p.n) : whole_teams(p.n) + whole_teams(p.n1) + whole_teams(p.n2);
}

// The weight that a team's rows are in, and the first of them there.
struct WeightRows {
  const char* w;
  const float* scale;
  int64_t stride;
  int64_t first;
  int n;
  int which;
};

__device__ __forceinline__ WeightRows weight_rows(const GemvParams& p, int64_t row) {
  const int64_t end0 = whole_teams(p.n);
  const int64_t end1 = end0 + whole_teams(p.n1);
  if (row < end0) {
    return WeightRows{p.w, p.scale, p.w_stride, row, p.n, 0};
  }
  return row < end1 ? WeightRows{p.w1, p.scale1, p.w_stride1, row - end0, p.n1, 1} : WeightRows{p.w2, p.scale2, p.w_stride2, row - end1, p.n2, 2};
}

// What becomes of a sum here: bias, residual and rounding. Gives the sum before it was rounded.
struct StoreFused {
  static __device__ __forceinline__ float apply(const GemvParams& p, int m, int64_t row, float sum) {
    const WeightRows rows = weight_rows(p, row);
    if (rows.first >= rows.n) {
      return sum;
    }
    const float* bias = rows.which == 0 ? p.bias : rows.which == 1 ? p.bias1 : p.bias2;
    if (bias != nullptr) {
      sum += bias[rows.first];
    }
    if (p.residual.base != nullptr) {
      sum += load(matrix_row(p.residual, m), p.residual.dtype, rows.first);
    }
    const Rows& y = rows.which == 0 ? p.y : rows.which == 1 ? p.y1 : p.y2;
    store(matrix_row(y, m), y.dtype, rows.first, sum);
    return sum;
  }

  // The sums of row n of the gate's weight and of the other.
  static __device__ __forceinline__ void apply_unit(const GemvParams& p, int m, int64_t n, float gate, float up) {
    if (p.bias != nullptr) {
      gate += p.bias[n];
    }
    if (p.bias1 != nullptr) {
      up += p.bias1[n];
    }
    const float value = p.unit == kSilu ? SiluMulOf::of(gate, up, 0) : p.unit == kGeluErf ? GeluErfMul::of(gate, up, 0) : GeluTanhMul::of(gate, up, 0);
    store(matrix_row(p.y, m), p.y.dtype, n, value);
  }
};

// 1 / sqrt(mean(x^2) + epsilon) of row m of the block's, from what each warp added up.
template <int M>
__device__ __forceinline__ float norm_scale(const GemvParams& p, const float (&squares)[kGemvWarps][M], int m) {
  float sum = 0;
  for (int i = 0; i < kGemvWarps; i++) {
    sum += squares[i][m];
  }
  return rsqrtf(sum * (1.0f / static_cast<float>(p.k)) + p.epsilon);
}

// Elements of x, or of the norm's weight, that a chunk of a piece meets; zeros where there are none.
template <class P, DType X>
__device__ __forceinline__ float4 chunk_of(const char* row, bool aligned, int piece, int chunk, int k) {
  const int e = P::element(piece, 4 * chunk);
  if (P::quads && aligned && e + 4 <= k) {
    return load4(row, X, e);
  }
  float v[4];
#pragma unroll
  for (int i = 0; i < 4; i++) {
    const int at = P::quads ? e + i : P::element(piece, 4 * chunk + i);
    v[i] = at >= 0 && at < k ? load(row, X, at) : 0.0f;
  }
  return make_float4(v[0], v[1], v[2], v[3]);
}

// The image of rows m0 to m0 + live of x for the pieces from `first` on, as many as there is room for: zeros for other rows up to M and for what is no element;
// for each 32 pieces their first chunks, then their second ones. Under a norm x is multiplied with its weight here, and each warp adds up the squares that it
// comes by (`squares`, anew with the first pieces), so that x is read once; the sums are scaled in the end. A thread has four loads under way.
template <class P, int M, DType X>
__device__ __forceinline__ void stage_image(float4* image, const GemvParams& p, int m0, int live, int first, int pieces, float (&squares)[kGemvWarps][M]) {
  constexpr int chunks = P::elements / 4;
  constexpr int batch = 4;
  const int quads = (min(p.room, pieces - first) + 31) / 32 * 32 * chunks;
  const char* const norm = reinterpret_cast<const char*>(p.norm);
  const bool norm_aligned = aligned4(norm, F32);
  for (int m = 0; m < M; m++) {
    const char* row = matrix_row(p.x, m0 + min(m, live - 1));
    const bool row_aligned = aligned4(row, X);
    float sum = 0;
    for (int q0 = threadIdx.x; q0 < quads; q0 += batch * kGemvThreads) {
      float4 v[batch], scale[batch];
#pragma unroll
      for (int b = 0; b < batch; b++) {
        const int q = q0 + b * kGemvThreads;
        const int piece = first + q / 32 / chunks * 32 + q % 32;
        const bool is = q < quads && m < live && piece < pieces;
        v[b] = is ? chunk_of<P, X>(row, row_aligned, piece, q / 32 % chunks, p.k) : make_float4(0, 0, 0, 0);
        if (p.norm != nullptr) {
          scale[b] = is ? chunk_of<P, F32>(norm, norm_aligned, piece, q / 32 % chunks, p.k) : make_float4(0, 0, 0, 0);
        }
      }
#pragma unroll
      for (int b = 0; b < batch; b++) {
        const int q = q0 + b * kGemvThreads;
        if (q < quads) {
          if (p.norm != nullptr) {
            sum += v[b].x * v[b].x + v[b].y * v[b].y + (v[b].z * v[b].z + v[b].w * v[b].w);
            v[b] = make_float4(v[b].x * scale[b].x, v[b].y * scale[b].y, v[b].z * scale[b].z, v[b].w * scale[b].w);
          }
          image[m * (p.room * chunks) + q] = v[b];
        }
      }
    }
    if (p.norm != nullptr) {
      for (int offset = 16; offset > 0; offset >>= 1) {
        sum += __shfl_xor_sync(0xFFFFFFFFu, sum, offset);
      }
      if (threadIdx.x % 32 == 0) {
        squares[threadIdx.x / 32][m] = first == 0 ? sum : squares[threadIdx.x / 32][m] + sum;
      }
    }
  }
}

// Where a lane's next loads are: pieces of the two rows of its team, the block's groups of rows one after the other.
struct GemvWalk {
  const char* row[kGemvTeamRows];
  int64_t base;  // the first row of the group
  int piece;     // the lane's
  bool is;       // whether the team has rows of this group

  __device__ __forceinline__ void aim(const GemvParams& p, int64_t rows) {
    const int team = threadIdx.x / 32 / p.split;
    const int64_t n0 = base + team * kGemvTeamRows;
    piece = threadIdx.x / 32 % p.split * 32 + threadIdx.x % 32;
    is = n0 < rows;
    if (!is) {
      return;
    }
    if (p.unit != kNoUnit) {
      row[0] = p.w + n0 / kGemvTeamRows * p.w_stride;
      row[1] = p.w1 + n0 / kGemvTeamRows * p.w_stride1;
    } else {
      const WeightRows of = weight_rows(p, n0);
      row[0] = of.w + of.first * of.stride;
      row[1] = of.w + min(of.first + 1, static_cast<int64_t>(of.n) - 1) * of.stride;
    }
  }

  // On by a step of `ahead` pieces a lane.
  __device__ __forceinline__ void step(const GemvParams& p, int ahead, int pieces, int64_t rows) {
    piece += ahead * 32 * p.split;
    if (piece - static_cast<int>(threadIdx.x) / 32 % p.split * 32 - static_cast<int>(threadIdx.x) % 32 >= pieces) {
      base += static_cast<int64_t>(gridDim.x) * (kGemvWarps / p.split) * kGemvTeamRows;
      aim(p, rows);
    }
  }
};

// How a lane's pieces come: `fill` begins, `take` makes those of a step ready to be read as raw(u, r), `give` follows when they were. What is under way for the
// steps to come stays so through the ends of rows and the barriers there. Here in registers, those of one step; the block's other warps multiply meanwhile.
template <class P>
struct RegisterFeed {
  static constexpr int ahead = P::ahead;
  typename P::Raw held[P::ahead][kGemvTeamRows];
  GemvWalk walk;
  int pieces;
  int64_t rows;
  bool wide;

  __device__ __forceinline__ RegisterFeed(const GemvParams& p, uint4*, int count, int64_t all) : pieces(count), rows(all) {
    wide = P::has_wide && P::wide(p.w, p.w_stride, p.k) && (p.w1 == nullptr || P::wide(p.w1, p.w_stride1, p.k)) &&
           (p.w2 == nullptr || P::wide(p.w2, p.w_stride2, p.k));
    walk.base = static_cast<int64_t>(blockIdx.x) * (kGemvWarps / p.split) * kGemvTeamRows;
    walk.aim(p, rows);
  }

  template <bool WIDE>
  __device__ __forceinline__ void load(const GemvParams& p) {
#pragma unroll
    for (int u = 0; u < ahead; u++) {
      const int here = walk.piece + u * 32 * p.split;
      if (walk.is && here < pieces) {
#pragma unroll
        for (int r = 0; r < kGemvTeamRows; r++) {
          P::template load<WIDE>(held[u][r], walk.row[r], here, p.k);
        }
      }
    }
  }

  __device__ __forceinline__ void fill(const GemvParams& p) {
    if (pieces == 0) {
      return;
    }
    if constexpr (P::has_wide) {
      if (wide) {
        load<true>(p);
      } else {
        load<false>(p);
      }
    } else {
      load<false>(p);
    }
    walk.step(p, ahead, pieces, rows);
  }
  __device__ __forceinline__ void take(const GemvParams&) {}
  __device__ __forceinline__ void give(const GemvParams& p) { fill(p); }
  __device__ __forceinline__ typename P::Raw raw(int u, int r) const { return held[u][r]; }
  __device__ __forceinline__ void leave() {}
};

// In shared memory, a ring of `stages` steps (2, 4 or 8) in which a lane has slots of its own: it waits for nobody but its own copies.
template <class P>
struct RingFeed {
  static constexpr int ahead = 1;
  uint4* slots;
  GemvWalk walk;
  CachePolicy policy;
  int pieces;
  int64_t rows;
  int given = 0;
  int taken = -1;
  bool wide;

  __device__ __forceinline__ RingFeed(const GemvParams& p, uint4* ring, int count, int64_t all)
      : slots(ring + threadIdx.x), policy(read_once()), pieces(count), rows(all) {
    wide = P::wide(p.w, p.w_stride, p.k) && (p.w1 == nullptr || P::wide(p.w1, p.w_stride1, p.k)) && (p.w2 == nullptr || P::wide(p.w2, p.w_stride2, p.k));
    walk.base = static_cast<int64_t>(blockIdx.x) * (kGemvWarps / p.split) * kGemvTeamRows;
    walk.aim(p, rows);
  }

  __device__ __forceinline__ void bring(const GemvParams& p) {
    if (walk.is && walk.piece < pieces) {
#pragma unroll
      for (int r = 0; r < kGemvTeamRows; r++) {
        P::copy(slots + (given * kGemvTeamRows + r) * kGemvThreads, walk.row[r], walk.piece, p.k, wide, policy);
      }
    }
    cp_async_commit();
    given = (given + 1) & (p.stages - 1);
    walk.step(p, ahead, pieces, rows);
  }

  __device__ __forceinline__ void fill(const GemvParams& p) {
    if (pieces > 0) {
      for (int i = 1; i < p.stages; i++) {
        bring(p);
      }
    }
  }

  // The step's copies are the oldest of stages - 1; the slots of the step before are free for the next ones.
  __device__ __forceinline__ void take(const GemvParams& p) {
    if (p.stages == 8) {
      cp_async_wait<6>();
    } else if (p.stages == 4) {
      cp_async_wait<2>();
    } else {
      cp_async_wait<0>();
    }
    bring(p);
    taken = (taken + 1) & (p.stages - 1);
  }
  __device__ __forceinline__ void give(const GemvParams&) {}
  __device__ __forceinline__ uint4 raw(int, int r) const { return slots[(taken * kGemvTeamRows + r) * kGemvThreads]; }
  __device__ __forceinline__ void leave() { cp_async_wait<0>(); }
};

// The scales of a piece of both rows of a team.
template <class P>
__device__ __forceinline__ void outer_scales(const GemvParams& p, int64_t row, int piece, float (&outer)[kGemvTeamRows]) {
  const float* scale[kGemvTeamRows];
  if (p.unit != kNoUnit) {
    scale[0] = scale_of_row(p, p.scale, row / kGemvTeamRows);
    scale[1] = scale_of_row(p, p.scale1, row / kGemvTeamRows);
  } else {
    const WeightRows of = weight_rows(p, row);
    scale[0] = scale_of_row(p, of.scale, of.first);
    scale[1] = scale_of_row(p, of.scale, min(of.first + 1, static_cast<int64_t>(of.n) - 1));
  }
#pragma unroll
  for (int r = 0; r < kGemvTeamRows; r++) {
    outer[r] = outer_scale<P>(scale[r], p.scale_step, piece);
  }
}

// Adds to the sums what the pieces of a step give, of which those under `end` are in the image.
template <class P, int M, class FEED>
__device__ __forceinline__ void accumulate(float (&sum)[M * kGemvTeamRows], const FEED& feed, const float (&outer)[kGemvTeamRows], const float4* image, int first,
                                           int piece, int end, int step, int room) {
  constexpr int R = kGemvTeamRows;
  constexpr int chunks = P::elements / 4;
#pragma unroll
  for (int u = 0; u < FEED::ahead; u++) {
    const int here = piece + u * step;
    if (here < end) {
      typename P::Raw raw[R];
#pragma unroll
      for (int r = 0; r < R; r++) {
        raw[r] = feed.raw(u, r);
      }
      const float4* from = image + (here - first) / 32 * (32 * chunks) + here % 32;
      float dot[M * R] = {};
#pragma unroll
      for (int c = 0; c < chunks; c++) {
        float w[R][4];
#pragma unroll
        for (int r = 0; r < R; r++) {
          P::chunk(raw[r], c, w[r]);
        }
#pragma unroll
        for (int m = 0; m < M; m++) {
          const float4 x = from[m * (room * chunks) + 32 * c];
#pragma unroll
          for (int r = 0; r < R; r++) {
            float& into = P::scaled ? dot[m * R + r] : sum[m * R + r];
            into = fmaf(x.x, w[r][0], into);
            into = fmaf(x.y, w[r][1], into);
            into = fmaf(x.z, w[r][2], into);
            into = fmaf(x.w, w[r][3], into);
          }
        }
      }
      if constexpr (P::scaled) {
#pragma unroll
        for (int i = 0; i < M * R; i++) {
          if constexpr (P::outside) {
            sum[i] = fmaf(dot[i], outer[i % R], sum[i]);
          } else {
            sum[i] = fmaf(dot[i], P::scale(raw[i % R]), sum[i]);
          }
        }
      }
    }
  }
}

// The warp's totals of V values, a power of two: lane l gets that of value l / (32 / V). Halving the values with the lanes takes far fewer shuffles than
// summing each over the warp.
template <int V, int OFFSET = 16>
__device__ __forceinline__ float fold(const float (&v)[V], int lane) {
  if constexpr (OFFSET == 0) {
    return v[0];
  } else if constexpr (V == 1) {
    const float pair[1] = {v[0] + __shfl_xor_sync(0xFFFFFFFFu, v[0], OFFSET)};
    return fold<1, OFFSET / 2>(pair, lane);
  } else {
    const bool upper = (lane & OFFSET) != 0;
    float half[V / 2];
#pragma unroll
    for (int i = 0; i < V / 2; i++) {
      const float sent = upper ? v[i] : v[i + V / 2];
      half[i] = (upper ? v[i + V / 2] : v[i]) + __shfl_xor_sync(0xFFFFFFFFu, sent, OFFSET);
    }
    return fold<V / 2, OFFSET / 2>(half, lane);
  }
}

template <class P, class FEED, int M, class EPILOGUE>
__device__ __forceinline__ void gemv_by(const GemvParams& p) {
  constexpr int R = kGemvTeamRows;
  constexpr int V = M * R;
  GATUN_DYNAMIC_SHARED(float, shared);
  GATUN_SHARED(float[kGemvWarps][M], squares);
  float* const partial = shared;  // [2][warps][V]: each warp's sums, for two turns
  float4* const image = reinterpret_cast<float4*>(shared + 2 * kGemvWarps * V);
  const int pieces = P::count(p.k);
  const int64_t rows = gemv_rows(p);
  const int64_t turn_rows = static_cast<int64_t>(gridDim.x) * (kGemvWarps / p.split) * R;

  // Weights that this program never writes are brought while the kernels before this one end.
  FEED feed(p, reinterpret_cast<uint4*>(image + M * p.room * (P::elements / 4)), pieces, rows);
  if (p.early == 0) {
    wait_for_prior_kernels();
  } else if (p.norm != nullptr) {
    for (int i = threadIdx.x * 32; i < p.k; i += kGemvThreads * 32) {
      prefetch(p.norm + i);
    }
  }
  feed.fill(p);
  launch_dependent_kernels();
  wait_for_prior_kernels();

  const int m0 = blockIdx.y * M;
  const int live = min(M, p.x.size0() - m0);
  if (live <= 0) {
    feed.leave();
    return;
  }
  const int thread = threadIdx.x;
  const int lane = thread % 32;
  const int warp = thread / 32;
  const int team = warp / p.split;
  const int teams = kGemvWarps / p.split;
  const bool whole = pieces <= p.room;
  bool staged = false;
  int turn = 0;
  Key best = last_key;
  for (int64_t base = static_cast<int64_t>(blockIdx.x) * teams * R; base < rows; base += turn_rows) {
    float sum[V] = {};
    for (int first = 0; first < pieces; first += p.room) {
      if (!staged || !whole) {
        if (staged) {
          __syncthreads();  // the image before may still be read
        }
        switch (p.x.dtype) {
          case F16:
            stage_image<P, M, F16>(image, p, m0, live, first, pieces, squares);
            break;
          case BF16:
            stage_image<P, M, BF16>(image, p, m0, live, first, pieces, squares);
            break;
          default:
            stage_image<P, M, F32>(image, p, m0, live, first, pieces, squares);
        }
        __syncthreads();
        staged = true;
      }
      const int step = 32 * p.split;
      const int end = min(first + p.room, pieces);
      // A step's first pieces, the same for all warps; a lane's is behind by its place.
      for (int at = first; at < end; at += FEED::ahead * step) {
        const int piece = at + warp % p.split * 32 + lane;
        const bool is = base + team * R < rows;
        float outer[R] = {};
        if constexpr (P::outside) {
          static_assert(FEED::ahead == 1, "a scale a step");
          if (is && piece < end) {
            outer_scales<P>(p, base + team * R, piece, outer);
          }
        }
        feed.take(p);
        if (is) {
          accumulate<P, M>(sum, feed, outer, image, first, piece, end, step, p.room);
        }
        feed.give(p);
      }
    }
    float total = fold<V>(sum, lane);
    // The sum of the other row of the team, which a gated unit takes with this one.
    float other = p.unit != kNoUnit ? __shfl_down_sync(0xFFFFFFFFu, total, 32 / V) : 0.0f;
    int value = lane / (32 / V);
    int owner = team;
    bool mine = lane % (32 / V) == 0;
    if (p.split > 1) {
      // The other half of `partial` may still be read; before this half is written again all have passed another barrier.
      if (mine) {
        partial[(turn * kGemvWarps + warp) * V + value] = total;
      }
      __syncthreads();
      mine = thread < teams * V;
      if (mine) {
        owner = thread / V;
        value = thread % V;
        total = 0;
        other = 0;
        for (int i = 0; i < p.split; i++) {
          const float* const sums = &partial[(turn * kGemvWarps + owner * p.split + i) * V];
          total += sums[value];
          other += p.unit != kNoUnit ? sums[value | 1] : 0.0f;
        }
      }
      turn ^= 1;
    }
    const int64_t n = base + owner * R + value % R;
    const int m = value / R;
    if (mine && m < live && n < rows) {
      if (p.norm != nullptr && pieces > 0) {
        const float scale = norm_scale<M>(p, squares, m);
        total *= scale;
        other *= scale;
      }
      if (p.unit == kNoUnit) {
        const float stored = EPILOGUE::apply(p, m0 + m, n, total);
        if (p.firsts != nullptr && n < p.n) {
          const Key key = order_key(stored, static_cast<int>(n));
          best = key < best ? key : best;
        }
      } else if (value % R == 0) {
        EPILOGUE::apply_unit(p, m0 + m, n / R, total, other);
      }
    }
  }
  if (p.firsts != nullptr) {
    // Whoever has sums has those of one row of x and one place among the team's rows, in every turn.
    Key* const keys = reinterpret_cast<Key*>(image);
    __syncthreads();  // the image is no longer read
    if (p.split > 1 ? thread < teams * V : lane % (32 / V) == 0) {
      keys[p.split > 1 ? thread : warp * V + lane / (32 / V)] = best;
    }
    __syncthreads();
    if (thread < live) {
      for (int i = 0; i < teams * R; i++) {
        const Key key = keys[i / R * V + thread * R + i % R];
        best = i == 0 || key < best ? key : best;
      }
      p.firsts[static_cast<int64_t>(m0 + thread) * gridDim.x + blockIdx.x] = best;
    }
  }
}

// Blocks of an instance on a multiprocessor, as far as registers go.
constexpr int gemv_resident(int rows) { return rows == 8 ? 1 : 2; }

// The pieces of a type, and how they come.
template <DType T, bool DENSE>
struct MultipliedBy : Pieces<T> {
  using Feed = RegisterFeed<Pieces<T>>;
};

template <DType T>
struct MultipliedBy<T, true> : Dense<T> {
  using Feed = RingFeed<Dense<T>>;
};

template <DType T>
struct Multiplied : MultipliedBy<T, Dense<T>::is> {};

template <DType T, int M, class EPILOGUE>
__device__ __forceinline__ void gemv(const GemvParams& p) {
  gemv_by<Multiplied<T>, typename Multiplied<T>::Feed, M, EPILOGUE>(p);
}

}  // namespace gatun

// What the host must know of an instance: the rows of x that a block does, the rows of w of a team, the bytes of shared memory before the image, how K becomes
// pieces, the pieces that a lane loads in a step, the bytes of a stage of its ring (0: it has none), and that it starts early.
#define GATUN_GEMV(NAME, TYPE, M)                                                                                      \
  GATUN_RESIDENT_KERNEL(gemv_##NAME##_##M, GemvParams, gatun::kGemvThreads, gatun::gemv_resident(M), \
                        gatun::gemv<gatun::TYPE, M, gatun::StoreFused>)                                                \
  GATUN_TILE(gemv_##NAME##_##M, rows, M)                                                                               \
  GATUN_TILE(gemv_##NAME##_##M, team, gatun::kGemvTeamRows)                                                            \
  GATUN_TILE(gemv_##NAME##_##M, scratch, 2 * gatun::kGemvWarps * M * gatun::kGemvTeamRows * 4)                         \
  GATUN_TILE(gemv_##NAME##_##M, span, gatun::Multiplied<gatun::TYPE>::span)                                            \
  GATUN_TILE(gemv_##NAME##_##M, pieces, gatun::Multiplied<gatun::TYPE>::per_span)                                      \
  GATUN_TILE(gemv_##NAME##_##M, elements, gatun::Multiplied<gatun::TYPE>::elements)                                    \
  GATUN_TILE(gemv_##NAME##_##M, ahead, gatun::Multiplied<gatun::TYPE>::ahead)                                          \
  GATUN_TILE(gemv_##NAME##_##M, stage, gatun::Dense<gatun::TYPE>::is ? 16 * gatun::kGemvTeamRows * gatun::kGemvThreads : 0) \
  GATUN_TILE(gemv_##NAME##_##M, resident, gatun::gemv_resident(M))                       \
  GATUN_TILE(gemv_##NAME##_##M, programmatic, 1)
