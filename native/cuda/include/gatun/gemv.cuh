// y[m, n] = sum over k of x[m, k]·w[n, k], plus bias[n], for few rows of x.
//
// A team of 1, 2, 4 or 8 warps (`split`, of the 8 of a block) does two rows of w for M rows of x, its warps taking turns along k. Every weight is read once
// from memory for M rows of x; the x that it meets is float32 in shared memory, laid out in the order in which lanes decode (an image), so that reading it is
// free of bank conflicts whatever the format. Blocks stay for more rows, so that x is brought in once a block where the image of whole rows fits.
//
// Two rows of w a team: with one, an element of x is read from shared memory for each weight, which for 4-bit weights is more than an H100's shared memory
// gives while weights stream at 3.35 TB/s (32 words a clock and multiprocessor against 37 weights); four leave too few teams for matrices of 4096 rows to fill
// the device with loads. Splitting k in a block makes up for few rows of w; a grid that splits k would need atomics or a second launch.
//
// Bytes: w once, x and y once; flops: 2·M·N·K. The floor is the bytes over memory bandwidth up to M = 2, from M = 4 on the F32 pipe where that is slower.
#pragma once

#include "gatun/weights.cuh"

#define GEMV_PARAMS(FIELD)     \
  FIELD(gatun::Rows, x)        \
  FIELD(gatun::Rows, y)        \
  FIELD(const char*, w)        \
  FIELD(int64_t, w_stride)     \
  FIELD(const float*, bias)    \
  FIELD(int, n)                \
  FIELD(int, k)                \
  FIELD(int, split)            \
  FIELD(int, room)
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

template <DType X>
__device__ __forceinline__ float element_of(const char* row, int i) {
  return load(row, X, i);
}

// The image of rows m0 to m0 + live of x for the pieces of one tile, zeros for other rows up to M and for what is no element: for each 32 pieces their first
// chunks, then their second ones.
template <class P, int M, DType X>
__device__ __forceinline__ void stage_image(float4* image, const Rows& x, int m0, int live, int first, int pieces, int room, int k) {
  constexpr int chunks = P::elements / 4;
  const int quads = (min(room, pieces - first) + 31) / 32 * 32 * chunks;
  for (int m = 0; m < M; m++) {
    const char* row = matrix_row(x, m0 + min(m, live - 1));
    for (int q = threadIdx.x; q < quads; q += kGemvThreads) {
      const int group = q / 32;
      const int piece = first + group / chunks * 32 + q % 32;
      float v[4];
#pragma unroll
      for (int i = 0; i < 4; i++) {
        const int e = P::element(piece, group % chunks * 4 + i);
        v[i] = m < live && piece < pieces && e >= 0 && e < k ? element_of<X>(row, e) : 0.0f;
      }
      image[m * (room * chunks) + q] = make_float4(v[0], v[1], v[2], v[3]);
    }
  }
}

// Adds to the sums what this lane's pieces from `piece` on, every `step`th, give.
template <class P, int M, bool WIDE>
__device__ __forceinline__ void accumulate(float (&sum)[M * kGemvTeamRows], const char* const (&row)[kGemvTeamRows], const float4* image, int first, int piece,
                                           int end, int step, int room, int k) {
  constexpr int R = kGemvTeamRows;
  constexpr int chunks = P::elements / 4;
  for (; piece < end; piece += P::ahead * step) {
    typename P::Raw raw[P::ahead][R] = {};
#pragma unroll
    for (int u = 0; u < P::ahead; u++) {
      if (piece + u * step < end) {
#pragma unroll
        for (int r = 0; r < R; r++) {
          P::template load<WIDE>(raw[u][r], row[r], piece + u * step, k);
        }
      }
    }
#pragma unroll
    for (int u = 0; u < P::ahead; u++) {
      const int here = piece + u * step;
      if (here < end) {
        const float4* from = image + (here - first) / 32 * (32 * chunks) + here % 32;
        float dot[M * R] = {};
#pragma unroll
        for (int c = 0; c < chunks; c++) {
          float w[R][4];
#pragma unroll
          for (int r = 0; r < R; r++) {
            P::chunk(raw[u][r], c, w[r]);
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
            sum[i] = fmaf(dot[i], P::scale(raw[u][i % R]), sum[i]);
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

template <DType T, int M, class EPILOGUE>
__device__ __forceinline__ void gemv(const GemvParams& p) {
  using P = Pieces<T>;
  constexpr int R = kGemvTeamRows;
  constexpr int V = M * R;
  GATUN_DYNAMIC_SHARED(float, shared);
  float* const partial = shared;  // [2][warps][V]: each warp's sums, for two turns
  float4* const image = reinterpret_cast<float4*>(shared + 2 * kGemvWarps * V);

  const int m0 = blockIdx.y * M;
  const int live = min(M, p.x.size0() - m0);
  if (live <= 0) {
    return;
  }
  const int thread = threadIdx.x;
  const int lane = thread % 32;
  const int warp = thread / 32;
  const int part = warp % p.split;
  const int team = warp / p.split;
  const int teams = kGemvWarps / p.split;
  const int pieces = P::count(p.k);
  const bool whole = pieces <= p.room;
  const bool wide = P::has_wide && P::wide(p.w, p.w_stride, p.k);
  bool staged = false;
  int turn = 0;
  for (int64_t base = static_cast<int64_t>(blockIdx.x) * teams * R; base < p.n; base += static_cast<int64_t>(gridDim.x) * teams * R) {
    const int64_t n0 = base + team * R;
    const char* row[R];
#pragma unroll
    for (int r = 0; r < R; r++) {
      row[r] = p.w + min(n0 + r, static_cast<int64_t>(p.n) - 1) * p.w_stride;
    }
    float sum[V] = {};
    for (int first = 0; first < pieces; first += p.room) {
      if (!staged || !whole) {
        if (staged) {
          __syncthreads();  // the image before may still be read
        }
        switch (p.x.dtype) {
          case F16:
            stage_image<P, M, F16>(image, p.x, m0, live, first, pieces, p.room, p.k);
            break;
          case BF16:
            stage_image<P, M, BF16>(image, p.x, m0, live, first, pieces, p.room, p.k);
            break;
          default:
            stage_image<P, M, F32>(image, p.x, m0, live, first, pieces, p.room, p.k);
        }
        __syncthreads();
        staged = true;
      }
      if (n0 < p.n) {
        const int end = min(first + p.room, pieces);
        if constexpr (P::has_wide) {
          if (wide) {
            accumulate<P, M, true>(sum, row, image, first, first + part * 32 + lane, end, 32 * p.split, p.room, p.k);
            continue;
          }
        }
        accumulate<P, M, false>(sum, row, image, first, first + part * 32 + lane, end, 32 * p.split, p.room, p.k);
      }
    }
    float total = fold<V>(sum, lane);
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
        for (int i = 0; i < p.split; i++) {
          total += partial[(turn * kGemvWarps + owner * p.split + i) * V + value];
        }
      }
      turn ^= 1;
    }
    const int64_t n = base + owner * R + value % R;
    const int m = value / R;
    if (mine && m < live && n < p.n) {
      EPILOGUE::apply(p, m0 + m, static_cast<int>(n), total);
    }
  }
}

}  // namespace gatun

// What the host must know of an instance: the rows of x that a block does, the rows of w of a team, the bytes of shared memory before the image, and how K
// becomes pieces.
#define GATUN_GEMV(NAME, TYPE, M)                                                                          \
  GATUN_KERNEL(gemv_##NAME##_##M, GemvParams, gatun::kGemvThreads, gatun::gemv<gatun::TYPE, M, gatun::StoreSum>) \
  GATUN_TILE(gemv_##NAME##_##M, rows, M)                                                                   \
  GATUN_TILE(gemv_##NAME##_##M, team, gatun::kGemvTeamRows)                                                \
  GATUN_TILE(gemv_##NAME##_##M, scratch, 2 * gatun::kGemvWarps * M * gatun::kGemvTeamRows * 4)               \
  GATUN_TILE(gemv_##NAME##_##M, span, gatun::Pieces<gatun::TYPE>::span)                                    \
  GATUN_TILE(gemv_##NAME##_##M, pieces, gatun::Pieces<gatun::TYPE>::per_span)                              \
  GATUN_TILE(gemv_##NAME##_##M, elements, gatun::Pieces<gatun::TYPE>::elements)
