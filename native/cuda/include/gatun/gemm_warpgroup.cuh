// y[m, n] = sum over k of x[m, k]·w[n, k], plus bias[n], for many rows of x, by the warpgroup products and the copy engine of sm_90a.
//
// A block of three or four warpgroups stays for many tiles. One thread of the first fills a ring of stages, each a piece of BM rows of x and BN of w, 64 elements
// (128 bytes, swizzled as the products read them) of K wide; the other warpgroups multiply. The ring runs on over the ends of tiles: while sums are written, the
// next tile's first pieces arrive. Two ways to share the tiles:
//   together   they multiply one tile, each 64 of its rows: the largest tiles, so the fewest bytes from L2 for a product; their writing stops the products;
//   in turns   (ping-pong) each of two has a tile of its own, so that one writes its sums while the other has the tensor cores. One begins once the other has seen
//              all its pieces come: before, it could take an earlier round of the ring, whose barriers tell only odd rounds from even ones, for its own.
// Registers go from the first warpgroup (24 a thread) to the others (240, or 160 where they are three), whose sums are 128 a thread at most.
//
// Precision. x and w are BF16 both, or F16 both: their products are exact, and summed in float32. Other x, which no product takes as it is, comes split in two
// BF16 numbers, x = x0 + x1 + e with |e| <= 2^-18·|x| (split.cu): a stage then holds both, and the w that lies beside them is multiplied twice. That is twice
// the products for 4/3 of the bytes. An infinite x has no second part; its first makes what it should, w being one number.
//
// Tiles, by counting (no device was at hand). A multiprocessor multiplies 2048 pairs a clock; of L2 it gets about 32 bytes a clock when all ask (5.5 TB/s):
//   tile      bytes and clocks of a step    bytes a clock   with x in two parts
//   192x256   56 KB, 1536                   37              80 KB, which leaves room for two stages: not made
//   128x256   48 KB, 1024                   48              64 KB, 2048: 32
//   128x128   32 KB, 512                    64              48 KB, 1024: 48; in turns: hides the writing of sums, which a short K makes most of the time
//   64x128    24 KB, 256                    96              32 KB, 512: 64; for few rows of x, where w comes from memory and bounds it all
// 256x256 has no registers for its sums; 256x128 counts as 128x256 does, but 80 KB a stage with x in two parts. What 37 and 48 bytes leave waiting, two blocks that
// share each other's pieces (a cluster, multicast) would save: 32 bytes at 128x256. Stages: as many as fit 227 KB; three hold 96 KB in flight, of which memory needs 25 KB (3.35 TB/s for 1 us). Sums go
// straight from registers to memory, in whole sectors of 32 bytes: through shared memory they would take it from the stages (128 KB for a tile of float32).
//
// Few tiles: K is cut in `splits`, whose sums go to `partial` and are added in order by another kernel, so that every multiprocessor has work.
//
// Order of tiles: `group` rows of tiles are done column by column, so that tiles under way together read as few rows of x and of w as can be from L2.
//
// Bytes: w, x and y once from memory; flops: 2·M·N·K, made as twice as many where x is in two parts. The floor is the flops over 2·2048 a clock and multiprocessor.
// Judged against cuBLAS over the same BF16 operands.
#pragma once

#include "gatun/bulk.cuh"
#include "gatun/gemm_tiles.cuh"
#include "gatun/warpgroup.cuh"

// x_map: [parts, rows, k], w_map: [n, k]; y's count is that of x. partial: [splits, rows, n] where there are splits.
#define WARPGROUP_GEMM_PARAMS(FIELD) \
  FIELD(gatun::TensorMap, x_map)     \
  FIELD(gatun::TensorMap, w_map)     \
  FIELD(gatun::Rows, y)              \
  FIELD(const float*, bias)          \
  FIELD(float*, partial)             \
  FIELD(int, n)                      \
  FIELD(int, k)                      \
  FIELD(int, splits)                 \
  FIELD(int, group)
GATUN_PARAMS(WarpgroupGemmParams, WARPGROUP_GEMM_PARAMS)

namespace gatun {

constexpr int kWarpgroup = 128;
constexpr int kPieceStep = 64;                // elements of K a stage
constexpr int kPieceRow = 2 * kPieceStep;     // bytes of a row of a piece
constexpr int kProductStep = 16;              // elements of K a product
constexpr int kWarpgroupSharedBytes = 227 * 1024;

enum class Sharing { kTogether, kInTurns };

// A tile's sizes in shared memory.
template <int BM, int BN, int PARTS, int STAGES, Sharing SHARING>
struct WarpgroupTile {
  static constexpr int x_bytes = BM * kPieceRow;  // of one part
  static constexpr int w_bytes = BN * kPieceRow;
  static constexpr int stage_bytes = PARTS * x_bytes + w_bytes;
  static constexpr int barriers = STAGES * stage_bytes;
  static constexpr int shared = barriers + (2 * STAGES + 2) * static_cast<int>(sizeof(uint64_t));
  static constexpr int rows = SHARING == Sharing::kInTurns ? BM : 64;                 // of a warpgroup
  static constexpr int multipliers = SHARING == Sharing::kInTurns ? 2 : BM / 64;      // warpgroups
  static constexpr int readers = SHARING == Sharing::kInTurns ? 4 : 4 * multipliers;  // warps that hand back a stage
  static constexpr int threads = (1 + multipliers) * kWarpgroup;
  static constexpr int registers = multipliers == 2 ? 240 : 160;
  static constexpr int wide = multipliers == 2 ? BN : BN / 2;  // columns of a product
  static constexpr int products = rows / 64 * (BN / wide);     // over a piece of 16 of K
  static_assert(rows % 64 == 0 && rows / 64 * BN <= 256 && multipliers * registers <= 480 && shared <= kWarpgroupSharedBytes);
};

// A place in the ring, and how often it has come round.
template <int STAGES>
struct RingPlace {
  int stage = 0;
  int parity = 0;

  __device__ __forceinline__ void next() {
    stage++;
    if (stage == STAGES) {
      stage = 0;
      parity ^= 1;
    }
  }

  __device__ __forceinline__ void skip(int count) {
    stage += count;
    parity ^= stage / STAGES & 1;
    stage %= STAGES;
  }
};

// The thread that fills the ring.
template <int BM, int BN, int PARTS, int STAGES, Sharing SHARING>
__device__ __forceinline__ void fill_ring(const WarpgroupGemmParams& p, unsigned char* shared, uint64_t* full, uint64_t* empty) {
  using Tile = WarpgroupTile<BM, BN, PARTS, STAGES, SHARING>;
  tensor_prefetch(p.x_map);
  tensor_prefetch(p.w_map);
  const TileRaster<BM, BN, kPieceStep> raster(p);
  RingPlace<STAGES> place;
  for (int index = static_cast<int>(blockIdx.x); index < raster.works(); index += static_cast<int>(gridDim.x)) {
    const TileWork work = raster.work(index);
    for (int step = work.from; step < work.to; step++) {
      mbarrier_wait(empty + place.stage, place.parity ^ 1);  // of a ring never used all phases before the first have ended
      unsigned char* const to = shared + place.stage * Tile::stage_bytes;
      uint64_t* const barrier = full + place.stage;
      mbarrier_expect(barrier, Tile::stage_bytes);
      tensor_copy(to, p.x_map, step * kPieceStep, work.m0, 0, barrier);
      tensor_copy(to + PARTS * Tile::x_bytes, p.w_map, step * kPieceStep, work.n0, barrier);
      place.next();
    }
  }
}

// A stage's products, one group.
template <int BM, int BN, int PARTS, bool HALF, int STAGES, Sharing SHARING>
__device__ __forceinline__ void multiply_stage(float (&sum)[WarpgroupTile<BM, BN, PARTS, STAGES, SHARING>::products]
                                                          [WarpgroupTile<BM, BN, PARTS, STAGES, SHARING>::wide / 2],
                                               const unsigned char* x,
                                               const unsigned char* w, bool first) {
  using Tile = WarpgroupTile<BM, BN, PARTS, STAGES, SHARING>;
  wgmma_fence();
#pragma unroll
  for (int k = 0; k < kPieceStep / kProductStep; k++) {
#pragma unroll
    for (int part = 0; part < PARTS; part++) {
#pragma unroll
      for (int i = 0; i < Tile::products; i++) {
        const int m = i % (Tile::rows / 64);
        const int n = i / (Tile::rows / 64);
        const uint64_t a = matrix_descriptor(x + part * Tile::x_bytes + m * 64 * kPieceRow + k * kProductStep * 2, 16, 8 * kPieceRow, TileSwizzle::k128);
        const uint64_t b = matrix_descriptor(w + n * Tile::wide * kPieceRow + k * kProductStep * 2, 16, 8 * kPieceRow, TileSwizzle::k128);
        const bool add = !first || k > 0 || part > 0;
        if constexpr (HALF) {
          wgmma_f16<Tile::wide>(sum[i], a, b, add);
        } else {
          wgmma_bf16<Tile::wide>(sum[i], a, b, add);
        }
      }
    }
  }
  wgmma_commit();
}

// The warpgroup that multiplies with number `own` from 0 on. turns: for each of the two, that the other has seen all pieces of its tile.
template <int BM, int BN, int PARTS, bool HALF, int STAGES, Sharing SHARING>
__device__ __forceinline__ void multiply_ring(const WarpgroupGemmParams& p, const unsigned char* shared, uint64_t* full, uint64_t* empty, uint64_t* turns,
                                              int own) {
  using Tile = WarpgroupTile<BM, BN, PARTS, STAGES, SHARING>;
  constexpr bool in_turns = SHARING == Sharing::kInTurns;
  const int m_own = in_turns ? 0 : own * Tile::rows;
  const bool arrives = threadIdx.x % 32 == 0;  // for its warp
  const TileRaster<BM, BN, kPieceStep> raster(p);
  RingPlace<STAGES> place;
  int turn = 0;
  for (int index = static_cast<int>(blockIdx.x); index < raster.works(); index += static_cast<int>(gridDim.x)) {
    const TileWork work = raster.work(index);
    if constexpr (in_turns) {
      if (turn % 2 != own) {
        turn++;
        place.skip(work.to - work.from);
        continue;
      }
      if (turn > 0) {
        mbarrier_wait(turns + own, (turn - 1) / 2 & 1);
      }
      turn++;
    }
    float sum[Tile::products][Tile::wide / 2];
    int before = 0;
    for (int step = work.from; step < work.to; step++) {
      mbarrier_wait(full + place.stage, place.parity);
      const unsigned char* const stage = shared + place.stage * Tile::stage_bytes;
      multiply_stage<BM, BN, PARTS, HALF, STAGES, SHARING>(sum, stage + m_own * kPieceRow, stage + PARTS * Tile::x_bytes, step == work.from);
      if (step > work.from) {
        wgmma_wait<1>();  // the stage before is read
        if (arrives) {
          mbarrier_arrive(empty + before);
        }
      }
      before = place.stage;
      place.next();
    }
    if (in_turns && arrives) {
      mbarrier_arrive(turns + (own ^ 1));
    }
    wgmma_wait<0>();
#pragma unroll
    for (int i = 0; i < Tile::products; i++) {
      wgmma_pin(sum[i]);
    }
    if (arrives) {
      mbarrier_arrive(empty + before);
    }
#pragma unroll
    for (int i = 0; i < Tile::products; i++) {
      const int m = work.m0 + m_own + 64 * (i % (Tile::rows / 64)) + static_cast<int>(threadIdx.x) % kWarpgroup / 32 * 16;
      store_sums<Tile::wide>(p, sum[i], m, work.n0 + Tile::wide * (i / (Tile::rows / 64)), work.split);
    }
  }
}

template <int BM, int BN, int PARTS, bool HALF, int STAGES, Sharing SHARING>
__device__ __forceinline__ void warpgroup_gemm(const WarpgroupGemmParams& p) {
#if defined(__CUDA_ARCH__) && !defined(__CUDA_ARCH_FEAT_SM90_ALL)
  __trap();  // the host refuses it there
#else
  using Tile = WarpgroupTile<BM, BN, PARTS, STAGES, SHARING>;
  GATUN_BULK_SHARED(unsigned char, shared);
  uint64_t* const full = reinterpret_cast<uint64_t*>(shared + Tile::barriers);
  uint64_t* const empty = full + STAGES;
  uint64_t* const turns = empty + STAGES;
  if (threadIdx.x == 0) {
    for (int i = 0; i < STAGES; i++) {
      mbarrier_init(full + i, 1);
      mbarrier_init(empty + i, Tile::readers);
    }
    mbarrier_init(turns, kWarpgroup / 32);
    mbarrier_init(turns + 1, kWarpgroup / 32);
    mbarrier_init_done();
  }
  __syncthreads();
  const int warpgroup = static_cast<int>(threadIdx.x) / kWarpgroup;
  if (warpgroup == 0) {
    registers_down<24>();
    if (threadIdx.x == 0) {
      fill_ring<BM, BN, PARTS, STAGES, SHARING>(p, shared, full, empty);
    }
  } else {
    registers_up<Tile::registers>();
    multiply_ring<BM, BN, PARTS, HALF, STAGES, SHARING>(p, shared, full, empty, turns, warpgroup - 1);
  }
#endif
}

}  // namespace gatun

// An instance and what the host must know of it: among it the tiles that a block does at a time, and the blocks that a multiprocessor has registers for.
#define GATUN_WARPGROUP_GEMM(NAME, BM, BN, PARTS, HALF, STAGES, SHARING)                                                                            \
  GATUN_KERNEL(wgemm_##NAME##_##BM##x##BN, WarpgroupGemmParams,                                                                                     \
               (gatun::WarpgroupTile<BM, BN, PARTS, STAGES, gatun::Sharing::SHARING>::threads),                                                     \
               gatun::warpgroup_gemm<BM, BN, PARTS, HALF, STAGES, gatun::Sharing::SHARING>)                                                         \
  GATUN_TILE(wgemm_##NAME##_##BM##x##BN, capability, 90)                                                                                            \
  GATUN_TILE(wgemm_##NAME##_##BM##x##BN, rows, BM)                                                                                                  \
  GATUN_TILE(wgemm_##NAME##_##BM##x##BN, columns, BN)                                                                                               \
  GATUN_TILE(wgemm_##NAME##_##BM##x##BN, parts, PARTS)                                                                                              \
  GATUN_TILE(wgemm_##NAME##_##BM##x##BN, step, gatun::kPieceStep)                                                                                   \
  GATUN_TILE(wgemm_##NAME##_##BM##x##BN, percent, 100)                                                                                              \
  GATUN_TILE(wgemm_##NAME##_##BM##x##BN, tiles, gatun::Sharing::SHARING == gatun::Sharing::kInTurns ? 2 : 1)                                        \
  GATUN_TILE(wgemm_##NAME##_##BM##x##BN, blocks, 1)                                                                                                 \
  GATUN_TILE(wgemm_##NAME##_##BM##x##BN, in_flight, STAGES * 2 * gatun::kPieceStep * (PARTS * BM + BN))                                              \
  GATUN_TILE(wgemm_##NAME##_##BM##x##BN, shared, (gatun::WarpgroupTile<BM, BN, PARTS, STAGES, gatun::Sharing::SHARING>::shared))
