// dequantize: y = the values of x, rows of blocks. A thread expands eight elements, the four or 32 threads of a block of elements side by side, so that the
// pieces they read come from one or two sectors and what they write is whole ones. It reads the blocks once and writes 4 or 2 bytes an element, which bound it.
#include "gatun/groups.cuh"

#define DEQUANTIZE_PARAMS(FIELD) \
  FIELD(gatun::Rows, x)          \
  FIELD(gatun::Rows, y)          \
  FIELD(const int32_t*, varying) \
  FIELD(int, width)
GATUN_PARAMS(DequantizeParams, DEQUANTIZE_PARAMS)

namespace gatun {

template <DType T, int THREADS>
__device__ void dequantize(const DequantizeParams& p) {
  const unsigned groups = actual_width(p.varying, p.width) / Format<T>::block * (Format<T>::block / 8);
  if (groups == 0) {
    return;
  }
  const unsigned rows = p.x.rows();
  for (Units u(blockIdx.x * THREADS + threadIdx.x, gridDim.x * THREADS, groups); u.row < rows; u.next()) {
    float v[8];
    load_group<T>(p.x.row(u.row), u.at, v);
    store_group(p.y.row(u.row), p.y.dtype, static_cast<int64_t>(u.at) * 8, v);
  }
}

}  // namespace gatun

GATUN_KERNEL(dequantize_q8_0, DequantizeParams, 256, gatun::dequantize<gatun::Q8_0, 256>)
GATUN_KERNEL(dequantize_q4_0, DequantizeParams, 256, gatun::dequantize<gatun::Q4_0, 256>)
GATUN_KERNEL(dequantize_q4_1, DequantizeParams, 256, gatun::dequantize<gatun::Q4_1, 256>)
GATUN_KERNEL(dequantize_q5_0, DequantizeParams, 256, gatun::dequantize<gatun::Q5_0, 256>)
GATUN_KERNEL(dequantize_q5_1, DequantizeParams, 256, gatun::dequantize<gatun::Q5_1, 256>)
GATUN_KERNEL(dequantize_q2_k, DequantizeParams, 256, gatun::dequantize<gatun::Q2_K, 256>)
GATUN_KERNEL(dequantize_q3_k, DequantizeParams, 256, gatun::dequantize<gatun::Q3_K, 256>)
GATUN_KERNEL(dequantize_q4_k, DequantizeParams, 256, gatun::dequantize<gatun::Q4_K, 256>)
GATUN_KERNEL(dequantize_q5_k, DequantizeParams, 256, gatun::dequantize<gatun::Q5_K, 256>)
GATUN_KERNEL(dequantize_q6_k, DequantizeParams, 256, gatun::dequantize<gatun::Q6_K, 256>)
GATUN_KERNEL(dequantize_iq4_nl, DequantizeParams, 256, gatun::dequantize<gatun::IQ4_NL, 256>)
GATUN_KERNEL(dequantize_mxfp4, DequantizeParams, 256, gatun::dequantize<gatun::MXFP4, 256>)
