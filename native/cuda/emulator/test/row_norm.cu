// A small kernel like those of the library: rows, a reduction over the block, parameters of several kinds.
#include "gatun/platform.cuh"

#define TEST_NORM_PARAMS(FIELD) FIELD(gatun::Rows, x) FIELD(gatun::Rows, y) FIELD(const float*, weight) FIELD(int, width) FIELD(float, epsilon)
GATUN_PARAMS(TestNormParams, TEST_NORM_PARAMS)

namespace gatun {

template <int THREADS>
__device__ void test_norm(const TestNormParams& p) {
  const int rows = p.x.rows();
  for (int r = blockIdx.x; r < rows; r += gridDim.x) {
    const char* x = p.x.row(r);
    char* y = p.y.row(r);
    float squares = 0;
    for (int i = threadIdx.x; i < p.width; i += THREADS) {
      const float value = load(x, p.x.dtype, i);
      squares += value * value;
    }
    const float scale = 1.0f / sqrtf(block_sum<THREADS>(squares) / p.width + p.epsilon);
    for (int i = threadIdx.x; i < p.width; i += THREADS) {
      store(y, p.y.dtype, i, load(x, p.x.dtype, i) * scale * p.weight[i]);
    }
  }
}

}  // namespace gatun

GATUN_KERNEL(test_norm_256, TestNormParams, 256, gatun::test_norm<256>)
GATUN_TILE(test_norm_256, rows, 1)
