// A matrix times a vector: a block a row, a reduction by shuffles and shared memory. For measuring the machine.
#include "gatun/platform.cuh"

#define TEST_GEMV_PARAMS(FIELD) FIELD(const float*, w) FIELD(const float*, x) FIELD(float*, y) FIELD(int, rows) FIELD(int, width)
GATUN_PARAMS(TestGemvParams, TEST_GEMV_PARAMS)

namespace gatun {

template <int THREADS>
__device__ void test_gemv(const TestGemvParams& p) {
  for (int r = blockIdx.x; r < p.rows; r += gridDim.x) {
    const float* w = p.w + static_cast<int64_t>(r) * p.width;
    float sum = 0;
    for (int i = threadIdx.x; i < p.width; i += THREADS) {
      sum += w[i] * p.x[i];
    }
    sum = block_sum<THREADS>(sum);
    if (threadIdx.x == 0) {
      p.y[r] = sum;
    }
  }
}

// The same with four floats at a time, a warp a row.
template <int THREADS>
__device__ void test_gemv_wide(const TestGemvParams& p) {
  const int lane = threadIdx.x % 32;
  for (int r = blockIdx.x * (THREADS / 32) + threadIdx.x / 32; r < p.rows; r += gridDim.x * (THREADS / 32)) {
    const float4* w = reinterpret_cast<const float4*>(p.w + static_cast<int64_t>(r) * p.width);
    const float4* x = reinterpret_cast<const float4*>(p.x);
    float sum = 0;
    for (int i = lane; i < p.width / 4; i += 32) {
      const float4 a = w[i];
      const float4 b = x[i];
      sum += a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w;
    }
    for (int offset = 16; offset > 0; offset >>= 1) {
      sum += __shfl_xor_sync(0xFFFFFFFFu, sum, offset);
    }
    if (lane == 0) {
      p.y[r] = sum;
    }
  }
}

}  // namespace gatun

GATUN_KERNEL(test_gemv_256, TestGemvParams, 256, gatun::test_gemv<256>)
GATUN_KERNEL(test_gemv_wide_128, TestGemvParams, 128, gatun::test_gemv_wide<128>)
