// quantize: y = x rounded to blocks of Q8_0 or Q4_0, the bytes of the reference rounding that the Java API states. Eight threads do a block of 32, four
// elements each: what a warp reads is 512 bytes side by side. It reads 4 bytes an element, which bound it, and writes 1.06 or 0.56. A thread asks for two blocks' elements before it
// rounds the first: 40 to 48 KB in the 1280 or 1536 threads that a multiprocessor has registers for, of which memory needs 25 KB at 4.8 TB/s with 0.7 us to wait.
#include "gatun/groups.cuh"

#define QUANTIZE_PARAMS(FIELD)   \
  FIELD(gatun::Rows, x)          \
  FIELD(gatun::Rows, y)          \
  FIELD(const int32_t*, varying) \
  FIELD(int, width)
GATUN_PARAMS(QuantizeParams, QUANTIZE_PARAMS)

namespace gatun {

constexpr uint32_t INFINITE = 0x7F800000u;
constexpr uint16_t F16_NAN = 0x7E00;

// 1/d, or 0 where that is no finite number: for d = 0, and for a d too small to have one.
__device__ __forceinline__ float finite_inverse(float d) {
  const float inverse = 1.0f / d;
  return (__float_as_uint(inverse) & 0x7FFFFFFFu) < INFINITE ? inverse : 0.0f;
}

__device__ __forceinline__ void put_scale(char* block, bool finite, float d) { *reinterpret_cast<uint16_t*>(block) = finite ? float_to_f16(d) : F16_NAN; }

__device__ __forceinline__ void put_word(char* to, uint32_t word) {
  reinterpret_cast<uint16_t*>(to)[0] = static_cast<uint16_t>(word);
  reinterpret_cast<uint16_t*>(to)[1] = static_cast<uint16_t>(word >> 16);
}

// Halves away from zero, where adding 0.5 to the number just below 0.5 would round up. No product here may be contracted with what follows it.
__device__ __forceinline__ uint8_t round_q8(float value, float inverse) {
  const float scaled = __fmul_rn(value, inverse);
  const int whole = __float2int_rz(scaled);
  return static_cast<uint8_t>(whole + __float2int_rz((scaled - static_cast<float>(whole)) * 2.0f));
}

__device__ __forceinline__ uint8_t round_q4(float value, float inverse) {
  return static_cast<uint8_t>(min(15, __float2int_rz(__fadd_rn(__fmul_rn(value, inverse), 8.5f))));
}

// What the eight threads of a block do with the four elements of each; `lanes` are those eight.
struct ToQ8 {
  static constexpr int bytes = 34;

  static __device__ __forceinline__ void block(const float4& v, int lane, unsigned lanes, char* y) {
    // As integers the magnitudes of floats have the floats' order, with NaN above all.
    uint32_t largest = max(max(__float_as_uint(v.x) & 0x7FFFFFFFu, __float_as_uint(v.y) & 0x7FFFFFFFu),
                           max(__float_as_uint(v.z) & 0x7FFFFFFFu, __float_as_uint(v.w) & 0x7FFFFFFFu));
    for (int offset = 4; offset > 0; offset >>= 1) {
      largest = max(largest, __shfl_xor_sync(lanes, largest, offset));
    }
    const bool finite = largest < INFINITE;
    const float d = __uint_as_float(largest) / 127.0f;
    const float inverse = finite ? finite_inverse(d) : 0.0f;
    if (lane == 0) {
      put_scale(y, finite, d);
    }
    put_word(y + 2 + 4 * lane, quad8(round_q8(v.x, inverse), round_q8(v.y, inverse), round_q8(v.z, inverse), round_q8(v.w, inverse)));
  }
};

struct ToQ4 {
  static constexpr int bytes = 18;

  // A key by which the element of largest magnitude comes first, of several such the first; the last bit is its sign.
  static __device__ __forceinline__ unsigned long long key(float value, int i) {
    const uint32_t bits = __float_as_uint(value);
    return static_cast<unsigned long long>(bits & 0x7FFFFFFFu) << 32 | static_cast<uint32_t>(31 - i) << 1 | bits >> 31;
  }

  static __device__ __forceinline__ void block(const float4& v, int lane, unsigned lanes, char* y) {
    unsigned long long first = max(max(key(v.x, 4 * lane), key(v.y, 4 * lane + 1)), max(key(v.z, 4 * lane + 2), key(v.w, 4 * lane + 3)));
    for (int offset = 4; offset > 0; offset >>= 1) {
      first = max(first, __shfl_xor_sync(lanes, first, offset));
    }
    const uint32_t magnitude = static_cast<uint32_t>(first >> 32);
    const bool finite = magnitude < INFINITE;
    // The reference starts from zero and takes what is larger, so that zeros count as positive.
    const float extreme = __uint_as_float(magnitude | (magnitude == 0 ? 0u : static_cast<uint32_t>(first) << 31));
    const float d = extreme * -0.125f;
    const float inverse = finite ? finite_inverse(d) : 0.0f;
    if (lane == 0) {
      put_scale(y, finite, d);
    }
    const uint32_t codes = quad8(round_q4(v.x, inverse), round_q4(v.y, inverse), round_q4(v.z, inverse), round_q4(v.w, inverse));
    const uint32_t sixteen_on = __shfl_xor_sync(lanes, codes, 4);
    if (lane < 4) {
      put_word(y + 2 + 4 * lane, codes | sixteen_on << 4);
    }
  }
};

template <class To, int THREADS>
__device__ void quantize(const QuantizeParams& p) {
  constexpr int per_row = 32;
  const unsigned blocks = actual_width(p.varying, p.width) / per_row;
  if (blocks == 0) {
    return;
  }
  const unsigned rows = p.x.rows();
  const int lane = threadIdx.x % 8;
  const unsigned lanes = 0xFFu << (threadIdx.x & 24);
  constexpr int ahead = 2;
  for (Units u((blockIdx.x * THREADS + threadIdx.x) / 8, gridDim.x * (THREADS / 8), blocks); u.row < rows;) {
    float4 v[ahead];
    char* y[ahead];
#pragma unroll
    for (int a = 0; a < ahead; a++) {
      y[a] = nullptr;
      if (u.row < rows) {
        const float* x = reinterpret_cast<const float*>(p.x.row(u.row)) + static_cast<int64_t>(u.at) * per_row + 4 * lane;
        v[a] = aligned<16>(x) ? *reinterpret_cast<const float4*>(x) : make_float4(x[0], x[1], x[2], x[3]);
        y[a] = p.y.row(u.row) + static_cast<int64_t>(u.at) * To::bytes;
        u.next();
      }
    }
#pragma unroll
    for (int a = 0; a < ahead; a++) {
      if (y[a] != nullptr) {
        To::block(v[a], lane, lanes, y[a]);
      }
    }
  }
}

}  // namespace gatun

GATUN_KERNEL(quantize_q8_0, QuantizeParams, 256, gatun::quantize<gatun::ToQ8, 256>)
GATUN_KERNEL(quantize_q4_0, QuantizeParams, 256, gatun::quantize<gatun::ToQ4, 256>)
