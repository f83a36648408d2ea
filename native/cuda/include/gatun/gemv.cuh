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

#include "gatun/activation.cuh"
#include "gatun/weights_f8.cuh"

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

// What becomes of a sum here: bias, residual and rounding.
struct StoreFused {
  static __device__ __forceinline__ void apply(const GemvParams& p, int m, int64_t row, float sum) {
    const WeightRows rows = weight_rows(p, row);
    if (rows.first >= rows.n) {
      return;
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

// 1 / sqrt(mean(x^2) + epsilon) of each row of x that the block does, for all threads to read after a barrier.
template <int M>
__device__ __forceinline__ void norm_scales(const GemvParams& p, int m0, int live, float (&squares)[kGemvWarps][M]) {
  for (int m = 0; m < live; m++) {
    const char* row = matrix_row(p.x, m0 + m);
    float sum = 0;
    for (int i = threadIdx.x; i < p.k; i += kGemvThreads) {
      const float value = load(row, p.x.dtype, i);
      sum += value * value;
    }
    for (int offset = 16; offset > 0; offset >>= 1) {
      sum += __shfl_xor_sync(0xFFFFFFFFu, sum, offset);
    }
    if (threadIdx.x % 32 == 0) {
      squares[threadIdx.x / 32][m] = sum;
    }
  }
  __syncthreads();
  float scale = 0;
  if (threadIdx.x < static_cast<unsigned>(live)) {
    for (int i = 0; i < kGemvWarps; i++) {
      scale += squares[i][threadIdx.x];
    }
    scale = rsqrtf(scale * (1.0f / static_cast<float>(p.k)) + p.epsilon);
  }
  __syncthreads();
  if (threadIdx.x < static_cast<unsigned>(live)) {
    squares[0][threadIdx.x] = scale;
  }
  __syncthreads();
}

template <DType X>
__device__ __forceinline__ float element_of(const char* row, int i) {
  return load(row, X, i);
}

// The image of rows m0 to m0 + live of x for the pieces of one tile, zeros for other rows up to M and for what is no element: for each 32 pieces their first
// chunks, then their second ones.
template <class P, int M, DType X>
__device__ __forceinline__ void stage_image(float4* image, const GemvParams& p, int m0, int live, int first, int pieces, const float* scales) {
  constexpr int chunks = P::elements / 4;
  const int quads = (min(p.room, pieces - first) + 31) / 32 * 32 * chunks;
  for (int m = 0; m < M; m++) {
    const char* row = matrix_row(p.x, m0 + min(m, live - 1));
    const float scale = p.norm == nullptr || m >= live ? 1.0f : scales[m];
    for (int q = threadIdx.x; q < quads; q += kGemvThreads) {
      const int group = q / 32;
      const int piece = first + group / chunks * 32 + q % 32;
      float v[4];
#pragma unroll
      for (int i = 0; i < 4; i++) {
        const int e = P::element(piece, group % chunks * 4 + i);
        v[i] = m < live && piece < pieces && e >= 0 && e < p.k ? element_of<X>(row, e) : 0.0f;
        if (p.norm != nullptr && e >= 0 && e < p.k) {
          v[i] = v[i] * scale * p.norm[e];
        }
      }
      image[m * (p.room * chunks) + q] = make_float4(v[0], v[1], v[2], v[3]);
    }
  }
}

// Adds to the sums what this lane's pieces from `piece` on, every `step`th, give.
template <class P, int M, bool WIDE>
__device__ __forceinline__ void accumulate(float (&sum)[M * kGemvTeamRows], const char* const (&row)[kGemvTeamRows], const float* const (&scale)[kGemvTeamRows],
                                           int scale_step, const float4* image, int first, int piece, int end, int step, int room, int k) {
  constexpr int R = kGemvTeamRows;
  constexpr int chunks = P::elements / 4;
  for (; piece < end; piece += P::ahead * step) {
    typename P::Raw raw[P::ahead][R] = {};
    float outer[kScaledOutside<P> ? P::ahead : 1][R];
#pragma unroll
    for (int u = 0; u < P::ahead; u++) {
      if (piece + u * step < end) {
#pragma unroll
        for (int r = 0; r < R; r++) {
          P::template load<WIDE>(raw[u][r], row[r], piece + u * step, k);
          if constexpr (kScaledOutside<P>) {
            outer[u][r] = outer_scale<P>(scale[r], scale_step, piece + u * step);
          }
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
            if constexpr (kScaledOutside<P>) {
              sum[i] = fmaf(dot[i], outer[u][i % R], sum[i]);
            } else {
              sum[i] = fmaf(dot[i], P::scale(raw[u][i % R]), sum[i]);
            }
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
  const bool wide = P::has_wide && P::wide(p.w, p.w_stride, p.k) && (p.w1 == nullptr || P::wide(p.w1, p.w_stride1, p.k)) &&
                    (p.w2 == nullptr || P::wide(p.w2, p.w_stride2, p.k));
  GATUN_SHARED(float[kGemvWarps][M], scales);
  if (p.norm != nullptr) {
    norm_scales<M>(p, m0, live, scales);
  }
  bool staged = false;
  int turn = 0;
  const int64_t rows = gemv_rows(p);
  for (int64_t base = static_cast<int64_t>(blockIdx.x) * teams * R; base < rows; base += static_cast<int64_t>(gridDim.x) * teams * R) {
    const int64_t n0 = base + team * R;
    const char* row[R];
    const float* scale[R] = {};
    if (p.unit != kNoUnit) {
      const int64_t n = min(n0 / R, static_cast<int64_t>(p.n) - 1);
      row[0] = p.w + n * p.w_stride;
      row[1] = p.w1 + n * p.w_stride1;
      if constexpr (kScaledOutside<P>) {
        scale[0] = scale_of_row(p, p.scale, n);
        scale[1] = scale_of_row(p, p.scale1, n);
      }
    } else {
      const WeightRows of = weight_rows(p, min(n0, rows - R));
#pragma unroll
      for (int r = 0; r < R; r++) {
        const int64_t n = min(of.first + r, static_cast<int64_t>(of.n) - 1);
        row[r] = of.w + n * of.stride;
        if constexpr (kScaledOutside<P>) {
          scale[r] = scale_of_row(p, of.scale, n);
        }
      }
    }
    float sum[V] = {};
    for (int first = 0; first < pieces; first += p.room) {
      if (!staged || !whole) {
        if (staged) {
          __syncthreads();  // the image before may still be read
        }
        switch (p.x.dtype) {
          case F16:
            stage_image<P, M, F16>(image, p, m0, live, first, pieces, scales[0]);
            break;
          case BF16:
            stage_image<P, M, BF16>(image, p, m0, live, first, pieces, scales[0]);
            break;
          default:
            stage_image<P, M, F32>(image, p, m0, live, first, pieces, scales[0]);
        }
        __syncthreads();
        staged = true;
      }
      if (n0 < rows) {
        const int end = min(first + p.room, pieces);
        if constexpr (P::has_wide) {
          if (wide) {
            accumulate<P, M, true>(sum, row, scale, p.scale_step, image, first, first + part * 32 + lane, end, 32 * p.split, p.room, p.k);
            continue;
          }
        }
        accumulate<P, M, false>(sum, row, scale, p.scale_step, image, first, first + part * 32 + lane, end, 32 * p.split, p.room, p.k);
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
      if (p.unit == kNoUnit) {
        EPILOGUE::apply(p, m0 + m, n, total);
      } else if (value % R == 0) {
        EPILOGUE::apply_unit(p, m0 + m, n / R, total, other);
      }
    }
  }
}

}  // namespace gatun

// What the host must know of an instance: the rows of x that a block does, the rows of w of a team, the bytes of shared memory before the image, and how K
// becomes pieces.
#define GATUN_GEMV(NAME, TYPE, M)                                                                          \
  GATUN_KERNEL(gemv_##NAME##_##M, GemvParams, gatun::kGemvThreads, gatun::gemv<gatun::TYPE, M, gatun::StoreFused>) \
  GATUN_TILE(gemv_##NAME##_##M, rows, M)                                                                   \
  GATUN_TILE(gemv_##NAME##_##M, team, gatun::kGemvTeamRows)                                                \
  GATUN_TILE(gemv_##NAME##_##M, scratch, 2 * gatun::kGemvWarps * M * gatun::kGemvTeamRows * 4)               \
  GATUN_TILE(gemv_##NAME##_##M, span, gatun::Pieces<gatun::TYPE>::span)                                    \
  GATUN_TILE(gemv_##NAME##_##M, pieces, gatun::Pieces<gatun::TYPE>::per_span)                              \
  GATUN_TILE(gemv_##NAME##_##M, elements, gatun::Pieces<gatun::TYPE>::elements)
