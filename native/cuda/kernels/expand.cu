// expand: rows of any float or block type to rows of F32, F16 or BF16, either all of them (dequantize) or those that indices pick (embedding:
// y[t] = x[indices[t]], NaN where an index is outside x). A thread expands eight elements, the four or 32 threads of a block of elements side by side, so that
// the pieces they read come from one or two sectors and what they write is whole ones. The rows are read once and 4 or 2 bytes an element written, which
// bound it.
#include "gatun/groups.cuh"

#define EXPAND_PARAMS(FIELD)     \
  FIELD(gatun::Rows, x)          \
  FIELD(gatun::Rows, y)          \
  FIELD(const int32_t*, indices) \
  FIELD(const int32_t*, varying) \
  FIELD(int, width)
GATUN_PARAMS(ExpandParams, EXPAND_PARAMS)

namespace gatun {

template <DType T, int THREADS>
__device__ void expand(const ExpandParams& p) {
  constexpr bool scalar = Format<T>::block == 1;
  const int width = actual_width(p.varying, p.width);
  const unsigned groups = scalar ? (static_cast<unsigned>(width) + 7) / 8 : width / Format<T>::block * (Format<T>::block / 8);
  if (groups == 0) {
    return;
  }
  const unsigned rows = p.y.rows();
  for (Units u(blockIdx.x * THREADS + threadIdx.x, gridDim.x * THREADS, groups); u.row < rows; u.next()) {
    const int index = p.indices == nullptr ? 0 : p.indices[u.row];
    const bool known = index >= 0 && index < p.x.bound;
    const char* x = p.indices == nullptr ? p.x.row(u.row) : p.x.base + (known ? index : 0) * p.x.stride[0];
    char* y = p.y.row(u.row);
    const int64_t i = static_cast<int64_t>(u.at) * 8;
    const float nan = __uint_as_float(0x7FC00000u);
    if (scalar && i + 8 > width) {
      for (int64_t k = i; k < width; k++) {
        store(y, p.y.dtype, k, known ? Format<T>::decode(x, k) : nan);
      }
      continue;
    }
    float v[8] = {nan, nan, nan, nan, nan, nan, nan, nan};
    if (known) {
      load_group<T>(x, u.at, v);
    }
    store_group(y, p.y.dtype, i, v);
  }
}

}  // namespace gatun

GATUN_KERNEL(expand_f32, ExpandParams, 256, gatun::expand<gatun::F32, 256>)
GATUN_KERNEL(expand_f16, ExpandParams, 256, gatun::expand<gatun::F16, 256>)
GATUN_KERNEL(expand_bf16, ExpandParams, 256, gatun::expand<gatun::BF16, 256>)
GATUN_KERNEL(expand_f8_e4m3, ExpandParams, 256, gatun::expand<gatun::F8_E4M3, 256>)
GATUN_KERNEL(expand_f8_e5m2, ExpandParams, 256, gatun::expand<gatun::F8_E5M2, 256>)
GATUN_KERNEL(expand_q8_0, ExpandParams, 256, gatun::expand<gatun::Q8_0, 256>)
GATUN_KERNEL(expand_q4_0, ExpandParams, 256, gatun::expand<gatun::Q4_0, 256>)
GATUN_KERNEL(expand_q4_1, ExpandParams, 256, gatun::expand<gatun::Q4_1, 256>)
GATUN_KERNEL(expand_q5_0, ExpandParams, 256, gatun::expand<gatun::Q5_0, 256>)
GATUN_KERNEL(expand_q5_1, ExpandParams, 256, gatun::expand<gatun::Q5_1, 256>)
GATUN_KERNEL(expand_q2_k, ExpandParams, 256, gatun::expand<gatun::Q2_K, 256>)
GATUN_KERNEL(expand_q3_k, ExpandParams, 256, gatun::expand<gatun::Q3_K, 256>)
GATUN_KERNEL(expand_q4_k, ExpandParams, 256, gatun::expand<gatun::Q4_K, 256>)
GATUN_KERNEL(expand_q5_k, ExpandParams, 256, gatun::expand<gatun::Q5_K, 256>)
GATUN_KERNEL(expand_q6_k, ExpandParams, 256, gatun::expand<gatun::Q6_K, 256>)
GATUN_KERNEL(expand_iq4_nl, ExpandParams, 256, gatun::expand<gatun::IQ4_NL, 256>)
GATUN_KERNEL(expand_mxfp4, ExpandParams, 256, gatun::expand<gatun::MXFP4, 256>)
