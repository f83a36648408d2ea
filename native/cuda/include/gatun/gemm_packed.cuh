// y[m, n] = sum over k of x[m, k]·w[n, k], plus bias[n], for weights in the layout of gatun/packed.cuh, on tensor cores (mma.sync, sm_80 and up), from one row of
// x on. Memory bounds it up to about 16 rows, the tensor cores beyond.
//
// A team of 1, 2, 4 or 8 warps (`split`, of the 8 of a block) does T bands of 16 rows of w for up to 8·C columns (rows of x, which are columns of the products),
// its warps taking turns along K in steps of 64 or 128 elements. Weights come from memory straight into the registers that the tensor cores take them from, 16
// bytes a lane, each once for all columns; the next step's are on their way while this one's are multiplied, and the first before x is even looked at. x is BF16
// in shared memory, 16 bytes a lane too; blocks stay for further bands, so that x is brought in once a block where all of it fits.
//
// Precision. Codes are whole numbers that BF16 holds; a block's products of codes by x are summed in float32 from the first to the last and the block's scale is
// applied to that sum, so that a weight is never rounded. x is rounded to BF16 where there are five or more rows; up to four are split in two BF16 (an error of
// 2^-17), in columns that would be empty otherwise, since the tensor cores have no fewer than eight. Codes of 4 bits are multiplied as 128 + code, which
// costs one instruction a pair, and sums begin with -(128 + zero) times the sum of the block's x, so that nothing remains of it but roundings of 2^-24 of
// products 17 times as large: a thousandth of those of x. x beyond 2^115 may overflow where a sum of float32 weights would not.
//
// Instructions of a warp for a block of 32 of a band, which is 512 weights, with 8 columns: 14 to decode (Q8_0 28), 2 products, 4 to scale, 2 scales (Q4_K 8 more
// and 4 for the minimum), 2 loads of x and of its sum, 2 to load and go on: 26 (Q8_0 39, Q4_K 40). Four warp instructions a clock are 79, 52 and 51 weights a
// clock and multiprocessor. 4.3 TB/s over 132 multiprocessors at 1.75 GHz are 33 weights of Q4_0 or Q4_K (37 at the 1.59 GHz of a hot device), 18 of Q8_0, so
// the weights' bytes are what bounds it. Shared memory: 16 bytes a lane of x and a quad of sums, 4 to 8 wavefronts for T blocks: at least 64·T weights a clock.
// Through mma.sync an H100's tensor cores do about 63 % (arXiv 2402.13499) of their 2048 multiply-adds a clock and multiprocessor, which is 35 columns at 37 weights.
//
// Bytes in flight. 4.3 TB/s by about 700 ns are 3 MB, 23 KB a multiprocessor. A warp has a step of two bands under way or two steps of one, of 1088 or 1152 bytes each:
// 16 warps, two blocks, are 34 or 36 KB, and so are 8 warps with two steps of two bands, where sums take the registers of a second block. Q4_K in teams of one band
// has a step under way a warp, 18 KB; so has every type with 64 columns.
//
// T = 2 is the rule: x is read from shared memory once for two bands. T = 1 is for weights of few rows, whose bands would leave multiprocessors without work.
// Rejected: weights through shared memory by cp.async (half as much again through shared memory, for nothing: no other warp wants them); four bands a team (no
// registers for the next step).
//
// K is shared out among blocks too (`slices`, added up in their order by a second launch, packed_sum) where more than 16 rows of x meet few rows of w: each block reads all
// of x that it needs from L2, 64 rows in F32 being 256 bytes for an element of K where 256 rows of w are 144, so that blocks of few rows of w would cost more in
// x than in weights. Up to 16 rows warps of a block share K instead, which costs no launch.
//
// Bytes: w once for each 8·C rows of x, x and y once; flops: 2·M·N·K. The floor is the bytes over memory bandwidth up to 16 rows.
#pragma once

#include "gatun/activation.cuh"
#include "gatun/packed.cuh"
#include "gatun/resident.cuh"
#include "gatun/vector.cuh"

// Fused with it as with gemv: up to three weights over the same x; the rms_norm that makes x; a residual added to the sums; a gated unit, for which a team's two
// bands are the same rows of both weights and y gets only act(gate)·up.
// split: the warps of a team; room: steps of x in shared memory at a time, a multiple of split; parts: BF16 numbers that x is the sum of; constant: whether the
// weights may be read before the kernels launched before this one are done. slices: where above 1, a block does `slice` steps of K and leaves its sums in `partial`,
// from where packed_sum takes them, which must know T and C (team, eighths).
#define PACKED_PARAMS(FIELD)   \
  FIELD(gatun::Rows, x)        \
  FIELD(gatun::Rows, y)        \
  FIELD(gatun::Rows, y1)       \
  FIELD(gatun::Rows, y2)       \
  FIELD(gatun::Rows, residual) \
  FIELD(const char*, w)        \
  FIELD(const char*, w1)       \
  FIELD(const char*, w2)       \
  FIELD(const float*, bias)    \
  FIELD(const float*, bias1)   \
  FIELD(const float*, bias2)   \
  FIELD(const float*, norm)    \
  FIELD(float, epsilon)        \
  FIELD(int, n)                \
  FIELD(int, n1)               \
  FIELD(int, n2)               \
  FIELD(int, k)                \
  FIELD(int, unit)             \
  FIELD(int, split)            \
  FIELD(int, room)             \
  FIELD(int, parts)            \
  FIELD(int, constant)         \
  FIELD(float*, partial)       \
  FIELD(int, slice)            \
  FIELD(int, slices)           \
  FIELD(int, team)             \
  FIELD(int, eighths)
GATUN_PARAMS(PackedParams, PACKED_PARAMS)

namespace gatun {

constexpr int kPackedWarps = 8;
constexpr int kPackedThreads = 32 * kPackedWarps;

// `unit`: what becomes of two weights' sums.
enum PackedUnit : int { kPackedNoUnit, kPackedSilu, kPackedGeluErf, kPackedGeluTanh };

__device__ __forceinline__ int bands_of(int n) { return (n + kBand - 1) / kBand; }

// The weight that a band of all of them is in, and which of its own it is there.
struct BandPlace {
  int which;
  int band;
};

__device__ __forceinline__ BandPlace band_place(const PackedParams& p, int band) {
  const int end0 = bands_of(p.n);
  const int end1 = end0 + bands_of(p.n1);
  return band < end0 ? BandPlace{0, band} : band < end1 ? BandPlace{1, band - end0} : BandPlace{2, band - end1};
}

__device__ __forceinline__ char* packed_row(const Rows& rows, int r) { return rows.base + r * rows.stride[0]; }

// What becomes of a sum: bias, residual and rounding.
__device__ __forceinline__ void store_packed(const PackedParams& p, const BandPlace& place, int row, int m, float sum) {
  const int n = place.band * kBand + row;
  if (n >= (place.which == 0 ? p.n : place.which == 1 ? p.n1 : p.n2)) {
    return;
  }
  const float* bias = place.which == 0 ? p.bias : place.which == 1 ? p.bias1 : p.bias2;
  if (bias != nullptr) {
    sum += bias[n];
  }
  if (p.residual.base != nullptr) {
    sum += load(packed_row(p.residual, m), p.residual.dtype, n);
  }
  const Rows& y = place.which == 0 ? p.y : place.which == 1 ? p.y1 : p.y2;
  store(packed_row(y, m), y.dtype, n, sum);
}

// The sums of a row of the gate's weight and of the other.
__device__ __forceinline__ void store_packed_unit(const PackedParams& p, int band, int row, int m, float gate, float up) {
  const int n = band * kBand + row;
  if (n >= p.n) {
    return;
  }
  if (p.bias != nullptr) {
    gate += p.bias[n];
  }
  if (p.bias1 != nullptr) {
    up += p.bias1[n];
  }
  const float value = p.unit == kPackedSilu      ? SiluMulOf::of(gate, up, 0)
                      : p.unit == kPackedGeluErf ? GeluErfMul::of(gate, up, 0)
                                                 : GeluTanhMul::of(gate, up, 0);
  store(packed_row(p.y, m), p.y.dtype, n, value);
}

// 1 / sqrt(mean(x^2) + epsilon) of `live` rows of x from m0 on, for all threads to read after a barrier. A warp does a row, which is in L2 at the latest.
__device__ __forceinline__ void packed_norm_scales(const PackedParams& p, int m0, int live, float* scales) {
  for (int m = threadIdx.x / 32; m < live; m += kPackedWarps) {
    const char* row = packed_row(p.x, m0 + m);
    float sum = 0;
    for (int i = threadIdx.x % 32; i < p.k; i += 32) {
      const float value = load(row, p.x.dtype, i);
      sum += value * value;
    }
    for (int offset = 16; offset > 0; offset >>= 1) {
      sum += __shfl_xor_sync(0xFFFFFFFFu, sum, offset);
    }
    if (threadIdx.x % 32 == 0) {
      scales[m] = rsqrtf(sum * (1.0f / static_cast<float>(p.k)) + p.epsilon);
    }
  }
}

// A number as the sum of two BF16; what is no number or infinite has no second part, and what would only be infinite when rounded becomes the largest there is.
__device__ __forceinline__ void split_number(float value, float& first, float& second) {
  const uint32_t bits = floats_to_bf16x2(value, 0.0f) << 16;
  const bool finite = fabsf(value) <= 3.4028235e38f;
  first = __uint_as_float(finite && (bits & 0x7F800000u) == 0x7F800000u ? (bits & 0x80000000u) | 0x7F7F0000u : bits);
  second = finite ? value - first : 0.0f;
}

// The columns of the image: as many as there are where they are few, else all that the products have, so that places are known when the kernel is compiled.
template <int C>
__device__ __forceinline__ int image_columns(const PackedParams& p, int live) {
  return C == 1 ? live * p.parts : 8 * C;
}

// The image of rows m0 to m0 + live of x for `blocks` blocks of 32 elements from element `from` on: for each block and column 64 bytes, BF16 side by side; and each
// block's sum times `centre` for each pair of columns, twice, as a product's sums lie. Columns are rows of x or, with two parts, both parts of a row side by side.
template <class P, DType X, int C>
__device__ __forceinline__ void stage_columns(uint4* image, float* sums, const PackedParams& p, int m0, int live, int from, int blocks, const float* scales) {
  const int cols = image_columns<C>(p, live);
  const int pairs = (cols + 1) / 2;
  const int rows = cols / p.parts;
  const unsigned quad = 0xFu << (threadIdx.x & 28);
  for (int i = threadIdx.x; i < blocks * rows * 4; i += kPackedThreads) {
    const int t = i % 4;
    const int block = i / 4 / rows;
    const int m = i / 4 - block * rows;
    const char* row = packed_row(p.x, m0 + min(m, live - 1));
    const int e = from + block * 32 + t * 8;
    float v[8];
    if (m >= live) {
#pragma unroll
      for (int j = 0; j < 8; j++) {
        v[j] = 0;
      }
    } else if (e + 8 <= p.k && aligned4(row, X)) {
      const float4 low = load4(row, X, e);
      const float4 high = load4(row, X, e + 4);
      v[0] = low.x, v[1] = low.y, v[2] = low.z, v[3] = low.w;
      v[4] = high.x, v[5] = high.y, v[6] = high.z, v[7] = high.w;
    } else {
#pragma unroll
      for (int j = 0; j < 8; j++) {
        v[j] = e + j < p.k ? load(row, X, e + j) : 0.0f;
      }
    }
    if (p.norm != nullptr) {
#pragma unroll
      for (int j = 0; j < 8; j++) {
        v[j] = m < live && e + j < p.k ? v[j] * scales[m] * p.norm[e + j] : 0.0f;
      }
    }
    float sum[2] = {0, 0};
    uint32_t words[2][4];
#pragma unroll
    for (int j = 0; j < 8; j += 2) {
      float a[2], b[2];
      split_number(v[j], a[0], a[1]);
      split_number(v[j + 1], b[0], b[1]);
#pragma unroll
      for (int part = 0; part < 2; part++) {
        const uint32_t both = floats_to_bf16x2(a[part], b[part]);
        words[part][j / 2] = both;
        sum[part] += __uint_as_float(both << 16) + __uint_as_float(both & 0xFFFF0000u);
      }
    }
    for (int part = 0; part < p.parts; part++) {
      image[(block * cols + m * p.parts + part) * 4 + t] = part == 0 ? make_uint4(words[0][0], words[0][1], words[0][2], words[0][3])
                                                                     : make_uint4(words[1][0], words[1][1], words[1][2], words[1][3]);
    }
    if constexpr (P::sums) {
#pragma unroll
      for (int part = 0; part < 2; part++) {
        sum[part] += __shfl_xor_sync(quad, sum[part], 1);
        sum[part] += __shfl_xor_sync(quad, sum[part], 2);
        sum[part] *= P::centre;
      }
      if (t == 0) {
        if (p.parts == 2) {
          reinterpret_cast<float4*>(sums)[block * pairs + m] = make_float4(sum[0], sum[1], sum[0], sum[1]);
        } else {
          float* const to = sums + (block * pairs + m / 2) * 4 + m % 2;
          to[0] = sum[0];
          to[2] = sum[0];
          if (m % 2 == 0 && m + 1 == cols) {
            to[1] = 0;
            to[3] = 0;
          }
        }
      }
    }
  }
}

// The blocks of a multiprocessor that registers and shared memory are planned for.
template <class P, int T, int C>
constexpr int kPackedResident = C == 1 && !(P::minimum && T == 2) ? 2 : 1;

// The steps that a warp has under way: enough for 35 KB a multiprocessor, as far as there are registers for them.
template <class P, int T, int C>
constexpr int kPackedDepth = (T == 1 && !P::minimum) || (kPackedResident<P, T, C> == 1 && C <= 4) ? 2 : 1;

// Adds what block b of a step of T bands gives. image and sums: where this lane's part of the block's first column and pair is.
template <class P, int T, int C>
__device__ __forceinline__ void multiply_block(float (&sum)[T][C][4], const typename P::Raw (&raw)[T], int b, const uint4* image, const float4* sums) {
  uint32_t first[T][4], second[T][4];
  float scale[T][2];
#pragma unroll
  for (int t = 0; t < T; t++) {
    P::fragment(raw[t], b, first[t], second[t]);
    scale[t][0] = P::scale(raw[t], b, 0);
    scale[t][1] = P::scale(raw[t], b, 1);
  }
#pragma unroll
  for (int c = 0; c < C; c++) {
    const uint4 x = image[c * 32];
    const uint32_t low[2] = {x.x, x.y};
    const uint32_t high[2] = {x.z, x.w};
    float4 start = make_float4(0, 0, 0, 0);
    if constexpr (P::sums) {
      start = sums[c * 4];
    }
#pragma unroll
    for (int t = 0; t < T; t++) {
      float dot[4] = {start.x, start.y, start.z, start.w};
      mma_bf16(dot, first[t], low);
      mma_bf16(dot, second[t], high);
#pragma unroll
      for (int i = 0; i < 4; i++) {
        sum[t][c][i] = fmaf(scale[t][i / 2], dot[i], sum[t][c][i]);
        if constexpr (P::minimum) {
          sum[t][c][i] = fmaf(P::least(raw[t], b, i / 2), i % 2 == 0 ? start.x : start.y, sum[t][c][i]);
        }
      }
    }
  }
}

// Adds what a step gives. Of many columns a block is enough to keep the tensor cores busy, and all of a step at once more than there are registers for.
template <class P, int T, int C>
__device__ __forceinline__ void multiply_step(float (&sum)[T][C][4], typename P::Raw (&raw)[T], int step, const uint4* image, const float4* sums, int cols) {
  const int pairs = (cols + 1) / 2;
#pragma unroll
  for (int t = 0; t < T; t++) {
    P::head(raw[t], step);
  }
  if constexpr (C >= 4) {
#pragma unroll 1
    for (int b = 0; b < P::blocks; b++) {
      multiply_block<P, T, C>(sum, raw, 0, image + b * (8 * C * 4), sums + b * (4 * C));
#pragma unroll
      for (int t = 0; t < T; t++) {
        P::shift(raw[t]);
      }
    }
  } else {
#pragma unroll
    for (int b = 0; b < P::blocks; b++) {
      multiply_block<P, T, C>(sum, raw, b, image + b * cols * 4, sums + b * pairs);
    }
  }
}

template <DType TYPE, int T, int C>
__device__ __forceinline__ void gemm_packed(const PackedParams& p) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
  __trap();  // the host refuses it there
#else
  using P = Packed<TYPE>;
  constexpr int V = T * C * 4;
  constexpr int D = kPackedDepth<P, T, C>;
  GATUN_DYNAMIC_SHARED(float, shared);
  GATUN_SHARED(float[8 * C], scales);

  const int lane = threadIdx.x % 32;
  const int warp = threadIdx.x / 32;
  const int part = warp % p.split;
  const int team = warp / p.split;
  const int teams = kPackedWarps / p.split;
  const int steps = (p.k + P::step - 1) / P::step;
  const int first_step = p.slices > 1 ? blockIdx.z * p.slice : 0;
  const int end_step = p.slices > 1 ? min(first_step + p.slice, steps) : steps;
  const bool whole = end_step - first_step <= p.room;
  const bool unit = p.unit != kPackedNoUnit;
  const int bands = unit ? bands_of(p.n) : bands_of(p.n) + bands_of(p.n1) + bands_of(p.n2);
  const int groups = unit ? bands : (bands + T - 1) / T;
  const int64_t bytes = band_bytes<P>(p.k);

  // The step that is loaded next: of which team's bands, and where these begin.
  int group_next = blockIdx.x * teams + team;
  int step_next = first_step + part;
  const char* band_next[T];
  const auto find_bands = [&] {
#pragma unroll
    for (int t = 0; t < T; t++) {
      const BandPlace place = unit ? BandPlace{t, min(group_next, bands - 1)} : band_place(p, min(group_next * T + t, bands - 1));
      band_next[t] = (place.which == 0 ? p.w : place.which == 1 ? p.w1 : p.w2) + place.band * bytes;
    }
  };
  typename P::Raw next[D][T] = {};
  const auto load_next = [&](int d) {
    if (group_next < groups && step_next < end_step) {
#pragma unroll
      for (int t = 0; t < T; t++) {
        P::load(next[d][t], band_next[t], steps, step_next, lane);
      }
      step_next += p.split;
      if (step_next >= end_step) {
        step_next = first_step + part;
        group_next += gridDim.x * teams;
        find_bands();
      }
    }
  };
  const auto load_first = [&] {
#pragma unroll
    for (int d = 0; d < D; d++) {
      load_next(d);
    }
  };
  find_bands();
  if (p.constant != 0) {
    load_first();
  }
  launch_dependent_kernels();
  wait_for_prior_kernels();
  const int most = 8 * C / p.parts;
  const int m0 = blockIdx.y * most;
  const int live = min(most, p.x.size0() - m0);
  if (live <= 0) {
    return;
  }
  if (p.constant == 0) {
    load_first();
  }
  const int cols = image_columns<C>(p, live);
  const int pairs = (cols + 1) / 2;
  float* const partial = shared;  // [warps][V][32]: each warp's sums, where warps share a team
  uint4* const image = reinterpret_cast<uint4*>(shared + (p.split > 1 ? kPackedWarps * V * 32 : 0));
  float4* const sums = reinterpret_cast<float4*>(image + p.room * P::blocks * cols * 4);

  // Where this lane's part of the first block is. Lanes of columns that there are not read another's: their sums go nowhere.
  const uint4* const own_image = image + min(lane / 4, cols - 1) * 4 + lane % 4;
  const float4* const own_sums = sums + min(lane % 4, pairs - 1);

  if (p.norm != nullptr) {
    packed_norm_scales(p, m0, live, scales);
    __syncthreads();
  }
  bool staged = false;
  bool summed = false;
  for (int base = blockIdx.x * teams; base < groups; base += gridDim.x * teams) {
    const int group = base + team;
    float sum[T][C][4] = {};
    for (int first = first_step; first < end_step; first += p.room) {
      if (!staged || !whole) {
        if (staged) {
          __syncthreads();  // the image before may still be read
        }
        const int blocks = min(p.room, end_step - first) * P::blocks;
        switch (p.x.dtype) {
          case F16:
            stage_columns<P, F16, C>(image, reinterpret_cast<float*>(sums), p, m0, live, first * P::step, blocks, scales);
            break;
          case BF16:
            stage_columns<P, BF16, C>(image, reinterpret_cast<float*>(sums), p, m0, live, first * P::step, blocks, scales);
            break;
          default:
            stage_columns<P, F32, C>(image, reinterpret_cast<float*>(sums), p, m0, live, first * P::step, blocks, scales);
        }
        __syncthreads();
        staged = true;
      }
      if (group < groups) {
        const int end = min(first + p.room, end_step);
        for (int step = first + part; step < end; step += p.split) {
          typename P::Raw raw[T];
#pragma unroll
          for (int t = 0; t < T; t++) {
            raw[t] = next[0][t];
            if constexpr (D == 2) {
              next[0][t] = next[1][t];
            }
          }
          load_next(D - 1);
          const int block = (step - first) * P::blocks;
          multiply_step<P, T, C>(sum, raw, step, own_image + block * cols * 4, own_sums + block * pairs, cols);
        }
      }
    }
    // Where this slice's sums of the group go, as they lie in registers.
    float* const own = p.slices > 1 ? p.partial + ((static_cast<int64_t>(blockIdx.z) * gridDim.y + blockIdx.y) * groups + group) * (V * 32) : nullptr;
    if (p.split == 1) {
      if (group < groups && p.slices > 1) {
#pragma unroll
        for (int t = 0; t < T; t++) {
#pragma unroll
          for (int c = 0; c < C; c++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
              __stcg(&own[((t * C + c) * 4 + i) * 32 + lane], sum[t][c][i]);
            }
          }
        }
      } else if (group < groups) {
#pragma unroll
        for (int c = 0; c < C; c++) {
#pragma unroll
          for (int i = 0; i < 4; i++) {
            if (p.parts == 2 && i % 2 != 0) {
              continue;
            }
            const int row = lane / 4 + i / 2 * 8;
            const int m = p.parts == 2 ? 4 * c + lane % 4 : 8 * c + lane % 4 * 2 + i % 2;
            if (m < live) {
              float value[T];
#pragma unroll
              for (int t = 0; t < T; t++) {
                value[t] = p.parts == 2 ? sum[t][c][i] + sum[t][c][i | 1] : sum[t][c][i];
              }
              if (unit) {
                store_packed_unit(p, group, row, m0 + m, value[0], value[T - 1]);
              } else {
#pragma unroll
                for (int t = 0; t < T; t++) {
                  if (group * T + t < bands) {
                    store_packed(p, band_place(p, group * T + t), row, m0 + m, value[t]);
                  }
                }
              }
            }
          }
        }
      }
      continue;
    }
    if (summed) {
      __syncthreads();  // the sums before may still be read
    }
#pragma unroll
    for (int t = 0; t < T; t++) {
#pragma unroll
      for (int c = 0; c < C; c++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
          partial[((warp * T + t) * C * 4 + c * 4 + i) * 32 + lane] = sum[t][c][i];
        }
      }
    }
    __syncthreads();
    summed = true;
    // A thread takes a lane's number of a register of a team, and those beside it where they belong together.
    for (int at = part * 32 + lane; at < C * 4 * 32 && group < groups; at += p.split * 32) {
      const int from = at % 32;
      const int i = at / 32 % 4;
      const int c = at / 128;
      if (p.parts == 2 && i % 2 != 0) {
        continue;
      }
      const int row = from / 4 + i / 2 * 8;
      const int m = p.parts == 2 ? 4 * c + from % 4 : 8 * c + from % 4 * 2 + i % 2;
      if (m >= live) {
        continue;
      }
      float value[T] = {};
      for (int w = 0; w < p.split; w++) {
#pragma unroll
        for (int t = 0; t < T; t++) {
          const float* const one = &partial[(((team * p.split + w) * T + t) * C * 4 + c * 4 + i) * 32 + from];
          value[t] += p.parts == 2 ? one[0] + one[32] : one[0];
        }
      }
      if (p.slices > 1) {
#pragma unroll
        for (int t = 0; t < T; t++) {
          __stcg(&own[((t * C + c) * 4 + i) * 32 + from], value[t]);
        }
      } else if (unit) {
        store_packed_unit(p, group, row, m0 + m, value[0], value[T - 1]);
      } else {
#pragma unroll
        for (int t = 0; t < T; t++) {
          if (group * T + t < bands) {
            store_packed(p, band_place(p, group * T + t), row, m0 + m, value[t]);
          }
        }
      }
    }
  }
#endif
}

// The sums of all slices of K, added up in their order, and what becomes of them; blockIdx.y as above. Bytes: 4 an output and slice, which are in L2.
template <int THREADS>
__device__ void packed_sum(const PackedParams& p) {
  launch_dependent_kernels();
  wait_for_prior_kernels();
  const int m0 = blockIdx.y * 8 * p.eighths;
  const int live = min(8 * p.eighths, p.x.size0() - m0);
  const bool unit = p.unit != kPackedNoUnit;
  const int bands = unit ? bands_of(p.n) : bands_of(p.n) + bands_of(p.n1) + bands_of(p.n2);
  const int groups = unit ? bands : (bands + p.team - 1) / p.team;
  const int each = p.eighths * 128;  // sums of a band
  const int64_t slice = static_cast<int64_t>(gridDim.y) * groups * p.team * each;
  const float* const own = p.partial + static_cast<int64_t>(blockIdx.y) * groups * p.team * each;
  for (int64_t at = static_cast<int64_t>(blockIdx.x) * THREADS + threadIdx.x; at < static_cast<int64_t>(groups) * each; at += static_cast<int64_t>(gridDim.x) * THREADS) {
    const int group = static_cast<int>(at / each);
    const int within = static_cast<int>(at % each);
    const int row = within % 32 / 4 + within / 64 % 2 * 8;
    const int m = within / 128 * 8 + within % 4 * 2 + within / 32 % 2;
    if (m >= live) {
      continue;
    }
    const auto total = [&](int t) {
      const float* from = own + (static_cast<int64_t>(group) * p.team + t) * each + within;
      float sum = 0;
      for (int s = 0; s < p.slices; s++) {
        sum += __ldcg(from + s * slice);
      }
      return sum;
    };
    const float first = total(0);
    const float second = p.team > 1 ? total(1) : 0.0f;
    if (unit) {
      store_packed_unit(p, group, row, m0 + m, first, second);
      continue;
    }
    store_packed(p, band_place(p, group * p.team), row, m0 + m, first);
    if (p.team > 1 && group * p.team + 1 < bands) {
      store_packed(p, band_place(p, group * p.team + 1), row, m0 + m, second);
    }
  }
}

}  // namespace gatun

// What the host must know of an instance: the bands of a team, the blocks of a multiprocessor, the columns, the elements of a step, the bytes of shared memory that the warps of a block take where they
// share a team, and those of a step's image for a column and for a pair of columns.
#define GATUN_GEMM_PACKED(NAME, TYPE, T, C)                                                                                      \
  GATUN_RESIDENT_KERNEL(packed_##NAME##_##T##x##C, PackedParams, gatun::kPackedThreads,                                          \
                        (gatun::kPackedResident<gatun::Packed<gatun::TYPE>, T, C>), gatun::gemm_packed<gatun::TYPE, T, C>)       \
  GATUN_TILE(packed_##NAME##_##T##x##C, programmatic, 1)                                                                         \
  GATUN_TILE(packed_##NAME##_##T##x##C, in_flight,                                                                               \
             (gatun::kPackedDepth<gatun::Packed<gatun::TYPE>, T, C> * gatun::kPackedWarps * T *                                     \
              (gatun::Packed<gatun::TYPE>::code_bytes + gatun::Packed<gatun::TYPE>::scale_bytes)))                               \
  GATUN_TILE(packed_##NAME##_##T##x##C, bands, T)                                                                                \
  GATUN_TILE(packed_##NAME##_##T##x##C, resident, (gatun::kPackedResident<gatun::Packed<gatun::TYPE>, T, C>))                    \
  GATUN_TILE(packed_##NAME##_##T##x##C, columns, 8 * C)                                                                          \
  GATUN_TILE(packed_##NAME##_##T##x##C, step, gatun::Packed<gatun::TYPE>::step)                                                  \
  GATUN_TILE(packed_##NAME##_##T##x##C, scratch, gatun::kPackedWarps * T * C * 4 * 32 * 4)                                       \
  GATUN_TILE(packed_##NAME##_##T##x##C, column_bytes, gatun::Packed<gatun::TYPE>::blocks * 64)                                   \
  GATUN_TILE(packed_##NAME##_##T##x##C, pair_bytes, gatun::Packed<gatun::TYPE>::sums ? gatun::Packed<gatun::TYPE>::blocks * 16 : 0)
