// What stands before and after gemm_warpgroup.cuh where it needs that.
//
// bf16_parts: x, F32 or F16, as two BF16 parts, x = x0 + x1 + e with |e| <= 2^-18·|x|, each a matrix [rows, padded k], zeros where the padding is. Eight elements
// a thread: 32 bytes of float32 in, 16 and 16 out. Bytes: x once, and once more for the parts, which are written for L2 as far as that holds them.
//
// add_splits: y[m, n] = the sum of partial[s, m, n] over s in order, plus bias[n]. Four columns a thread. Bytes: 4·splits·M·N, from L2, and y.
#include "gatun/split.cuh"
#include "gatun/vector.cuh"
#include "gatun/weight_groups.cuh"

// Bytes from a row of a part to the next, and from the first part to the second: multiples of 16.
#define BF16_PARTS_PARAMS(FIELD) \
  FIELD(gatun::Rows, x)          \
  FIELD(char*, parts)            \
  FIELD(int64_t, row_bytes)      \
  FIELD(int64_t, part_bytes)     \
  FIELD(int, k)
GATUN_PARAMS(Bf16PartsParams, BF16_PARTS_PARAMS)

#define ADD_SPLITS_PARAMS(FIELD) \
  FIELD(gatun::Rows, y)          \
  FIELD(const float*, partial)   \
  FIELD(const float*, bias)      \
  FIELD(int, n)                  \
  FIELD(int, splits)
GATUN_PARAMS(AddSplitsParams, ADD_SPLITS_PARAMS)

namespace gatun {

__device__ __forceinline__ void bf16_parts(const Bf16PartsParams& p) {
  const int64_t groups = p.row_bytes / 16;
  const int64_t all = p.x.size0() * groups;
  const bool wide = ((reinterpret_cast<uintptr_t>(p.x.base) | static_cast<uintptr_t>(p.x.stride[0])) & 15) == 0;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < all; i += static_cast<int64_t>(gridDim.x) * blockDim.x) {
    const int64_t row = i / groups;
    const int64_t group = i % groups;
    Activations raw;
    raw.load(p.x.base + row * p.x.stride[0], p.x.dtype, static_cast<int>(8 * group), p.k, wide);
    float v[8];
    raw.decode(p.x.dtype, v);
    uint4 first, second;
    bool ignored = false;
    split_pair(v[0], v[1], first.x, second.x, ignored);
    split_pair(v[2], v[3], first.y, second.y, ignored);
    split_pair(v[4], v[5], first.z, second.z, ignored);
    split_pair(v[6], v[7], first.w, second.w, ignored);
    char* const to = p.parts + row * p.row_bytes + 16 * group;
    *reinterpret_cast<uint4*>(to) = first;
    *reinterpret_cast<uint4*>(to + p.part_bytes) = second;
  }
}

__device__ __forceinline__ void add_splits(const AddSplitsParams& p) {
  const int64_t quads = (static_cast<int64_t>(p.n) + 3) / 4;
  const int64_t all = p.y.size0() * quads;
  const int64_t split = static_cast<int64_t>(p.y.bound) * p.n;
  const bool wide = p.n % 4 == 0;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < all; i += static_cast<int64_t>(gridDim.x) * blockDim.x) {
    const int64_t row = i / quads;
    const int n = static_cast<int>(i % quads * 4);
    const float* const from = p.partial + row * p.n + n;
    float sum[4] = {};
    for (int s = 0; s < p.splits; s++) {
      if (wide) {
        const float4 four = *reinterpret_cast<const float4*>(from + s * split);
        sum[0] += four.x, sum[1] += four.y, sum[2] += four.z, sum[3] += four.w;
      } else {
#pragma unroll
        for (int c = 0; c < 4; c++) {
          sum[c] += n + c < p.n ? from[s * split + c] : 0.0f;
        }
      }
    }
    if (p.bias != nullptr) {
#pragma unroll
      for (int c = 0; c < 4; c++) {
        sum[c] += n + c < p.n ? __ldg(p.bias + n + c) : 0.0f;
      }
    }
    char* const to = p.y.base + row * p.y.stride[0];
    if (wide && aligned4(to, p.y.dtype)) {
      store4(to, p.y.dtype, n, make_float4(sum[0], sum[1], sum[2], sum[3]));
    } else {
#pragma unroll
      for (int c = 0; c < 4; c++) {
        if (n + c < p.n) {
          store(to, p.y.dtype, n + c, sum[c]);
        }
      }
    }
  }
}

}  // namespace gatun

GATUN_KERNEL(bf16_parts, Bf16PartsParams, 256, gatun::bf16_parts)
GATUN_KERNEL(add_splits, AddSplitsParams, 256, gatun::add_splits)
