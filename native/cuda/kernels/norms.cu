// rms_norm: y = x / sqrt(mean(x^2) + epsilon) * weight.
#include "gatun/platform.cuh"

#define RMS_NORM_PARAMS(FIELD) \
  FIELD(gatun::Rows, x)        \
  FIELD(gatun::Rows, y)        \
  FIELD(const float*, weight)  \
  FIELD(int, width)            \
  FIELD(float, epsilon)
GATUN_PARAMS(RmsNormParams, RMS_NORM_PARAMS)

namespace gatun {

// One block a row; blocks stride over the rows, whose number only the device knows.
template <int THREADS>
__device__ void rms_norm(const RmsNormParams& p) {
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

GATUN_KERNEL(rms_norm_256, RmsNormParams, 256, gatun::rms_norm<256>)
