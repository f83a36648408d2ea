// y[m, n] = sum over k of x[m, k]·w[n, k], plus bias[n], for many rows of x whose bits and those of w go into products as they lie in memory, on the tensor cores
// of sm_80 and up (mma.sync).
//
// Both come through STAGES stages of shared memory by asynchronous copies of 16 bytes, 32 elements of K a stage; the copies run STAGES - 1 steps ahead, and one
// barrier a step tells both that a stage is there and that the one before is free. Precision as in gemm_warpgroup.cuh: BF16 by BF16 and F16 by F16 as they are,
// other x by BF16 in two BF16 parts (split.cu), with which the same w is multiplied.
//
// Tiles, by counting. A warp does 64x64: 4 KB of fragments from shared memory for 32 products of 16x8x16, half of what shared memory gives while they run
// (256 clocks a warp on sm_80; 64x32 would take three quarters). Its 128 sums leave room for one set of fragments.
//   128x128, 4 warps   two blocks a multiprocessor, one of which multiplies while the other writes: on sm_80 (164 KB) and, with 48 KB each, on sm_86, 89 and 120
//                      (100 KB). Of L2 it needs 32 bytes a clock on sm_80, of the 47 there are, half that on the others. Hence 3 stages of 16 KB, or 2 of 24 KB
//                      with x in two parts, whose steps are twice as long: 1024 clocks on sm_80, more than a copy takes.
//   64x64, 4 warps     of 32x32, for products too small to give every multiprocessor one of the larger: fragments take all that shared memory gives, so that
//                      products run at an estimated 65 percent
// 128x256 would need 16 KB less from L2 for as many products, of which there is enough, and leaves room for one block, which does not multiply while it writes.
// Few tiles, their order, splits of K: as in gemm_warpgroup.cuh; a block does one tile.
//
// Shared memory is laid out as in gemm.cuh. Bytes: w, x and y once; flops: 2·M·N·K, made as twice as many where x is in two parts.
#pragma once

#include "gatun/gemm.cuh"
#include "gatun/gemm_tiles.cuh"

// x: [parts, rows, k], a row x_row bytes after the one before, a part x_part: with w's, multiples of 16; y's count is that of x.
#define COPIED_GEMM_PARAMS(FIELD) \
  FIELD(const char*, x)           \
  FIELD(int64_t, x_row)           \
  FIELD(int64_t, x_part)          \
  FIELD(const char*, w)           \
  FIELD(int64_t, w_row)           \
  FIELD(gatun::Rows, y)           \
  FIELD(const float*, bias)       \
  FIELD(float*, partial)          \
  FIELD(int, n)                   \
  FIELD(int, k)                   \
  FIELD(int, splits)              \
  FIELD(int, group)
GATUN_PARAMS(CopiedGemmParams, COPIED_GEMM_PARAMS)

namespace gatun {

template <int BM, int BN, int WM, int WN, int PARTS, bool HALF, int STAGES>
__device__ __forceinline__ void copied_gemm(const CopiedGemmParams& p) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
  __trap();  // the host refuses it there
#else
  constexpr int warps_n = BN / WN;
  constexpr int threads = 32 * (BM / WM) * warps_n;
  constexpr int rows_at_once = threads / 4;  // a thread copies a chunk of four
  constexpr int stage = (PARTS * BM + BN) * kStep;
  GATUN_DYNAMIC_SHARED(uint16_t, shared);

  const TileRaster<BM, BN, kStep> raster(p);
  if (static_cast<int>(blockIdx.x) >= raster.works()) {
    return;
  }
  const TileWork work = raster.work(static_cast<int>(blockIdx.x));
  const int rows = p.y.size0();
  const int thread = threadIdx.x;
  const int lane = thread % 32;
  const int warp_m = thread / 32 / warps_n * WM;
  const int warp_n = thread / 32 % warps_n * WN;

  const auto fetch = [&](int step) {
    uint16_t* const to = shared + (step - work.from) % STAGES * stage;
    const int k = step * kStep + thread % 4 * 8;
    const int bytes = step < work.to ? max(0, min(16, 2 * (p.k - k))) : 0;
    if (bytes > 0) {
#pragma unroll
      for (int i = 0; i < PARTS * BM / rows_at_once; i++) {
        const int row = thread / 4 + i * rows_at_once;
        const bool there = work.m0 + row % BM < rows;
        const char* const from = p.x + row / BM * p.x_part + (work.m0 + row % BM) * p.x_row + 2LL * k;
        cp_async16(to + chunk_at(row, thread % 4), there ? from : p.x, there ? bytes : 0);
      }
#pragma unroll
      for (int i = 0; i < BN / rows_at_once; i++) {
        const int row = thread / 4 + i * rows_at_once;
        const bool there = work.n0 + row < p.n;
        const char* const from = p.w + (work.n0 + row) * p.w_row + 2LL * k;
        cp_async16(to + chunk_at(PARTS * BM + row, thread % 4), there ? from : p.w, there ? bytes : 0);
      }
    } else if (step < work.to) {
      for (int i = 0; i < (PARTS * BM + BN) / rows_at_once; i++) {
        *reinterpret_cast<uint4*>(to + chunk_at(thread / 4 + i * rows_at_once, thread % 4)) = make_uint4(0, 0, 0, 0);
      }
    }
    cp_async_commit();
  };

  float sum[WM / 16][WN / 2] = {};
  for (int step = work.from; step < work.from + STAGES - 1; step++) {
    fetch(step);
  }
  for (int step = work.from; step < work.to; step++) {
    cp_async_wait<STAGES - 2>();
    __syncthreads();  // this stage is filled, and nobody reads the one before any more
    fetch(step + STAGES - 1);
    const uint16_t* const from = shared + (step - work.from) % STAGES * stage;
#pragma unroll
    for (int k16 = 0; k16 < kStep / 16; k16++) {
      uint32_t b[WN / 8][2];
#pragma unroll
      for (int j = 0; j < WN / 16; j++) {
        uint32_t four[4];
        ldmatrix4(four, from + chunk_at(PARTS * BM + warp_n + 16 * j + lane / 16 * 8 + lane % 8, 2 * k16 + lane / 8 % 2));
        b[2 * j][0] = four[0], b[2 * j][1] = four[1];
        b[2 * j + 1][0] = four[2], b[2 * j + 1][1] = four[3];
      }
#pragma unroll
      for (int part = 0; part < PARTS; part++) {
#pragma unroll
        for (int i = 0; i < WM / 16; i++) {
          uint32_t a[4];
          ldmatrix4(a, from + chunk_at(part * BM + warp_m + 16 * i + lane % 16, 2 * k16 + lane / 16));
#pragma unroll
          for (int j = 0; j < WN / 8; j++) {
            float(&of)[4] = *reinterpret_cast<float(*)[4]>(&sum[i][4 * j]);
            if constexpr (HALF) {
              mma_f16(of, a, b[j]);
            } else {
              mma_bf16(of, a, b[j]);
            }
          }
        }
      }
    }
  }
#pragma unroll
  for (int i = 0; i < WM / 16; i++) {
    store_sums<WN>(p, sum[i], work.m0 + warp_m + 16 * i, work.n0 + warp_n, work.split);
  }
#endif
}

}  // namespace gatun

// An instance and what the host must know of it: among it the tiles that a block does at a time, and the blocks that a multiprocessor has registers for.
#define GATUN_COPIED_GEMM(NAME, BM, BN, WM, WN, PARTS, HALF, STAGES)                                            \
  GATUN_KERNEL(cgemm_##NAME##_##BM##x##BN, CopiedGemmParams, 32 * (BM / WM) * (BN / WN),                        \
               gatun::copied_gemm<BM, BN, WM, WN, PARTS, HALF, STAGES>)                                         \
  GATUN_TILE(cgemm_##NAME##_##BM##x##BN, rows, BM)                                                              \
  GATUN_TILE(cgemm_##NAME##_##BM##x##BN, columns, BN)                                                           \
  GATUN_TILE(cgemm_##NAME##_##BM##x##BN, parts, PARTS)                                                          \
  GATUN_TILE(cgemm_##NAME##_##BM##x##BN, step, gatun::kStep)                                                    \
  GATUN_TILE(cgemm_##NAME##_##BM##x##BN, percent, WM == 64 ? 100 : 65)                                          \
  GATUN_TILE(cgemm_##NAME##_##BM##x##BN, tiles, 1)                                                              \
  GATUN_TILE(cgemm_##NAME##_##BM##x##BN, blocks, (WM * WN > 2048 ? 8 : 16) / ((BM / WM) * (BN / WN)))           \
  GATUN_TILE(cgemm_##NAME##_##BM##x##BN, in_flight, 2 * gatun::kStep * (STAGES - 1) * (PARTS * BM + BN))        \
  GATUN_TILE(cgemm_##NAME##_##BM##x##BN, shared, 2 * gatun::kStep * STAGES * (PARTS * BM + BN))
