// codes[m, k] = x[m, k] / s rounded to F8_E4M3, with s = amax / 448 of each 128 elements of a row, the activations of the products of gatun/gemm_e4m3.cuh. s is at least
// 2^-126, the smallest number whose inverse is one; NaN where an element of the 128 is none, or infinite. Codes past the row's end are zero, so that rows of them
// are whole pieces; scales lie step by step, [K / 128, pitch], so that a tile reads those of its rows side by side.
//
// Sixteen threads do 128 elements, eight each: 32 or 16 bytes read and 8 written a thread, what a warp reads is 1 KB (F32) side by side. Bytes: 4 or 2 an element
// read, 1 + 1/32 written; the 2048 threads of a multiprocessor have 64 KB of F32 under way, of which memory at 4.8 TB/s needs 25 KB in 0.7 us.
#include "gatun/e4m3.cuh"
#include "gatun/weight_groups.cuh"
#include "gatun/weight_scale.cuh"

#define QUANTIZE_ROWS_PARAMS(FIELD) \
  FIELD(gatun::Rows, x)             \
  FIELD(unsigned char*, codes)      \
  FIELD(float*, scales)             \
  FIELD(int, width)                 \
  FIELD(int, steps)                 \
  FIELD(int, pitch)
GATUN_PARAMS(QuantizeRowsParams, QUANTIZE_ROWS_PARAMS)

namespace gatun {

constexpr float kLargestE4m3 = 448.0f;
constexpr float kLeastScale = 1.17549435e-38f;

template <int THREADS>
__device__ void quantize_rows_e4m3(const QuantizeRowsParams& p) {
  constexpr int team = 16;
  const unsigned rows = p.x.size0();
  const int lane = threadIdx.x % team;
  const unsigned lanes = 0xFFFFu << (threadIdx.x & 16);
  const bool wide = aligned<16>(p.x.base) && (p.x.stride[0] & 15) == 0;
  for (Units u((blockIdx.x * THREADS + threadIdx.x) / team, gridDim.x * (THREADS / team), p.steps); u.row < rows; u.next()) {
    const int at = static_cast<int>(u.at) * kScaled + 8 * lane;
    Activations raw;
    raw.clear();
    raw.load(p.x.base + u.row * p.x.stride[0], p.x.dtype, at, p.width, wide);
    float v[8];
    raw.decode(p.x.dtype, v);
    // As integers the magnitudes of floats have the floats' order, with NaN above all.
    uint32_t largest = 0;
#pragma unroll
    for (int i = 0; i < 8; i++) {
      largest = max(largest, __float_as_uint(v[i]) & 0x7FFFFFFFu);
    }
#pragma unroll
    for (int offset = team / 2; offset > 0; offset >>= 1) {
      largest = max(largest, __shfl_xor_sync(lanes, largest, offset));
    }
    const bool finite = largest < 0x7F800000u;
    const float scale = fmaxf(__uint_as_float(largest) * (1.0f / kLargestE4m3), kLeastScale);
    const float inverse = finite ? 1.0f / scale : 0.0f;
    uint2 codes;
    codes.x = floats_to_e4m3(v[0] * inverse, v[1] * inverse, v[2] * inverse, v[3] * inverse);
    codes.y = floats_to_e4m3(v[4] * inverse, v[5] * inverse, v[6] * inverse, v[7] * inverse);
    *reinterpret_cast<uint2*>(p.codes + (static_cast<int64_t>(u.row) * p.steps + u.at) * kScaled + 8 * lane) = codes;
    if (lane == 0) {
      p.scales[static_cast<int64_t>(u.at) * p.pitch + u.row] = finite ? scale : __uint_as_float(0x7FC00000u);
    }
  }
}

}  // namespace gatun

GATUN_KERNEL(quantize_rows_e4m3, QuantizeRowsParams, 256, gatun::quantize_rows_e4m3<256>)
// 89 is of the products that take what it makes.
GATUN_TILE(quantize_rows_e4m3, capability, 89)
