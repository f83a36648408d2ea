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
  launch_dependent_kernels();
  wait_for_prior_kernels();
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

#define GATUN_EXPAND(NAME, TYPE)                                                           \
  GATUN_KERNEL(expand_##NAME, ExpandParams, 256, gatun::expand<gatun::TYPE, 256>)          \
  GATUN_TILE(expand_##NAME, programmatic, 1)

GATUN_EXPAND(f32, F32)
GATUN_EXPAND(f16, F16)
GATUN_EXPAND(bf16, BF16)
GATUN_EXPAND(f8_e4m3, F8_E4M3)
GATUN_EXPAND(f8_e5m2, F8_E5M2)
GATUN_EXPAND(q8_0, Q8_0)
GATUN_EXPAND(q4_0, Q4_0)
GATUN_EXPAND(q4_1, Q4_1)
GATUN_EXPAND(q5_0, Q5_0)
GATUN_EXPAND(q5_1, Q5_1)
GATUN_EXPAND(q2_k, Q2_K)
GATUN_EXPAND(q3_k, Q3_K)
GATUN_EXPAND(q4_k, Q4_K)
GATUN_EXPAND(q5_k, Q5_K)
GATUN_EXPAND(q6_k, Q6_K)
GATUN_EXPAND(iq4_nl, IQ4_NL)
GATUN_EXPAND(mxfp4, MXFP4)
GATUN_EXPAND(iq4_xs, IQ4_XS)
GATUN_EXPAND(tq1_0, TQ1_0)
GATUN_EXPAND(tq2_0, TQ2_0)
