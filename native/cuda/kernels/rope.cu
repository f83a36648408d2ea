// rope: pair i of each head turns by the angle position * frequency(i) / factors[i].
#include "gatun/platform.cuh"

#define ROPE_PARAMS(FIELD)        \
  FIELD(gatun::Rows, x)           \
  FIELD(gatun::Rows, y)           \
  FIELD(const int32_t*, positions) \
  FIELD(const double*, turns)     \
  FIELD(const float*, factors)    \
  FIELD(float, magnitude)         \
  FIELD(int, dims)                \
  FIELD(int, size)                \
  FIELD(int, interleaved)
GATUN_PARAMS(RopeParams, ROPE_PARAMS)

namespace gatun {

// One block a token: cosines and sines once, for all heads. `turns` holds the frequencies in whole turns a position, in float64; what is left of the angle after whole
// turns are taken off is exact to better than 1e-7 of a turn in float32 for positions up to 2^29.
template <int THREADS>
__device__ void rope(const RopeParams& p) {
  GATUN_DYNAMIC_SHARED(float2, table);
  launch_dependent_kernels();
  wait_for_prior_kernels();
  const int tokens = p.x.size0();
  const int half = p.dims / 2;
  const int heads = p.x.middle;
  for (int token = blockIdx.x; token < tokens; token += gridDim.x) {
    __syncthreads();  // the table may still be read for the token before
    const double position = p.positions[token];
    for (int i = threadIdx.x; i < half; i += THREADS) {
      const double turns = position * p.turns[i] / (p.factors == nullptr ? 1.0 : static_cast<double>(p.factors[i]));
      const float rest = static_cast<float>(turns - rint(turns));
      float sine, cosine;
      sincospif(2.0f * rest, &sine, &cosine);
      table[i] = make_float2(cosine * p.magnitude, sine * p.magnitude);
    }
    __syncthreads();
    for (int unit = threadIdx.x; unit < heads * half; unit += THREADS) {
      const int head = unit / half;
      const int i = unit % half;
      const char* x = p.x.row(token * heads + head);
      char* y = p.y.row(token * heads + head);
      const int first = p.interleaved != 0 ? 2 * i : i;
      const int second = p.interleaved != 0 ? 2 * i + 1 : i + half;
      const float a = load(x, p.x.dtype, first);
      const float b = load(x, p.x.dtype, second);
      const float2 turn = table[i];
      store(y, p.y.dtype, first, a * turn.x - b * turn.y);
      store(y, p.y.dtype, second, a * turn.y + b * turn.x);
    }
    const int rest = p.size - p.dims;
    for (int unit = threadIdx.x; unit < heads * rest; unit += THREADS) {
      const int row = token * heads + unit / rest;
      const int i = p.dims + unit % rest;
      store(p.y.row(row), p.y.dtype, i, load(p.x.row(row), p.x.dtype, i));
    }
  }
}

}  // namespace gatun

GATUN_KERNEL(rope, RopeParams, 128, gatun::rope<128>)
GATUN_TILE(rope, programmatic, 1)
