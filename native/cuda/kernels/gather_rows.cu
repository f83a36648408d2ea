// gather_rows: y[r] = x[rows[r]], bit by bit; NaN where an index is outside x. A thread moves 16 bytes.
#include "gatun/groups.cuh"

#define GATHER_ROWS_PARAMS(FIELD) \
  FIELD(const int32_t*, indices)  \
  FIELD(const char*, x)           \
  FIELD(int64_t, stride)          \
  FIELD(int, size)                \
  FIELD(int, width)               \
  FIELD(gatun::Rows, y)
GATUN_PARAMS(GatherRowsParams, GATHER_ROWS_PARAMS)

namespace gatun {

template <class Bits, int THREADS>
__device__ void gather_rows(const GatherRowsParams& p) {
  constexpr int per_thread = 16 / sizeof(Bits);
  launch_dependent_kernels();
  wait_for_prior_kernels();
  const unsigned rows = p.y.rows();
  const unsigned pieces = (static_cast<unsigned>(p.width) + per_thread - 1) / per_thread;
  const uint32_t nan = p.y.dtype == F16 ? 0x7E007E00u : p.y.dtype == BF16 ? 0x7FC07FC0u : 0x7FC00000u;
  for (Units u(blockIdx.x * THREADS + threadIdx.x, gridDim.x * THREADS, pieces); u.row < rows; u.next()) {
    const int index = p.indices[u.row];
    const bool known = index >= 0 && index < p.size;
    const int64_t i = static_cast<int64_t>(u.at) * per_thread;
    const Bits* from = reinterpret_cast<const Bits*>(p.x + (known ? index : 0) * p.stride) + i;
    Bits* to = reinterpret_cast<Bits*>(p.y.row(u.row)) + i;
    if (i + per_thread <= p.width && aligned<16>(to) && aligned<16>(from)) {
      *reinterpret_cast<uint4*>(to) = known ? *reinterpret_cast<const uint4*>(from) : make_uint4(nan, nan, nan, nan);
    } else {
      for (int j = 0; j < per_thread && i + j < p.width; j++) {
        to[j] = known ? from[j] : static_cast<Bits>(nan);
      }
    }
  }
}

}  // namespace gatun

GATUN_KERNEL(gather_rows_32, GatherRowsParams, 256, gatun::gather_rows<uint32_t, 256>)
GATUN_TILE(gather_rows_32, programmatic, 1)
GATUN_KERNEL(gather_rows_16, GatherRowsParams, 256, gatun::gather_rows<uint16_t, 256>)
GATUN_TILE(gather_rows_16, programmatic, 1)
