// The arithmetic of the host form against other ways to the same numbers.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "gatun/platform.cuh"
#include "harness.h"

namespace gatun::emulator::test {

namespace {

// The value of a half by its definition.
double half_value(unsigned bits) {
  const int exponent = static_cast<int>(bits >> 10 & 31);
  const int fraction = static_cast<int>(bits & 1023);
  const double sign = (bits & 0x8000u) != 0 ? -1 : 1;
  if (exponent == 31) {
    return fraction == 0 ? sign * HUGE_VAL : NAN;
  }
  return sign * (exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25));
}

void halves_convert() {
  bool there = true, back = true;
  for (unsigned bits = 0; bits < 65536; bits++) {
    const double value = half_value(bits);
    const float got = f16_to_float(static_cast<uint16_t>(bits));
    there = there && (std::isnan(value) ? std::isnan(got) : got == value && std::signbit(got) == std::signbit(value));
    back = back && (std::isnan(value) ? (float_to_f16(got) & 0x7FFF) > 0x7C00 : float_to_f16(got) == bits);
  }
  expect(there, "every half becomes its float");
  expect(back, "every half comes back");

  std::mt19937 random(5);
  bool nearest = true;
  for (int i = 0; i < 200000; i++) {
    uint32_t bits = static_cast<uint32_t>(random());
    if (i % 2 == 0) {
      bits = (bits & 0x807FFFFFu) | (0x66u + bits % 0x2Au) << 23;  // where halves are
    }
    float value;
    std::memcpy(&value, &bits, 4);
    if (std::isnan(value)) {
      continue;
    }
    const unsigned got = float_to_f16(value);
    const double magnitude = std::abs(static_cast<double>(value));
    // The halves next to it, infinity standing for 65536; of two as near the even one.
    unsigned low = 0, high = 0x7C00;
    while (high - low > 1) {
      const unsigned middle = (low + high) / 2;
      (half_value(middle) <= magnitude ? low : high) = middle;
    }
    const double below = half_value(low);
    const double above = high == 0x7C00 ? 65536 : half_value(high);
    unsigned expected = magnitude - below < above - magnitude || (magnitude - below == above - magnitude && low % 2 == 0) ? low : high;
    expected |= std::signbit(value) ? 0x8000u : 0;
    nearest = nearest && got == expected;
  }
  expect(nearest, "floats round to the nearest half");
  expect(bf16_to_float(0x3F80) == 1 && float_to_bf16(1.00390625f) == 0x3F80 && float_to_bf16(1.01171875f) == 0x3F82, "bf16 rounds to even");
}

void bits_agree() {
  std::mt19937 random(7);
  bool permuted = true, dotted = true, dotted_unsigned = true, added = true, subtracted = true, saturated = true, counted = true, high = true, reversed = true;
  for (int i = 0; i < 20000; i++) {
    const auto a = static_cast<uint32_t>(random());
    const auto b = static_cast<uint32_t>(random());
    const auto s = static_cast<uint32_t>(random());
    unsigned char bytes[8];
    std::memcpy(bytes, &a, 4);
    std::memcpy(bytes + 4, &b, 4);
    uint32_t expected = 0, sum = 0, difference = 0, bounded = 0;
    int dot = static_cast<int>(s % 1000);
    unsigned dot_unsigned = s % 1000;
    for (int j = 0; j < 4; j++) {
      const unsigned nibble = s >> (4 * j) & 15;
      const unsigned byte = bytes[nibble & 7];
      expected |= (nibble < 8 ? byte : byte >= 128 ? 255u : 0u) << (8 * j);
      dot += static_cast<int8_t>(bytes[j]) * static_cast<int8_t>(bytes[4 + j]);
      dot_unsigned += static_cast<unsigned>(bytes[j]) * bytes[4 + j];
      sum |= (static_cast<unsigned>(bytes[j] + bytes[4 + j]) & 255u) << (8 * j);
      difference |= (static_cast<unsigned>(bytes[j] - bytes[4 + j]) & 255u) << (8 * j);
      const int apart = static_cast<int8_t>(bytes[j]) - static_cast<int8_t>(bytes[4 + j]);
      bounded |= (static_cast<unsigned>(apart > 127 ? 127 : apart < -128 ? -128 : apart) & 255u) << (8 * j);
    }
    permuted = permuted && __byte_perm(a, b, s) == expected;
    dotted = dotted && __dp4a(static_cast<int>(a), static_cast<int>(b), static_cast<int>(s % 1000)) == dot;
    dotted_unsigned = dotted_unsigned && __dp4a(a, b, s % 1000) == dot_unsigned;
    added = added && __vadd4(a, b) == sum;
    subtracted = subtracted && __vsub4(a, b) == difference;
    saturated = saturated && __vsubss4(a, b) == bounded;
    int ones = 0, leading = 0, first = 0;
    uint32_t mirrored = 0;
    for (int j = 0; j < 32; j++) {
      ones += static_cast<int>(a >> j & 1);
      mirrored |= (a >> j & 1) << (31 - j);
      leading = (a >> j & 1) != 0 ? 31 - j : leading;
      first = first == 0 && (a >> j & 1) != 0 ? j + 1 : first;
    }
    counted = counted && __popc(a) == ones && (a == 0 || (__clz(static_cast<int>(a)) == leading && __ffs(static_cast<int>(a)) == first));
    reversed = reversed && __brev(a) == mirrored;
    high = high && __umulhi(a, b) == static_cast<uint32_t>(static_cast<uint64_t>(a) * b >> 32) &&
           __mulhi(static_cast<int>(a), static_cast<int>(b)) == static_cast<int>(static_cast<int64_t>(static_cast<int>(a)) * static_cast<int>(b) >> 32);
  }
  expect(permuted, "__byte_perm");
  expect(dotted, "__dp4a of signed bytes");
  expect(dotted_unsigned, "__dp4a of unsigned bytes");
  expect(added, "__vadd4");
  expect(subtracted, "__vsub4");
  expect(saturated, "__vsubss4");
  expect(counted, "__popc, __clz, __ffs");
  expect(reversed, "__brev");
  expect(high, "__umulhi, __mulhi");
  expect(__clz(0) == 32 && __ffs(0) == 0 && __clzll(0) == 64, "bits of zero");
  expect(__vcmpeq4(0x01020304u, 0x01FF03FFu) == 0xFF00FF00u, "__vcmpeq4");
  expect(__funnelshift_l(0x80000001u, 0x12345678u, 4) == 0x23456788u && __funnelshift_r(0x80000001u, 0x12345678u, 4) == 0x88000000u, "__funnelshift");
}

void numbers_agree() {
  expect(__float2int_rn(2.5f) == 2 && __float2int_rn(-3.5f) == -4 && __float2int_rz(-2.9f) == -2 && __float2int_rd(-2.1f) == -3 && __float2int_ru(2.1f) == 3,
         "float to int by each rounding");
  expect(__float2int_rn(1e20f) == INT32_MAX && __float2int_rn(-1e20f) == INT32_MIN && __float2int_rn(NAN) == 0 && __float2uint_rn(-3.0f) == 0,
         "float to int saturates");
  expect(min(3, 5u) == 3u && max(-1, 2) == 2 && min(1.5f, 2) == 1.5f && max(1.0, 2.0f) == 2.0 && min(5, 7LL) == 5, "min and max of mixed types");
  expect(fmaxf(NAN, 1.0f) == 1 && max(NAN, 1.0f) == 1, "maximum passes NaN over");
  double worst = 0;
  for (int i = -4000; i <= 4000; i++) {
    const float v = static_cast<float>(i) / 512;
    float s, c;
    sincospif(v, &s, &c);
    worst = std::max(worst, static_cast<double>(std::abs(s - std::sin(static_cast<long double>(v) * 3.14159265358979323846264338327950288L))));
    worst = std::max(worst, static_cast<double>(std::abs(c - std::cos(static_cast<long double>(v) * 3.14159265358979323846264338327950288L))));
  }
  expect(worst < 6e-8, "sincospif is off by " + std::to_string(worst));
  float s, c;
  sincospif(1.0f, &s, &c);
  expect(s == 0 && c == -1, "sincospif of 1 is exact");
  expect(rsqrtf(4.0f) == 0.5f && std::isinf(rsqrtf(0.0f)) && rsqrt(16.0) == 0.25, "rsqrt");
  expect(__saturatef(NAN) == 0 && __saturatef(2.0f) == 1 && __saturatef(-1.0f) == 0, "__saturatef");
  expect(__fdividef(1.0f, 4.0f) == 0.25f && __expf(0.0f) == 1 && __powf(2.0f, 3.0f) == 8, "quick forms");
  expect(__uint_as_float(0x3F800000u) == 1 && __float_as_uint(-0.0f) == 0x80000000u && __double_as_longlong(1.0) == 0x3FF0000000000000ll, "bits of numbers");
}

}  // namespace

void test_intrinsics() {
  halves_convert();
  bits_agree();
  numbers_agree();
}

}  // namespace gatun::emulator::test
