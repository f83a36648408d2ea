// y[m, n] = sum over k of x[m, k]·w[n, k]·s[n, k], plus bias[n], for many rows of x and a scaled weight of F8_E4M3, by the warpgroup products and the copy engine of
// sm_90a.
//
// x comes as codes of E4M3 with a scale for 128 elements of a row (quantize_rows.cu). As in gatun/gemm_warpgroup.cuh a block of three warpgroups stays for many tiles: one
// thread fills a ring of stages, each 128 elements (128 bytes, swizzled) of K of BM rows of x and BN of w, with the rows' scales; the other two warpgroups
// multiply, 64 rows each.
//
// Precision. The tensor cores keep few more bits of a sum of 8-bit products than 13 (arXiv 2412.19437, section 3.3.2), so the products of a stage alone are summed there;
// a warpgroup then multiplies their sums by both scales and adds them in float32. While one does that, the other has the tensor cores: 64 multiply-adds
// a thread, 128 clocks of a multiprocessor's float pipe for both, beside 512 of its tensor cores for the stage's products.
//
// Tile: 128x128. Its columns lie within one block of w's scales, so a stage has one number of them. 64 sums of a stage and 64 of the tile are 128 registers a
// thread; 128x256 would take 256, and 256x128 has the same for half of the blocks. Six stages hold 195 KB, five of them (163 KB) under way, of which memory
// needs 34 KB (4.8 TB/s for 0.9 us); from L2 a stage is 32.5 KB for 512 clocks, 65 bytes a clock.
//
// Bytes: codes and scales of x, w, y once from memory; flops: 2·M·N·K, at 4096 pairs a clock and multiprocessor the floor. Judged against the BF16 products of
// gatun/gemm_warpgroup.cuh, which do half as many a clock.
#pragma once

#include "gatun/gemm_e4m3.cuh"
#include "gatun/gemm_warpgroup.cuh"

// x_map: codes [rows, steps·128], w_map: [n, k]; x_scale: [steps, x_pitch]; y's count is that of x. partial: [splits, rows, n] where there are splits.
#define E4M3_WARPGROUP_PARAMS(FIELD) \
  FIELD(gatun::TensorMap, x_map)     \
  FIELD(gatun::TensorMap, w_map)     \
  FIELD(gatun::Rows, y)              \
  FIELD(const float*, x_scale)       \
  WEIGHT_SCALE_PARAMS(FIELD)         \
  FIELD(const float*, bias)          \
  FIELD(float*, partial)             \
  FIELD(int, x_pitch)                \
  FIELD(int, n)                      \
  FIELD(int, k)                      \
  FIELD(int, splits)                 \
  FIELD(int, group)
GATUN_PARAMS(E4m3WarpgroupParams, E4M3_WARPGROUP_PARAMS)

namespace gatun {

template <int BM, int BN, int STAGES>
struct E4m3WarpgroupTile : E4m3Tile<BM, BN, STAGES> {
  using E4m3Tile<BM, BN, STAGES>::x_bytes;
  using E4m3Tile<BM, BN, STAGES>::w_bytes;
  // Swizzled pieces begin at multiples of 1024, so the scales lie behind all of them.
  static constexpr int pieces = x_bytes + w_bytes;
  static constexpr int scales = STAGES * pieces;
  static constexpr int barriers = scales + STAGES * BM * 4;
  static constexpr int all = barriers + 2 * STAGES * static_cast<int>(sizeof(uint64_t));
  static_assert(BM == 128 && BN == kScaled && all <= kWarpgroupSharedBytes);
};

template <int BM, int BN, int STAGES>
__device__ __forceinline__ void fill_e4m3_ring(const E4m3WarpgroupParams& p, unsigned char* shared, uint64_t* full, uint64_t* empty) {
  using Tile = E4m3WarpgroupTile<BM, BN, STAGES>;
  tensor_prefetch(p.x_map);
  tensor_prefetch(p.w_map);
  const TileRaster<BM, BN, kScaled> raster(p);
  RingPlace<STAGES> place;
  for (int index = static_cast<int>(blockIdx.x); index < raster.works(); index += static_cast<int>(gridDim.x)) {
    const TileWork work = raster.work(index);
    for (int step = work.from; step < work.to; step++) {
      mbarrier_wait(empty + place.stage, place.parity ^ 1);  // of a ring never used all phases before the first have ended
      unsigned char* const to = shared + place.stage * Tile::pieces;
      uint64_t* const barrier = full + place.stage;
      mbarrier_expect(barrier, Tile::pieces + 4 * BM);
      tensor_copy(to, p.x_map, step * kScaled, work.m0, barrier);
      tensor_copy(to + Tile::x_bytes, p.w_map, step * kScaled, work.n0, barrier);
      bulk_copy(shared + Tile::scales + place.stage * 4 * BM, p.x_scale + static_cast<int64_t>(step) * p.x_pitch + work.m0, 4 * BM, barrier);
      place.next();
    }
  }
}

// A warpgroup that multiplies; `own` is 0 or 1.
template <int BM, int BN, int STAGES>
__device__ __forceinline__ void multiply_e4m3_ring(const E4m3WarpgroupParams& p, const unsigned char* shared, uint64_t* full, uint64_t* empty, int own) {
  using Tile = E4m3WarpgroupTile<BM, BN, STAGES>;
  constexpr int product = 32;  // elements of K of a product
  const int lane = threadIdx.x % 32;
  const int row = 64 * own + static_cast<int>(threadIdx.x) % kWarpgroup / 32 * 16;
  const TileRaster<BM, BN, kScaled> raster(p);
  RingPlace<STAGES> place;
  for (int index = static_cast<int>(blockIdx.x); index < raster.works(); index += static_cast<int>(gridDim.x)) {
    const TileWork work = raster.work(index);
    float sum[BN / 2] = {};
    for (int step = work.from; step < work.to; step++) {
      const float w_scale = step_scale(p, work.n0, step);
      mbarrier_wait(full + place.stage, place.parity);
      const unsigned char* const x = shared + place.stage * Tile::pieces + own * 64 * kScaled;
      const unsigned char* const w = shared + place.stage * Tile::pieces + Tile::x_bytes;
      float part[BN / 2];
      wgmma_fence();
#pragma unroll
      for (int k = 0; k < kScaled / product; k++) {
        wgmma_e4m3<BN>(part, matrix_descriptor(x + k * product, 16, 8 * kScaled, TileSwizzle::k128),
                       matrix_descriptor(w + k * product, 16, 8 * kScaled, TileSwizzle::k128), k > 0);
      }
      wgmma_commit();
      const float* const x_scale = reinterpret_cast<const float*>(shared + Tile::scales) + place.stage * BM + row + lane / 4;
      const float upper = x_scale[0] * w_scale;
      const float lower = x_scale[8] * w_scale;
      wgmma_wait<0>();
      wgmma_pin(part);
      __syncwarp();
      if (lane == 0) {
        mbarrier_arrive(empty + place.stage);  // for its warp
      }
      place.next();
#pragma unroll
      for (int i = 0; i < BN / 2; i++) {
        sum[i] = fmaf(part[i], i / 2 % 2 == 0 ? upper : lower, sum[i]);
      }
    }
    scale_columns<BN>(p, sum, work.n0);
    store_sums<BN>(p, sum, work.m0 + row, work.n0, work.split);
  }
}

template <int BM, int BN, int STAGES>
__device__ __forceinline__ void warpgroup_gemm_e4m3(const E4m3WarpgroupParams& p) {
#if defined(__CUDA_ARCH__) && !defined(__CUDA_ARCH_FEAT_SM90_ALL)
  __trap();  // the host refuses it there
#else
  using Tile = E4m3WarpgroupTile<BM, BN, STAGES>;
  GATUN_BULK_SHARED(unsigned char, shared);
  uint64_t* const full = reinterpret_cast<uint64_t*>(shared + Tile::barriers);
  uint64_t* const empty = full + STAGES;
  if (threadIdx.x == 0) {
    for (int i = 0; i < STAGES; i++) {
      mbarrier_init(full + i, 1);
      mbarrier_init(empty + i, 8);
    }
    mbarrier_init_done();
  }
  __syncthreads();
  const int warpgroup = static_cast<int>(threadIdx.x) / kWarpgroup;
  if (warpgroup == 0) {
    registers_down<24>();
    if (threadIdx.x == 0) {
      fill_e4m3_ring<BM, BN, STAGES>(p, shared, full, empty);
    }
  } else {
    registers_up<240>();
    multiply_e4m3_ring<BM, BN, STAGES>(p, shared, full, empty, warpgroup - 1);
  }
#endif
}

}  // namespace gatun

// An instance and what the host must know of it.
#define GATUN_WARPGROUP_GEMM_E4M3(BM, BN, STAGES)                                                                                                             \
  GATUN_KERNEL(e4m3_wgemm_##BM##x##BN, E4m3WarpgroupParams, 3 * gatun::kWarpgroup, gatun::warpgroup_gemm_e4m3<BM, BN, STAGES>)                                \
  GATUN_TILE(e4m3_wgemm_##BM##x##BN, capability, 90)                                                                                                          \
  GATUN_TILE(e4m3_wgemm_##BM##x##BN, rows, BM)                                                                                                                \
  GATUN_TILE(e4m3_wgemm_##BM##x##BN, columns, BN)                                                                                                             \
  GATUN_TILE(e4m3_wgemm_##BM##x##BN, shared, (gatun::E4m3WarpgroupTile<BM, BN, STAGES>::all))
