// softmax: y = exp(scale * x - m) / sum, with m the largest scaled element of the row.
#include "gatun/reduce.cuh"

#define SOFTMAX_PARAMS(FIELD)   \
  FIELD(gatun::Rows, x)         \
  FIELD(gatun::Rows, y)         \
  FIELD(const int32_t*, varying) \
  FIELD(int, width)             \
  FIELD(float, factor)
GATUN_PARAMS(SoftmaxParams, SOFTMAX_PARAMS)

namespace gatun {

// One block a row. A NaN or an infinity makes the sum NaN and with it the row. The row is read three times; all but the first come from the L2 cache.
template <int THREADS>
__device__ void softmax(const SoftmaxParams& p) {
  // The one row of a tensor of one dimension may vary in width.
  const int width = p.varying == nullptr ? p.width : max(0, min(*p.varying, p.width));
  const int rows = p.x.rows();
  for (int r = blockIdx.x; r < rows; r += gridDim.x) {
    const char* x = p.x.row(r);
    char* y = p.y.row(r);
    float largest = -INFINITY;
    for (int i = threadIdx.x; i < width; i += THREADS) {
      largest = fmaxf(largest, p.factor * load(x, p.x.dtype, i));
    }
    largest = block_max<THREADS>(largest);
    float sum = 0;
    for (int i = threadIdx.x; i < width; i += THREADS) {
      sum += expf(p.factor * load(x, p.x.dtype, i) - largest);
    }
    const float inverse = 1.0f / block_sum<THREADS>(sum);
    for (int i = threadIdx.x; i < width; i += THREADS) {
      store(y, p.y.dtype, i, expf(p.factor * load(x, p.x.dtype, i) - largest) * inverse);
    }
  }
}

}  // namespace gatun

GATUN_KERNEL(softmax_128, SoftmaxParams, 128, gatun::softmax<128>)
GATUN_KERNEL(softmax_1024, SoftmaxParams, 1024, gatun::softmax<1024>)
