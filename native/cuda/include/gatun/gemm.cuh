// y[m, n] = sum over k of x[m, k]·w[n, k], plus bias[n], for many rows of x, on tensor cores (sm_80 and up).
//
// A block does BM rows of x and BN of w, a warp WM and WN of those, K in steps of 32 through two stages of shared memory: while the tensor cores work on one,
// the next is loaded into registers (or, where bits need no decoding, copied asynchronously), and decoded into the other stage afterwards. One barrier a step.
//
// Precision. A factor is one BF16 number, or split in two, a = a0 + a1 + e with |e| <= 2^-18·|a|, which keeps the range of float32: no scale of a block and no
// outlier among the activations overflows. Products are summed in float32.
//   block weights           both rounded to BF16, one product: what is decoded and the activations are off by 2^-9 of themselves each, a normalised squared
//                           error of 3e-6, which is less than activations of 8 bits make, as they may be (3e-5)
//   floats of 8 bits        exact in one BF16; x in two: two products
//   BF16                    one; x in two, or in one if it is BF16
//   F16 by F16              exact in one product of F16 (errors of 4e-14)
//   F16 by other x          both in two parts, a0·b0 + a1·b0 + a0·b1: three products, 2e-11. F16 in place of BF16 would save one, but overflows at 65504.
// With w in two parts an infinite x makes NaN of sums that should be infinite, 0·inf being among the partial products; a row with one is done again, plainly.
//
// Tiles: 128x128 with warps of 64x32 takes 16 bytes of fragments from shared memory for 12 products of 16x8x16 and keeps 64 sums a thread; 128x256 would need
// 128 sums beside the split operands and spill. 64x64 is for products too small to give every multiprocessor one of the large. Steps of 64 would double
// the shared memory (64 KB at 128x128) for one barrier less of two.
//
// Shared memory: rows of 32 elements (64 bytes), the four 16-byte chunks of a row exchanged by bits 1 and 2 of its number, so that eight rows' chunks of one
// column, which ldmatrix reads at once, lie in different banks.
//
// Bytes: w, x and y once (blocks of one w follow one another, so that its tiles stay in L2); flops: 2·M·N·K, made as 1 to 3 times as many on tensor cores.
#pragma once

#include "gatun/gemv.cuh"
#include "gatun/split.cuh"
#include "gatun/weight_groups.cuh"

#define GEMM_PARAMS(FIELD)     \
  FIELD(gatun::Rows, x)        \
  FIELD(gatun::Rows, y)        \
  FIELD(const char*, w)        \
  FIELD(int64_t, w_stride)     \
  FIELD(const float*, bias)    \
  FIELD(int, n)                \
  FIELD(int, k)                \
  FIELD(gatun::DType, w_dtype)
GATUN_PARAMS(GemmParams, GEMM_PARAMS)

// With a scale, if it is not null, which the elements of w are multiplied by as they are decoded.
#define SCALED_GEMM_PARAMS(FIELD) \
  GEMM_PARAMS(FIELD)              \
  WEIGHT_SCALE_PARAMS(FIELD)
GATUN_PARAMS(ScaledGemmParams, SCALED_GEMM_PARAMS)

namespace gatun {

constexpr int kStep = 32;  // elements of K a stage

// The place in a tile of rows of 32 16-bit elements of a row's chunk of eight.
__device__ __forceinline__ int chunk_at(int row, int chunk) { return row * kStep + (chunk ^ (row >> 1 & 3)) * 8; }

// Eight elements' parts, into a chunk of two tiles, or of one.
template <int PARTS>
__device__ __forceinline__ void store_parts(uint16_t* first_tile, uint16_t* second_tile, int at, const float (&v)[8], bool& infinite) {
  uint4 first, second;
  if constexpr (PARTS == 1) {
    first = make_uint4(round_pair(v[0], v[1]), round_pair(v[2], v[3]), round_pair(v[4], v[5]), round_pair(v[6], v[7]));
  } else {
    split_pair(v[0], v[1], first.x, second.x, infinite);
    split_pair(v[2], v[3], first.y, second.y, infinite);
    split_pair(v[4], v[5], first.z, second.z, infinite);
    split_pair(v[6], v[7], first.w, second.w, infinite);
    *reinterpret_cast<uint4*>(second_tile + at) = second;
  }
  *reinterpret_cast<uint4*>(first_tile + at) = first;
}

// Elements k to k + 7 of row n of w become what the product takes; k is a multiple of 8.
__device__ __forceinline__ void scale_group(const GemmParams&, int, int, float (&)[8]) {}

__device__ __forceinline__ void scale_group(const ScaledGemmParams& p, int n, int k, float (&v)[8]) {
  if (p.scale != nullptr && n < p.n && k < p.k) {
    const float scale = __ldg(scale_of_row(p, p.scale, n) + static_cast<int64_t>(k / kScaled) * p.scale_step);
#pragma unroll
    for (int i = 0; i < 8; i++) {
      v[i] *= scale;
    }
  }
}

// A row of x by one of w, one element after the other.
template <class G, class PARAMS>
__device__ __forceinline__ float plain_sum(const PARAMS& p, int m, int n) {
  const char* x = matrix_row(p.x, m);
  const char* w = p.w + n * p.w_stride;
  float sum = 0;
  for (int g = 0; 8 * g < p.k; g++) {
    typename G::Raw raw;
    G::load(raw, w, g, p.k, false, p.w_dtype);
    float v[8];
    G::decode(raw, g, v);
    scale_group(p, n, 8 * g, v);
#pragma unroll
    for (int i = 0; i < 8; i++) {
      if (8 * g + i < p.k) {
        sum = fmaf(load(x, p.x.dtype, 8 * g + i), v[i], sum);
      }
    }
  }
  return sum;
}

// How the factors go into products.
enum class Factors {
  kHalf,      // both F16, as they are
  kBrain,     // w BF16 as it is, x in two parts
  kTwoByOne,  // w rounded to BF16, which is exact, x in two parts
  kTwoByTwo,  // both in two parts
  kOneByOne,  // both rounded to BF16
};

__host__ __device__ constexpr int parts_of_x(Factors factors) { return factors == Factors::kHalf || factors == Factors::kOneByOne ? 1 : 2; }
__host__ __device__ constexpr int parts_of_w(Factors factors) { return factors == Factors::kTwoByTwo ? 2 : 1; }

// G: the weight's groups.
template <class G, int BM, int BN, int WM, int WN, Factors FACTORS, class EPILOGUE, class PARAMS>
__device__ __forceinline__ void gemm(const PARAMS& p) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
  __trap();  // the host refuses it there
#else
  constexpr int warps_n = BN / WN;
  constexpr int threads = 32 * (BM / WM) * warps_n;
  constexpr bool half = FACTORS == Factors::kHalf;
  constexpr bool direct = half || FACTORS == Factors::kBrain;
  constexpr int x_parts = parts_of_x(FACTORS);
  constexpr int w_parts = parts_of_w(FACTORS);
  constexpr int x_groups = BM * kStep / 8 / threads;
  constexpr int w_groups = BN * kStep / 8 / threads;
  constexpr int x_tile = BM * kStep;
  constexpr int w_tile = BN * kStep;
  constexpr int stage = x_parts * x_tile + w_parts * w_tile;
  GATUN_DYNAMIC_SHARED(uint16_t, shared);

  const int m_tiles = (p.x.bound + BM - 1) / BM;
  const int m0 = static_cast<int>(blockIdx.x % m_tiles) * BM;
  const int n0 = static_cast<int>(blockIdx.x / m_tiles) * BN;
  const int rows = p.x.size0();
  if (m0 >= rows) {
    return;
  }
  const int thread = threadIdx.x;
  const int lane = thread % 32;
  const int warp_m = thread / 32 / warps_n * WM;
  const int warp_n = thread / 32 % warps_n * WN;
  const int steps = (p.k + kStep - 1) / kStep;
  const bool x_wide = ((reinterpret_cast<uintptr_t>(p.x.base) | static_cast<uintptr_t>(p.x.stride[0])) & 15) == 0;
  const bool w_wide = ((reinterpret_cast<uintptr_t>(p.w) | static_cast<uintptr_t>(p.w_stride)) & 15) == 0;
  const bool exact_x = half || p.x.dtype == BF16;  // one part is all
  bool infinite[x_groups] = {};

  Activations x_raw[x_groups];
  typename G::Raw w_raw[w_groups];
  const auto load_step = [&](int step, uint16_t* to) {
#pragma unroll
    for (int i = 0; i < x_groups; i++) {
      const int q = thread + i * threads;
      if (m0 + q / 4 < rows) {
        x_raw[i].load(matrix_row(p.x, m0 + q / 4), p.x.dtype, step * kStep + q % 4 * 8, p.k, x_wide);
      } else {
        x_raw[i].clear();
      }
    }
#pragma unroll
    for (int i = 0; i < w_groups; i++) {
      const int q = thread + i * threads;
      const int n = n0 + q / 4;
      const int k = step * kStep + q % 4 * 8;
      const char* row = p.w + static_cast<int64_t>(n) * p.w_stride;
      if (direct && w_wide) {
        const int bytes = n < p.n ? max(0, min(16, 2 * (p.k - k))) : 0;
        cp_async16(to + x_parts * x_tile + chunk_at(q / 4, q % 4), bytes > 0 ? row + 2LL * k : p.w, bytes);
      } else if (n < p.n && k < p.k) {
        G::load(w_raw[i], row, k / 8, p.k, w_wide, p.w_dtype);
      } else {
        w_raw[i] = typename G::Raw{};
      }
    }
    cp_async_commit();
  };
  const auto store_step = [&](int step, uint16_t* to) {
#pragma unroll
    for (int i = 0; i < x_groups; i++) {
      const int q = thread + i * threads;
      const int at = chunk_at(q / 4, q % 4);
      if (exact_x) {
        *reinterpret_cast<uint4*>(to + at) = make_uint4(x_raw[i].w[0], x_raw[i].w[1], x_raw[i].w[2], x_raw[i].w[3]);
      } else {
        float v[8];
        x_raw[i].decode(p.x.dtype, v);
        store_parts<x_parts>(to, to + (x_parts - 1) * x_tile, at, v, infinite[i]);
      }
    }
    uint16_t* const w_to = to + x_parts * x_tile;
#pragma unroll
    for (int i = 0; i < w_groups; i++) {
      const int q = thread + i * threads;
      const int at = chunk_at(q / 4, q % 4);
      if constexpr (direct) {
        if (!w_wide) {
          *reinterpret_cast<uint4*>(w_to + at) = w_raw[i].w;
        }
      } else {
        float v[8];
        G::decode(w_raw[i], step * (kStep / 8) + q % 4, v);
        scale_group(p, n0 + q / 4, step * kStep + q % 4 * 8, v);
        bool ignored = false;
        store_parts<w_parts>(w_to, w_to + (w_parts - 1) * w_tile, at, v, ignored);
      }
    }
    cp_async_wait<0>();
  };

  float sum[WM / 16][WN / 8][4] = {};
  if (steps > 0) {
    load_step(0, shared);
    store_step(0, shared);
  }
  for (int step = 0; step < steps; step++) {
    __syncthreads();  // this stage is filled, and nobody reads the other any more
    const uint16_t* const from = shared + step % 2 * stage;
    uint16_t* const next = shared + (step + 1) % 2 * stage;
    if (step + 1 < steps) {
      load_step(step + 1, next);
    }
#pragma unroll
    for (int k16 = 0; k16 < kStep / 16; k16++) {
      uint32_t w_part[w_parts][WN / 8][2];
#pragma unroll
      for (int part = 0; part < w_parts; part++) {
#pragma unroll
        for (int j = 0; j < WN / 16; j++) {
          uint32_t four[4];
          ldmatrix4(four, from + x_parts * x_tile + part * w_tile + chunk_at(warp_n + 16 * j + lane / 16 * 8 + lane % 8, 2 * k16 + lane / 8 % 2));
          w_part[part][2 * j][0] = four[0], w_part[part][2 * j][1] = four[1];
          w_part[part][2 * j + 1][0] = four[2], w_part[part][2 * j + 1][1] = four[3];
        }
      }
#pragma unroll
      for (int i = 0; i < WM / 16; i++) {
        const int at = chunk_at(warp_m + 16 * i + lane % 16, 2 * k16 + lane / 16);
        uint32_t a[4];
        ldmatrix4(a, from + at);
#pragma unroll
        for (int j = 0; j < WN / 8; j++) {
          if constexpr (half) {
            mma_f16(sum[i][j], a, w_part[0][j]);
          } else {
            mma_bf16(sum[i][j], a, w_part[0][j]);
            if constexpr (w_parts == 2) {
              mma_bf16(sum[i][j], a, w_part[w_parts - 1][j]);
            }
          }
        }
        if (x_parts == 2 && !exact_x) {
          ldmatrix4(a, from + (x_parts - 1) * x_tile + at);
#pragma unroll
          for (int j = 0; j < WN / 8; j++) {
            mma_bf16(sum[i][j], a, w_part[0][j]);
          }
        }
      }
    }
    if (step + 1 < steps) {
      store_step(step + 1, next);
    }
  }

  bool again = false;
  int* const marked = reinterpret_cast<int*>(shared);  // which rows an infinity is in
  if constexpr (w_parts == 2) {
    bool any = false;
#pragma unroll
    for (int i = 0; i < x_groups; i++) {
      any |= infinite[i];
    }
    again = __syncthreads_or(any) != 0;
    if (again) {
#pragma unroll
      for (int i = 0; i < x_groups; i++) {
        const unsigned found = __ballot_sync(0xFFFFFFFFu, infinite[i]);
        if (lane % 4 == 0) {
          marked[(thread + i * threads) / 4] = (found >> lane & 15u) != 0;
        }
      }
      __syncthreads();
      for (int i = thread; i < BM * BN; i += threads) {
        const int n = n0 + i % BN;
        if (marked[i / BN] && n < p.n) {
          EPILOGUE::apply(p, m0 + i / BN, n, plain_sum<G>(p, m0 + i / BN, n));
        }
      }
    }
  }
#pragma unroll
  for (int i = 0; i < WM / 16; i++) {
#pragma unroll
    for (int h = 0; h < 2; h++) {
      const int row = warp_m + 16 * i + 8 * h + lane / 4;
      if (m0 + row < rows && !(again && marked[row])) {
#pragma unroll
        for (int j = 0; j < WN / 8; j++) {
          const int n = n0 + warp_n + 8 * j + lane % 4 * 2;
          if (n < p.n) {
            EPILOGUE::apply(p, m0 + row, n, sum[i][j][2 * h]);
          }
          if (n + 1 < p.n) {
            EPILOGUE::apply(p, m0 + row, n + 1, sum[i][j][2 * h + 1]);
          }
        }
      }
    }
  }
#endif
}

}  // namespace gatun

// An instance and what the host must know of it: the rows of x and of w that a block does, and its shared memory.
#define GATUN_GEMM(NAME, GROUPS, BM, BN, WM, WN, FACTORS) GATUN_GEMM_OF(NAME, GemmParams, GROUPS, BM, BN, WM, WN, FACTORS)
#define GATUN_GEMM_OF(NAME, PARAMS, GROUPS, BM, BN, WM, WN, FACTORS)                                                                 \
  GATUN_KERNEL(gemm_##NAME##_##BM##x##BN, PARAMS, 32 * (BM / WM) * (BN / WN),                                                    \
               gatun::gemm<GROUPS, BM, BN, WM, WN, gatun::Factors::FACTORS, gatun::StoreSum>)                                        \
  GATUN_TILE(gemm_##NAME##_##BM##x##BN, rows, BM)                                                                                    \
  GATUN_TILE(gemm_##NAME##_##BM##x##BN, columns, BN)                                                                                 \
  GATUN_TILE(gemm_##NAME##_##BM##x##BN, shared,                                                                                      \
             4 * gatun::kStep * (gatun::parts_of_x(gatun::Factors::FACTORS) * BM + gatun::parts_of_w(gatun::Factors::FACTORS) * BN))
