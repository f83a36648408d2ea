// CUDA's arithmetic that C has not: conversions, bits, minimum and maximum of mixed types, and the functions that only CUDA names.
#pragma once

namespace gatun::emulator {

template <class To, class From>
__forceinline__ To bits(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  __builtin_memcpy(&to, &from, sizeof(To));
  return to;
}

// As CUDA converts: to the nearest bound where the value lies outside, and NaN to zero.
template <class To, class From>
__forceinline__ To saturate(From value) {
  if (value != value) {
    return 0;
  }
  if (value >= static_cast<From>(std::numeric_limits<To>::max())) {
    return std::numeric_limits<To>::max();
  }
  if (value <= static_cast<From>(std::numeric_limits<To>::min())) {
    return std::numeric_limits<To>::min();
  }
  return static_cast<To>(value);
}

}  // namespace gatun::emulator

static __forceinline__ float __uint_as_float(unsigned v) { return gatun::emulator::bits<float>(v); }
static __forceinline__ float __int_as_float(int v) { return gatun::emulator::bits<float>(v); }
static __forceinline__ unsigned __float_as_uint(float v) { return gatun::emulator::bits<unsigned>(v); }
static __forceinline__ int __float_as_int(float v) { return gatun::emulator::bits<int>(v); }
static __forceinline__ double __longlong_as_double(long long v) { return gatun::emulator::bits<double>(v); }
static __forceinline__ long long __double_as_longlong(double v) { return gatun::emulator::bits<long long>(v); }

// C++ would take min(int, unsigned) for ambiguous; CUDA has every pair, with the meaning of the usual conversions.
template <class A, class B>
__forceinline__ auto min(A a, B b) -> std::enable_if_t<std::is_arithmetic_v<A> && std::is_arithmetic_v<B>, std::common_type_t<A, B>> {
  using T = std::common_type_t<A, B>;
  if constexpr (std::is_floating_point_v<T>) {
    return std::fmin(static_cast<T>(a), static_cast<T>(b));
  } else {
    return static_cast<T>(a) < static_cast<T>(b) ? static_cast<T>(a) : static_cast<T>(b);
  }
}
template <class A, class B>
__forceinline__ auto max(A a, B b) -> std::enable_if_t<std::is_arithmetic_v<A> && std::is_arithmetic_v<B>, std::common_type_t<A, B>> {
  using T = std::common_type_t<A, B>;
  if constexpr (std::is_floating_point_v<T>) {
    return std::fmax(static_cast<T>(a), static_cast<T>(b));
  } else {
    return static_cast<T>(a) > static_cast<T>(b) ? static_cast<T>(a) : static_cast<T>(b);
  }
}

// Functions that C libraries have begun to declare too: macros give the kernel these whatever the library does.
namespace gatun::emulator {

static __forceinline__ float inverse_root(float v) { return static_cast<float>(1.0 / std::sqrt(static_cast<double>(v))); }
static __forceinline__ double inverse_root(double v) { return 1.0 / std::sqrt(v); }

// Reduced in units of half turns before they meet pi, so that they are exact where the argument is a multiple of a quarter.
static inline void sine_and_cosine_of_pi(double v, double* sine, double* cosine) {
  const double turns = v - 2 * std::nearbyint(v / 2);
  const double quarter = std::nearbyint(2 * turns);
  const double angle = (turns - quarter / 2) * 3.14159265358979323846;
  const double s = std::sin(angle);
  const double c = std::cos(angle);
  switch (static_cast<int>(quarter) & 3) {
    case 0: *sine = s; *cosine = c; break;
    case 1: *sine = c; *cosine = -s; break;
    case 2: *sine = -s; *cosine = -c; break;
    default: *sine = -c; *cosine = s; break;
  }
}
static inline void sine_and_cosine_of_pi(float v, float* sine, float* cosine) {
  double s, c;
  sine_and_cosine_of_pi(static_cast<double>(v), &s, &c);
  *sine = static_cast<float>(s);
  *cosine = static_cast<float>(c);
}
template <class T>
static inline T sine_of_pi(T v) {
  T s, c;
  sine_and_cosine_of_pi(v, &s, &c);
  return s;
}
template <class T>
static inline T cosine_of_pi(T v) {
  T s, c;
  sine_and_cosine_of_pi(v, &s, &c);
  return c;
}

}  // namespace gatun::emulator

#define rsqrtf(V) ::gatun::emulator::inverse_root(static_cast<float>(V))
#define rsqrt(V) ::gatun::emulator::inverse_root(static_cast<double>(V))
#define sincospi(V, SINE, COSINE) ::gatun::emulator::sine_and_cosine_of_pi(static_cast<double>(V), SINE, COSINE)
#define sincospif(V, SINE, COSINE) ::gatun::emulator::sine_and_cosine_of_pi(static_cast<float>(V), SINE, COSINE)
#define sinpi(V) ::gatun::emulator::sine_of_pi(static_cast<double>(V))
#define cospi(V) ::gatun::emulator::cosine_of_pi(static_cast<double>(V))
#define sinpif(V) ::gatun::emulator::sine_of_pi(static_cast<float>(V))
#define cospif(V) ::gatun::emulator::cosine_of_pi(static_cast<float>(V))

// The device's quick forms have errors of their own, which the host does not imitate.
#define __expf(V) ::expf(V)
#define __exp10f(V) ::exp10f(V)
#define __logf(V) ::logf(V)
#define __log2f(V) ::log2f(V)
#define __sinf(V) ::sinf(V)
#define __cosf(V) ::cosf(V)
#define __powf(A, B) ::powf(A, B)
#define __tanhf(V) ::tanhf(V)
static __forceinline__ float __fdividef(float a, float b) { return a / b; }
static __forceinline__ float __frcp_rn(float v) { return 1.0f / v; }
static __forceinline__ float __fsqrt_rn(float v) { return sqrtf(v); }
static __forceinline__ float __frsqrt_rn(float v) { return gatun::emulator::inverse_root(v); }
static __forceinline__ float __fdiv_rn(float a, float b) { return a / b; }
static __forceinline__ float __fadd_rn(float a, float b) { return a + b; }
static __forceinline__ float __fsub_rn(float a, float b) { return a - b; }
static __forceinline__ float __fmul_rn(float a, float b) { return a * b; }
static __forceinline__ float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
static __forceinline__ double __dadd_rn(double a, double b) { return a + b; }
static __forceinline__ double __dmul_rn(double a, double b) { return a * b; }
static __forceinline__ double __fma_rn(double a, double b, double c) { return fma(a, b, c); }
static __forceinline__ float __saturatef(float v) { return v > 0 ? (v < 1 ? v : 1.0f) : 0.0f; }

static __forceinline__ int __float2int_rn(float v) { return gatun::emulator::saturate<int>(std::nearbyint(v)); }
static __forceinline__ int __float2int_rz(float v) { return gatun::emulator::saturate<int>(std::trunc(v)); }
static __forceinline__ int __float2int_rd(float v) { return gatun::emulator::saturate<int>(std::floor(v)); }
static __forceinline__ int __float2int_ru(float v) { return gatun::emulator::saturate<int>(std::ceil(v)); }
static __forceinline__ unsigned __float2uint_rn(float v) { return gatun::emulator::saturate<unsigned>(std::nearbyint(v)); }
static __forceinline__ unsigned __float2uint_rz(float v) { return gatun::emulator::saturate<unsigned>(std::trunc(v)); }
static __forceinline__ int __double2int_rn(double v) { return gatun::emulator::saturate<int>(std::nearbyint(v)); }
static __forceinline__ long long __double2ll_rn(double v) { return gatun::emulator::saturate<long long>(std::nearbyint(v)); }
static __forceinline__ float __int2float_rn(int v) { return static_cast<float>(v); }
static __forceinline__ float __uint2float_rn(unsigned v) { return static_cast<float>(v); }
static __forceinline__ float __ll2float_rn(long long v) { return static_cast<float>(v); }
static __forceinline__ float __double2float_rn(double v) { return static_cast<float>(v); }

static __forceinline__ int __popc(unsigned v) { return __builtin_popcount(v); }
static __forceinline__ int __popcll(unsigned long long v) { return __builtin_popcountll(v); }
static __forceinline__ int __clz(int v) { return v == 0 ? 32 : __builtin_clz(static_cast<unsigned>(v)); }
static __forceinline__ int __clzll(long long v) { return v == 0 ? 64 : __builtin_clzll(static_cast<unsigned long long>(v)); }
static __forceinline__ int __ffs(int v) { return __builtin_ffs(v); }
static __forceinline__ int __ffsll(long long v) { return __builtin_ffsll(v); }
static __forceinline__ unsigned __brev(unsigned v) {
  v = (v >> 1 & 0x55555555u) | (v & 0x55555555u) << 1;
  v = (v >> 2 & 0x33333333u) | (v & 0x33333333u) << 2;
  v = (v >> 4 & 0x0F0F0F0Fu) | (v & 0x0F0F0F0Fu) << 4;
  return __builtin_bswap32(v);
}
static __forceinline__ unsigned __umulhi(unsigned a, unsigned b) { return static_cast<unsigned>(static_cast<uint64_t>(a) * b >> 32); }
static __forceinline__ int __mulhi(int a, int b) { return static_cast<int>(static_cast<int64_t>(a) * b >> 32); }
static __forceinline__ unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  return static_cast<unsigned long long>(static_cast<unsigned __int128>(a) * b >> 64);
}
static __forceinline__ unsigned __funnelshift_l(unsigned low, unsigned high, unsigned shift) {
  return static_cast<unsigned>(((static_cast<uint64_t>(high) << 32 | low) << (shift & 31)) >> 32);
}
static __forceinline__ unsigned __funnelshift_r(unsigned low, unsigned high, unsigned shift) {
  return static_cast<unsigned>((static_cast<uint64_t>(high) << 32 | low) >> (shift & 31));
}

// Four bytes out of eight, chosen by the low three bits of each nibble of the selector; its fourth bit spreads the chosen byte's sign.
static __forceinline__ unsigned __byte_perm(unsigned a, unsigned b, unsigned selector) {
  const uint64_t both = static_cast<uint64_t>(b) << 32 | a;
  unsigned result = 0;
  for (int i = 0; i < 4; i++) {
    const unsigned choice = selector >> (4 * i) & 0xFu;
    unsigned byte = static_cast<unsigned>(both >> (8 * (choice & 7u))) & 0xFFu;
    if ((choice & 8u) != 0) {
      byte = (byte & 0x80u) != 0 ? 0xFFu : 0;
    }
    result |= byte << (8 * i);
  }
  return result;
}

static __forceinline__ int __dp4a(int a, int b, int c) {
  unsigned sum = static_cast<unsigned>(c);
  for (int i = 0; i < 4; i++) {
    sum += static_cast<unsigned>(static_cast<int8_t>(a >> (8 * i)) * static_cast<int8_t>(b >> (8 * i)));
  }
  return static_cast<int>(sum);
}
static __forceinline__ unsigned __dp4a(unsigned a, unsigned b, unsigned c) {
  for (int i = 0; i < 4; i++) {
    c += (a >> (8 * i) & 0xFFu) * (b >> (8 * i) & 0xFFu);
  }
  return c;
}

// Four bytes at once, each wrapping on its own.
static __forceinline__ unsigned __vadd4(unsigned a, unsigned b) { return ((a & 0x7F7F7F7Fu) + (b & 0x7F7F7F7Fu)) ^ ((a ^ b) & 0x80808080u); }
static __forceinline__ unsigned __vsub4(unsigned a, unsigned b) { return ((a | 0x80808080u) - (b & 0x7F7F7F7Fu)) ^ ((a ^ ~b) & 0x80808080u); }

// Four signed bytes at once, held to -128 and 127.
static __forceinline__ unsigned __vsubss4(unsigned a, unsigned b) {
  unsigned result = 0;
  for (int i = 0; i < 4; i++) {
    const int difference = static_cast<int8_t>(a >> (8 * i)) - static_cast<int8_t>(b >> (8 * i));
    result |= (static_cast<unsigned>(min(127, max(-128, difference))) & 0xFFu) << (8 * i);
  }
  return result;
}

// 0xFF in each byte where a and b are equal.
static __forceinline__ unsigned __vcmpeq4(unsigned a, unsigned b) {
  unsigned result = 0;
  for (int i = 0; i < 4; i++) {
    result |= ((a >> (8 * i) & 0xFFu) == (b >> (8 * i) & 0xFFu) ? 0xFFu : 0u) << (8 * i);
  }
  return result;
}

namespace gatun {

static __forceinline__ float f16_to_float(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  const uint32_t rest = static_cast<uint32_t>(half & 0x7FFFu) << 13;
  if ((half & 0x7C00u) == 0x7C00u) {
    return __uint_as_float(sign | rest | 0x7F800000u);
  }
  // The exponent's bias differs by 112; multiplying also gives subnormal halves their value.
  return __uint_as_float(sign | __float_as_uint(__uint_as_float(rest) * 0x1p112f));
}

// Rounds to nearest even; beyond 65504 and its rounding it is infinity, NaN is the device's 0x7FFF.
static __forceinline__ uint16_t float_to_f16(float value) {
  const uint32_t all = __float_as_uint(value);
  const uint32_t magnitude = all & 0x7FFFFFFFu;
  const uint32_t sign = all >> 16 & 0x8000u;
  if (magnitude > 0x7F800000u) {
    return 0x7FFFu;
  }
  if (magnitude >= 0x47800000u) {
    return static_cast<uint16_t>(sign | 0x7C00u);
  }
  if (magnitude < 0x38800000u) {
    // Adding one half puts the subnormal's last bit at the last bit of the sum, so the addition rounds as it should.
    const float shifted = __uint_as_float(magnitude) + 0.5f;
    return static_cast<uint16_t>(sign | (__float_as_uint(shifted) - 0x3F000000u));
  }
  const uint32_t rounded = magnitude + 0xFFFu + (magnitude >> 13 & 1u);
  return static_cast<uint16_t>(sign | (rounded - 0x38000000u) >> 13);
}

// Rounds to nearest even; NaN is the device's 0x7FFF.
static __forceinline__ uint32_t floats_to_bf16x2(float low, float high) {
  const auto rounded = [](float value) {
    const uint32_t bits = __float_as_uint(value);
    return (bits & 0x7FFFFFFFu) > 0x7F800000u ? 0x7FFFu : (bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16;
  };
  return rounded(low) | rounded(high) << 16;
}

}  // namespace gatun
