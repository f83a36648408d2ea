// What kernels for products by tiles share: the order of the tiles, the parts of K, and how sums are written. Their parameters have y, bias, partial ([splits,
// rows, n], where K is cut in parts), n, k, splits and group.
#pragma once

#include "gatun/platform.cuh"

namespace gatun {

// What a block does at a time: a tile, and steps `from` to `to` of K.
struct TileWork {
  int m0;
  int n0;
  int from;
  int to;
  int split;
};

// The order of a product's tiles of BM rows of x and BN of w: `group` rows of tiles are done column by column.
template <int BM, int BN, int STEP>
struct TileRaster {
  int m_tiles;
  int n_tiles;
  int steps;
  int steps_each;
  int splits;
  int group;

  template <class PARAMS>
  __device__ __forceinline__ explicit TileRaster(const PARAMS& p)
      : m_tiles((p.y.size0() + BM - 1) / BM),
        n_tiles((p.n + BN - 1) / BN),
        steps((p.k + STEP - 1) / STEP),
        steps_each((steps + p.splits - 1) / p.splits),
        splits(p.splits),
        group(p.group) {}

  __device__ __forceinline__ int works() const { return m_tiles * n_tiles * splits; }

  __device__ __forceinline__ TileWork work(int index) const {
    const int split = index % splits;
    const int tile = index / splits;
    const int first = tile / (group * n_tiles) * group;
    const int high = min(group, m_tiles - first);
    const int within = tile - first * n_tiles;
    return TileWork{(first + within % high) * BM, within / high * BN, split * steps_each, min(steps, (split + 1) * steps_each), split};
  }
};

// What lane i of a quad holds of two neighbouring pieces of 8 columns, two of each: made four in a row of the 16.
__device__ __forceinline__ uint2 quad_columns(uint32_t first, uint32_t second) {
  const bool odd = threadIdx.x % 2 != 0;
  const int lane = threadIdx.x % 32;
  const int quad = lane & ~3;
  const int i = lane & 3;
  const uint32_t one = __shfl_sync(0xFFFFFFFFu, odd ? second : first, quad | (i == 1 ? 2 : i == 2 ? 1 : i));
  const uint32_t other = __shfl_sync(0xFFFFFFFFu, odd ? first : second, quad | (i == 0 ? 1 : i == 1 ? 3 : i == 2 ? 0 : 2));
  return i < 2 ? make_uint2(one, other) : make_uint2(other, one);
}

__device__ __forceinline__ uint32_t rounded_pair(DType dtype, float low, float high) {
  return dtype == BF16 ? floats_to_bf16x2(low, high) : static_cast<uint32_t>(float_to_f16(low)) | static_cast<uint32_t>(float_to_f16(high)) << 16;
}

// Writes a warp's sums of 16 rows from m0 on and of COLUMNS columns from n0 on, held as products on tensor cores leave them, the pieces of 8 columns in order: to y,
// with the bias, or to `partial`. Whole sectors of 32 bytes, four lanes each.
template <int COLUMNS, class PARAMS>
__device__ __forceinline__ void store_sums(const PARAMS& p, float (&sum)[COLUMNS / 2], int m0, int n0, int split) {
  const int lane = threadIdx.x % 32;
  const int rows = p.y.size0();
  const bool whole = p.partial != nullptr;
  const DType dtype = whole ? F32 : p.y.dtype;
  const int64_t stride = whole ? 4LL * p.n : p.y.stride[0];
  char* const base = whole ? reinterpret_cast<char*>(p.partial) + static_cast<int64_t>(split) * p.y.bound * stride : p.y.base;
  const bool wide = ((reinterpret_cast<uintptr_t>(base) | static_cast<uintptr_t>(stride)) & 7) == 0;
  const float* const bias = whole ? nullptr : p.bias;
  if (bias != nullptr) {
#pragma unroll
    for (int j = 0; j < COLUMNS / 8; j++) {
      const int n = n0 + 8 * j + lane % 4 * 2;
      const float first = n < p.n ? __ldg(bias + n) : 0.0f;
      const float second = n + 1 < p.n ? __ldg(bias + n + 1) : 0.0f;
      sum[4 * j] += first;
      sum[4 * j + 1] += second;
      sum[4 * j + 2] += first;
      sum[4 * j + 3] += second;
    }
  }
#pragma unroll
  for (int h = 0; h < 2; h++) {
    const int m = m0 + 8 * h + lane / 4;
    char* const row = base + m * stride;
    if (dtype == F32) {
#pragma unroll
      for (int j = 0; j < COLUMNS / 8; j++) {
        const int n = n0 + 8 * j + lane % 4 * 2;
        float* const to = reinterpret_cast<float*>(row) + n;
        if (m < rows && n + 1 < p.n && wide) {
          *reinterpret_cast<float2*>(to) = make_float2(sum[4 * j + 2 * h], sum[4 * j + 2 * h + 1]);
        } else if (m < rows) {
          if (n < p.n) {
            to[0] = sum[4 * j + 2 * h];
          }
          if (n + 1 < p.n) {
            to[1] = sum[4 * j + 2 * h + 1];
          }
        }
      }
    } else {
#pragma unroll
      for (int j = 0; j < COLUMNS / 8; j += 2) {
        const uint2 four = quad_columns(rounded_pair(dtype, sum[4 * j + 2 * h], sum[4 * j + 2 * h + 1]),
                                        rounded_pair(dtype, sum[4 * j + 4 + 2 * h], sum[4 * j + 5 + 2 * h]));
        const int n = n0 + 8 * j + lane % 4 * 4;
        uint16_t* const to = reinterpret_cast<uint16_t*>(row) + n;
        if (m < rows && n + 3 < p.n && wide) {
          *reinterpret_cast<uint2*>(to) = four;
        } else if (m < rows) {
#pragma unroll
          for (int i = 0; i < 4; i++) {
            if (n + i < p.n) {
              to[i] = static_cast<uint16_t>((i < 2 ? four.x : four.y) >> (16 * (i % 2)));
            }
          }
        }
      }
    }
  }
}

}  // namespace gatun
