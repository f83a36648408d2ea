// rms_norm and layer_norm.
#include "gatun/vector.cuh"

#define NORM_PARAMS(FIELD)    \
  FIELD(gatun::Rows, x)       \
  FIELD(gatun::Rows, y)       \
  FIELD(const float*, weight) \
  FIELD(const float*, bias)   \
  FIELD(int, width)           \
  FIELD(float, epsilon)
GATUN_PARAMS(NormParams, NORM_PARAMS)

namespace gatun {

// The sum of (x - shift)^2, or of x - shift, over a row; each thread adds up elements a fixed distance apart, in order.
template <int THREADS, bool SQUARES>
__device__ __forceinline__ float row_sum(const char* x, DType dtype, int width, float shift) {
  float sum = 0;
  const bool quads = aligned4(x, dtype);
  const int whole = quads ? width / 4 * 4 : 0;
  for (int i = threadIdx.x * 4; i < whole; i += THREADS * 4) {
    const float4 v = load4(x, dtype, i);
    const float a = v.x - shift, b = v.y - shift, c = v.z - shift, d = v.w - shift;
    sum += SQUARES ? a * a + b * b + (c * c + d * d) : a + b + (c + d);
  }
  for (int i = whole + threadIdx.x; i < width; i += THREADS) {
    const float value = load(x, dtype, i) - shift;
    sum += SQUARES ? value * value : value;
  }
  return block_sum<THREADS>(sum);
}

// y = (x - shift) * scale * weight + bias over a row.
template <int THREADS>
__device__ __forceinline__ void row_scale(const char* x, DType from, char* y, DType to, int width, float shift, float scale, const float* weight,
                                          const float* bias) {
  const bool quads = aligned4(x, from) && aligned4(y, to) && aligned4(reinterpret_cast<const char*>(weight), F32) &&
                     (bias == nullptr || aligned4(reinterpret_cast<const char*>(bias), F32));
  const int whole = quads ? width / 4 * 4 : 0;
  for (int i = threadIdx.x * 4; i < whole; i += THREADS * 4) {
    float4 v = load4(x, from, i);
    const float4 w = *reinterpret_cast<const float4*>(weight + i);
    const float4 b = bias == nullptr ? make_float4(0, 0, 0, 0) : *reinterpret_cast<const float4*>(bias + i);
    v.x = (v.x - shift) * scale * w.x + b.x;
    v.y = (v.y - shift) * scale * w.y + b.y;
    v.z = (v.z - shift) * scale * w.z + b.z;
    v.w = (v.w - shift) * scale * w.w + b.w;
    store4(y, to, i, v);
  }
  for (int i = whole + threadIdx.x; i < width; i += THREADS) {
    const float value = (load(x, from, i) - shift) * scale * weight[i];
    store(y, to, i, bias == nullptr ? value : value + bias[i]);
  }
}

// One block a row; blocks stride over the rows, whose number only the device knows.
template <int THREADS>
__device__ void rms_norm(const NormParams& p) {
  launch_dependent_kernels();
  wait_for_prior_kernels();
  const int rows = p.x.rows();
  const float inverse = 1.0f / static_cast<float>(p.width);
  for (int r = blockIdx.x; r < rows; r += gridDim.x) {
    const char* x = p.x.row(r);
    const float squares = row_sum<THREADS, true>(x, p.x.dtype, p.width, 0.0f);
    const float scale = rsqrtf(squares * inverse + p.epsilon);
    row_scale<THREADS>(x, p.x.dtype, p.y.row(r), p.y.dtype, p.width, 0.0f, scale, p.weight, nullptr);
  }
}

// The mean first, then the squares of what is left: one pass over sums of squares would cancel.
template <int THREADS>
__device__ void layer_norm(const NormParams& p) {
  launch_dependent_kernels();
  wait_for_prior_kernels();
  const int rows = p.x.rows();
  const float inverse = 1.0f / static_cast<float>(p.width);
  for (int r = blockIdx.x; r < rows; r += gridDim.x) {
    const char* x = p.x.row(r);
    const float mean = row_sum<THREADS, false>(x, p.x.dtype, p.width, 0.0f) * inverse;
    const float squares = row_sum<THREADS, true>(x, p.x.dtype, p.width, mean);
    const float scale = rsqrtf(squares * inverse + p.epsilon);
    row_scale<THREADS>(x, p.x.dtype, p.y.row(r), p.y.dtype, p.width, mean, scale, p.weight, p.bias);
  }
}

}  // namespace gatun

// 128 threads for rows of a head or a small model; 512 keep 2048 elements in flight at once for the rows of a large one.
GATUN_KERNEL(rms_norm_128, NormParams, 128, gatun::rms_norm<128>)
GATUN_TILE(rms_norm_128, programmatic, 1)
GATUN_KERNEL(rms_norm_512, NormParams, 512, gatun::rms_norm<512>)
GATUN_TILE(rms_norm_512, programmatic, 1)
GATUN_KERNEL(layer_norm_128, NormParams, 128, gatun::layer_norm<128>)
GATUN_TILE(layer_norm_128, programmatic, 1)
GATUN_KERNEL(layer_norm_512, NormParams, 512, gatun::layer_norm<512>)
GATUN_TILE(layer_norm_512, programmatic, 1)
