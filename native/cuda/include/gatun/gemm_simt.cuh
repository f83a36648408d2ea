// y[m, n] = sum over k of x[m, k]·w[n, k], plus bias[n], for many rows of x, in float32 throughout: for F32 weights, and for devices without the tensor cores
// that gatun/gemm.cuh needs. The error, squared and normalised, is that of a float32 sum: 7e-13 at K = 2048.
//
// A block of 256 threads does 128 rows of x and 64 of w, a thread 8 by 4 of them, so that an element of K costs it three 16-byte reads of shared memory for
// 32 products; K in steps of 16 through two stages, loaded into registers a step ahead. The operands lie in shared memory with K outermost and 4 elements of
// padding a row of it. 128x128 with 8 by 8 a thread would take two thirds of the reads, but leave half as many blocks for the products of small models that
// come here.
//
// Bytes: w, x and y once; flops: 2·M·N·K on the F32 pipe, which is the floor.
#pragma once

#include "gatun/gemm.cuh"

namespace gatun {

constexpr int kSimtRows = 128;
constexpr int kSimtColumns = 64;
constexpr int kSimtStep = 16;
constexpr int kSimtThreads = 256;

template <class EPILOGUE, class PARAMS>
__device__ __forceinline__ void gemm_simt(const PARAMS& p) {
  constexpr int x_pitch = kSimtRows + 4;
  constexpr int w_pitch = kSimtColumns + 4;
  GATUN_SHARED(float4[2][kSimtStep][x_pitch / 4], x_tile);
  GATUN_SHARED(float4[2][kSimtStep][w_pitch / 4], w_tile);

  const int m_tiles = (p.x.bound + kSimtRows - 1) / kSimtRows;
  const int m0 = static_cast<int>(blockIdx.x % m_tiles) * kSimtRows;
  const int n0 = static_cast<int>(blockIdx.x / m_tiles) * kSimtColumns;
  const int rows = p.x.size0();
  if (m0 >= rows) {
    return;
  }
  const int thread = threadIdx.x;
  const int steps = (p.k + kSimtStep - 1) / kSimtStep;
  const bool x_wide = ((reinterpret_cast<uintptr_t>(p.x.base) | static_cast<uintptr_t>(p.x.stride[0])) & 15) == 0;
  const bool w_wide = ((reinterpret_cast<uintptr_t>(p.w) | static_cast<uintptr_t>(p.w_stride)) & 15) == 0;

  // A thread brings eight elements of a row of x, the first half of them eight of w too; neighbours take neighbouring rows, so that stores do not conflict.
  const int x_row = thread % kSimtRows;
  const int x_part = thread / kSimtRows;
  const int w_row = thread % kSimtColumns;
  const int w_part = thread / kSimtColumns;
  const bool brings_w = w_part < kSimtStep / 8;
  Activations x_raw;
  AnyGroups::Raw w_raw;
  const auto load_step = [&](int step) {
    x_raw.clear();
    if (m0 + x_row < rows) {
      x_raw.load(matrix_row(p.x, m0 + x_row), p.x.dtype, step * kSimtStep + x_part * 8, p.k, x_wide);
    }
    w_raw = AnyGroups::Raw{};
    if (brings_w && n0 + w_row < p.n && step * kSimtStep + w_part * 8 < p.k) {
      AnyGroups::load(w_raw, p.w + static_cast<int64_t>(n0 + w_row) * p.w_stride, step * (kSimtStep / 8) + w_part, p.k, w_wide, p.w_dtype);
      scale_group(p, n0 + w_row, step * kSimtStep + w_part * 8, w_raw.w);
    }
  };
  const auto store_step = [&](int stage) {
    float v[8];
    x_raw.decode(p.x.dtype, v);
#pragma unroll
    for (int i = 0; i < 8; i++) {
      reinterpret_cast<float*>(x_tile[stage][x_part * 8 + i])[x_row] = v[i];
    }
    if (brings_w) {
#pragma unroll
      for (int i = 0; i < 8; i++) {
        reinterpret_cast<float*>(w_tile[stage][w_part * 8 + i])[w_row] = w_raw.w[i];
      }
    }
  };

  const int tm = thread / 16;
  const int tn = thread % 16;
  float sum[8][4] = {};
  if (steps > 0) {
    load_step(0);
    store_step(0);
  }
  for (int step = 0; step < steps; step++) {
    __syncthreads();  // this stage is filled, and nobody reads the other any more
    if (step + 1 < steps) {
      load_step(step + 1);
    }
#pragma unroll
    for (int k = 0; k < kSimtStep; k++) {
      const float4 a0 = x_tile[step % 2][k][2 * tm];
      const float4 a1 = x_tile[step % 2][k][2 * tm + 1];
      const float4 b = w_tile[step % 2][k][tn];
      const float a[8] = {a0.x, a0.y, a0.z, a0.w, a1.x, a1.y, a1.z, a1.w};
#pragma unroll
      for (int i = 0; i < 8; i++) {
        sum[i][0] = fmaf(a[i], b.x, sum[i][0]);
        sum[i][1] = fmaf(a[i], b.y, sum[i][1]);
        sum[i][2] = fmaf(a[i], b.z, sum[i][2]);
        sum[i][3] = fmaf(a[i], b.w, sum[i][3]);
      }
    }
    if (step + 1 < steps) {
      store_step((step + 1) % 2);
    }
  }
#pragma unroll
  for (int i = 0; i < 8; i++) {
#pragma unroll
    for (int j = 0; j < 4; j++) {
      const int m = m0 + 8 * tm + i;
      const int n = n0 + 4 * tn + j;
      if (m < rows && n < p.n) {
        EPILOGUE::apply(p, m, n, sum[i][j]);
      }
    }
  }
}

}  // namespace gatun
