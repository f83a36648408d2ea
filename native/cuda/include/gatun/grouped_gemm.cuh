// y[c, n] = sum over k of x[c / sharing, k]·w[expert(c), n, k], plus bias[expert(c), n], for many choices c: matmul's tiles (gatun/gemm.cuh, gatun/gemm_simt.cuh)
// over the choices of one expert at a time. grouped_sort has put the choices in the order of their experts and cut each expert's into tiles of at most BM; a row of
// the grid is a tile of that list, its blocks the tiles along the rows of w. Rows of the grid past the list, of which the host knows a bound alone, have nothing to
// do. So no expert's rows are padded to another's, but for the last tile of each.
//
// Bytes: of w the experts chosen (tiles of one expert follow one another, so that their weights come from the L2), x and y once; flops as gatun/gemm.cuh has them.
#pragma once

#include "gatun/gemm_simt.cuh"
#include "gatun/grouped.cuh"

// `list`: how many tiles there are, then four numbers for each: expert, where its choices begin in `order`, how many they are, and nothing.
#define GROUPED_GEMM_PARAMS(FIELD) \
  GROUPED_PARAMS(FIELD)            \
  FIELD(const int32_t*, list)      \
  FIELD(const int32_t*, order)     \
  FIELD(gatun::DType, w_dtype)
GATUN_PARAMS(GroupedGemmParams, GROUPED_GEMM_PARAMS)

namespace gatun {

constexpr int kListHead = 4;

// Rows that lie anywhere, as kernels for products by tiles ask for them: one tile's.
struct ScatteredRows {
  char* const* rows;  // in shared memory
  char* base;         // with the stride: aligned to 16 bytes where all rows are
  int64_t stride[1];
  int32_t bound;
  int32_t live;
  DType dtype;

  __device__ __forceinline__ int size0() const { return live; }
};

__device__ __forceinline__ char* matrix_row(const ScatteredRows& rows, int m) { return rows.rows[m]; }

// A tile's product, in the words of ScaledGemmParams.
struct GroupedTile {
  ScatteredRows x;
  ScatteredRows y;
  const char* w;
  int64_t w_stride;
  const float* bias;
  int n;
  int k;
  DType w_dtype;
};

__device__ __forceinline__ void scale_group(const GroupedTile&, int, int, float (&)[8]) {}

template <int BM, class BODY>
__device__ __forceinline__ void grouped_tile(const GroupedGemmParams& g, BODY body) {
  GATUN_SHARED(char* [BM], x_rows);
  GATUN_SHARED(char* [BM], y_rows);
  const int tile = blockIdx.y;
  if (tile >= g.list[0]) {
    return;
  }
  const int32_t* const entry = g.list + kListHead + 4 * tile;
  const int expert = entry[0];
  const int live = entry[2];
  const int32_t* const choices = g.order + entry[1];
  for (int m = threadIdx.x; m < live; m += blockDim.x) {
    x_rows[m] = g.x.row(choices[m] / g.sharing);
    y_rows[m] = g.y.row(choices[m]);
  }
  __syncthreads();
  GroupedTile p;
  p.x = ScatteredRows{x_rows, g.x.base, {g.x.stride[0] | g.x.stride[1]}, BM, live, g.x.dtype};
  p.y = ScatteredRows{y_rows, g.y.base, {g.y.stride[0] | g.y.stride[1]}, BM, live, g.y.dtype};
  p.w = g.w + expert * g.w_expert;
  p.w_stride = g.w_stride;
  p.bias = g.bias == nullptr ? nullptr : g.bias + expert * g.bias_expert;
  p.n = g.n;
  p.k = g.k;
  p.w_dtype = g.w_dtype;
  body(p);
}

template <class G, int BM, int BN, int WM, int WN, Factors FACTORS>
__device__ __forceinline__ void grouped_gemm(const GroupedGemmParams& g) {
  grouped_tile<BM>(g, [](const GroupedTile& p) { gemm<G, BM, BN, WM, WN, FACTORS, StoreSum>(p); });
}

__device__ __forceinline__ void grouped_gemm_simt(const GroupedGemmParams& g) {
  grouped_tile<kSimtRows>(g, [](const GroupedTile& p) { gemm_simt<StoreSum>(p); });
}

}  // namespace gatun

#define GATUN_GROUPED_GEMM(NAME, GROUPS, BM, BN, WM, WN, FACTORS)                                   \
  GATUN_KERNEL(grouped_gemm_##NAME##_##BM##x##BN, GroupedGemmParams, 32 * (BM / WM) * (BN / WN),    \
               gatun::grouped_gemm<GROUPS, BM, BN, WM, WN, gatun::Factors::FACTORS>)                \
  GATUN_TILE(grouped_gemm_##NAME##_##BM##x##BN, rows, BM)                                           \
  GATUN_TILE(grouped_gemm_##NAME##_##BM##x##BN, columns, BN)                                        \
  GATUN_TILE(grouped_gemm_##NAME##_##BM##x##BN, shared,                                             \
             4 * gatun::kStep * (gatun::parts_of_x(gatun::Factors::FACTORS) * BM + gatun::parts_of_w(gatun::Factors::FACTORS) * BN))
