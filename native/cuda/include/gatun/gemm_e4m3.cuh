// y[m, n] = sum over k of x[m, k]·w[n, k]·s[n, k], plus bias[n], for many rows of x and a scaled weight of F8_E4M3, by the warps' products of sm_89 and up.
//
// x comes as codes of E4M3 with a scale for 128 elements of a row (quantize_rows.cu). A block does BM rows of x and BN of w, a warp WM and WN of those, 128 elements
// of K a step, which lie in shared memory as rows of 128 bytes, their eight 16-byte chunks exchanged by the row's last three bits, so that ldmatrix reads
// eight rows' chunks of one column from different banks. As many stages as are given are filled asynchronously ahead; one barrier a step.
//
// Precision. A step's products are summed by the tensor cores, then multiplied by both scales and added in float32: scales differ from step to step, and the tensor
// cores keep few more bits of a sum of 8-bit products than 13 (arXiv 2412.19437, section 3.3.2), which 128 of them do not use up. The error is that of rounding
// x, 7e-4 squared and normalised.
//
// Tile: 64x128 in warps of 32x32: four ldmatrix (2 KB, 16 clocks of shared memory) for eight products (32 clocks of sm_89's tensor cores); a step's 24 KB from L2 for
// its 1024 clocks. 128x128 would take two thirds of the bytes from L2, and leave too few blocks where few rows come, which is when this runs where
// warpgroups multiply too. A tile's columns lie within one block of scales, so a step has one number of w's.
//
// Few tiles: K is cut in `splits`, whose sums go to `partial` and are added in order by another kernel (gemm_ends.cu), so that every multiprocessor has work.
//
// Bytes: codes and scales of x, w, y once; flops: 2·M·N·K. The floor is the larger of the bytes over bandwidth and the flops over the rate of 8-bit products.
#pragma once

#include "gatun/gemm_tiles.cuh"
#include "gatun/mma_e4m3.cuh"
#include "gatun/weight_scale.cuh"

// x: [rows, steps, 128]; x_scale: [steps, x_pitch]; y's count is that of x. w's rows start at multiples of 16 bytes. partial: [splits, rows, n] where there are
// splits.
#define E4M3_GEMM_PARAMS(FIELD)  \
  FIELD(const unsigned char*, x) \
  FIELD(const float*, x_scale)   \
  FIELD(gatun::Rows, y)          \
  FIELD(const char*, w)          \
  FIELD(int64_t, w_stride)       \
  WEIGHT_SCALE_PARAMS(FIELD)     \
  FIELD(const float*, bias)      \
  FIELD(float*, partial)         \
  FIELD(int, x_pitch)            \
  FIELD(int, n)                  \
  FIELD(int, k)                  \
  FIELD(int, splits)
GATUN_PARAMS(E4m3GemmParams, E4M3_GEMM_PARAMS)

namespace gatun {

// The place in a tile of rows of 128 bytes of a row's chunk of sixteen.
__device__ __forceinline__ int chunk128_at(int row, int chunk) { return row * kScaled + (chunk ^ (row & 7)) * 16; }

// Multiplies a warp's sums of columns from n0 on, held as products on tensor cores leave them, by their numbers where the scale has one for each row of w, or for all.
template <int COLUMNS, class PARAMS>
__device__ __forceinline__ void scale_columns(const PARAMS& p, float (&sum)[COLUMNS / 2], int n0) {
  if (p.scale_step != 0) {
    return;
  }
#pragma unroll
  for (int j = 0; j < COLUMNS / 8; j++) {
#pragma unroll
    for (int c = 0; c < 2; c++) {
      const int n = n0 + 8 * j + static_cast<int>(threadIdx.x) % 4 * 2 + c;
      const float scale = n < p.n ? __ldg(scale_of_row(p, p.scale, n)) : 0.0f;
      sum[4 * j + c] *= scale;
      sum[4 * j + 2 + c] *= scale;
    }
  }
}

// What the sums of a step are multiplied by.
template <class PARAMS>
__device__ __forceinline__ float step_scale(const PARAMS& p, int n0, int step) {
  return p.scale_step == 0 ? 1.0f : __ldg(scale_of_row(p, p.scale, n0) + static_cast<int64_t>(step) * p.scale_step);
}

template <int BM, int BN, int STAGES>
struct E4m3Tile {
  static constexpr int x_bytes = BM * kScaled;
  static constexpr int w_bytes = BN * kScaled;
  static constexpr int scale_bytes = BM * 4;
  static constexpr int stage = x_bytes + w_bytes + scale_bytes;
  static constexpr int shared = STAGES * stage;
};

template <int BM, int BN, int WM, int WN, int STAGES>
__device__ __forceinline__ void gemm_e4m3(const E4m3GemmParams& p) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 890
  __trap();  // the host refuses it there
#else
  using Tile = E4m3Tile<BM, BN, STAGES>;
  static_assert(kScaled % BN == 0);
  constexpr int warps_n = BN / WN;
  constexpr int threads = 32 * (BM / WM) * warps_n;
  constexpr int chunks = kScaled / 16;
  GATUN_DYNAMIC_SHARED(unsigned char, shared);

  const int m_tiles = (p.y.bound + BM - 1) / BM;
  const int split = static_cast<int>(blockIdx.x) % p.splits;
  const int tile = static_cast<int>(blockIdx.x) / p.splits;
  const int m0 = tile % m_tiles * BM;
  const int n0 = tile / m_tiles * BN;
  const int rows = p.y.size0();
  if (m0 >= rows) {
    return;
  }
  const int thread = threadIdx.x;
  const int lane = thread % 32;
  const int warp_m = thread / 32 / warps_n * WM;
  const int warp_n = thread / 32 % warps_n * WN;
  const int steps = (p.k + kScaled - 1) / kScaled;
  const int steps_each = (steps + p.splits - 1) / p.splits;
  const int first = split * steps_each;
  const int end = min(steps, first + steps_each);

  const auto load_step = [&](int step) {
    if (step < end) {
      unsigned char* const to = shared + step % STAGES * Tile::stage;
#pragma unroll
      for (int i = 0; i < BM * chunks / threads; i++) {
        const int q = thread + i * threads;
        const int m = m0 + q / chunks;
        const bool live = m < rows;
        cp_async16(to + chunk128_at(q / chunks, q % chunks), live ? p.x + (static_cast<int64_t>(m) * steps + step) * kScaled + q % chunks * 16 : p.x, live ? 16 : 0);
      }
#pragma unroll
      for (int i = 0; i < BN * chunks / threads; i++) {
        const int q = thread + i * threads;
        const int n = n0 + q / chunks;
        const int k = step * kScaled + q % chunks * 16;
        const int bytes = n < p.n ? max(0, min(16, p.k - k)) : 0;
        cp_async16(to + Tile::x_bytes + chunk128_at(q / chunks, q % chunks), bytes > 0 ? p.w + static_cast<int64_t>(n) * p.w_stride + k : p.w, bytes);
      }
      if (thread < BM / 4) {
        cp_async16(to + Tile::x_bytes + Tile::w_bytes + 16 * thread, p.x_scale + static_cast<int64_t>(step) * p.x_pitch + m0 + 4 * thread,
                   4 * max(0, min(4, rows - m0 - 4 * thread)));
      }
    }
    cp_async_commit();
  };

  float sum[WM / 16][WN / 2] = {};
#pragma unroll
  for (int ahead = 0; ahead < STAGES - 1; ahead++) {
    load_step(first + ahead);
  }
  for (int step = first; step < end; step++) {
    cp_async_wait<STAGES - 2>();
    __syncthreads();  // this stage is filled, and nobody reads the one before any more
    load_step(step + STAGES - 1);
    const unsigned char* const x = shared + step % STAGES * Tile::stage;
    const unsigned char* const w = x + Tile::x_bytes;
    const float* const x_scale = reinterpret_cast<const float*>(w + Tile::w_bytes);
    const float w_scale = step_scale(p, n0, step);
    uint32_t b[kScaled / 32][WN / 8][2];
#pragma unroll
    for (int k32 = 0; k32 < kScaled / 32; k32++) {
#pragma unroll
      for (int j = 0; j < WN / 16; j++) {
        uint32_t four[4];
        ldmatrix4(four, w + chunk128_at(warp_n + 16 * j + lane / 16 * 8 + lane % 8, 2 * k32 + lane / 8 % 2));
        b[k32][2 * j][0] = four[0], b[k32][2 * j][1] = four[1];
        b[k32][2 * j + 1][0] = four[2], b[k32][2 * j + 1][1] = four[3];
      }
    }
#pragma unroll
    for (int i = 0; i < WM / 16; i++) {
      float part[WN / 8][4] = {};
#pragma unroll
      for (int k32 = 0; k32 < kScaled / 32; k32++) {
        uint32_t a[4];
        ldmatrix4(a, x + chunk128_at(warp_m + 16 * i + lane % 16, 2 * k32 + lane / 16));
#pragma unroll
        for (int j = 0; j < WN / 8; j++) {
          mma_e4m3(part[j], a, b[k32][j]);
        }
      }
      const float upper = x_scale[warp_m + 16 * i + lane / 4] * w_scale;
      const float lower = x_scale[warp_m + 16 * i + 8 + lane / 4] * w_scale;
#pragma unroll
      for (int j = 0; j < WN / 8; j++) {
#pragma unroll
        for (int c = 0; c < 4; c++) {
          sum[i][4 * j + c] = fmaf(part[j][c], c < 2 ? upper : lower, sum[i][4 * j + c]);
        }
      }
    }
  }

#pragma unroll
  for (int i = 0; i < WM / 16; i++) {
    scale_columns<WN>(p, sum[i], n0 + warp_n);
    store_sums<WN>(p, sum[i], m0 + warp_m + 16 * i, n0 + warp_n, split);
  }
#endif
}

}  // namespace gatun

// An instance and what the host must know of it: the rows of x and of w that a block does, and its shared memory.
#define GATUN_GEMM_E4M3(BM, BN, WM, WN, STAGES)                                                                                     \
  GATUN_KERNEL(e4m3_gemm_##BM##x##BN, E4m3GemmParams, 32 * (BM / WM) * (BN / WN), gatun::gemm_e4m3<BM, BN, WM, WN, STAGES>)         \
  GATUN_TILE(e4m3_gemm_##BM##x##BN, capability, 89)                                                                                 \
  GATUN_TILE(e4m3_gemm_##BM##x##BN, rows, BM)                                                                                       \
  GATUN_TILE(e4m3_gemm_##BM##x##BN, columns, BN)                                                                                    \
  GATUN_TILE(e4m3_gemm_##BM##x##BN, shared, (gatun::E4m3Tile<BM, BN, STAGES>::shared))
