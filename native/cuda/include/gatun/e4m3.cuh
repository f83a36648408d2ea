// Conversions between F8_E4M3 and wider floats, several at a time: by the hardware's instructions from sm_89 on, by bits elsewhere, to the same values.
#pragma once

#include "gatun/groups.cuh"

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 890
#define GATUN_E4M3_CONVERTS 1
#else
#define GATUN_E4M3_CONVERTS 0
#endif

namespace gatun {

// What the floats of e4m3_to_floats are too small by.
constexpr float kE4m3Unit = GATUN_E4M3_CONVERTS ? 1.0f : 256.0f;

// Four E4M3 elements, the lowest byte first. NaN stays NaN.
__device__ __forceinline__ void e4m3_to_floats(uint32_t word, float (&out)[4]) {
#if GATUN_E4M3_CONVERTS
  uint32_t low, high;
  asm("cvt.rn.f16x2.e4m3x2 %0, %1;" : "=r"(low) : "h"(static_cast<uint16_t>(word)));
  asm("cvt.rn.f16x2.e4m3x2 %0, %1;" : "=r"(high) : "h"(static_cast<uint16_t>(word >> 16)));
  out[0] = f16_to_float(static_cast<uint16_t>(low)), out[1] = f16_to_float(static_cast<uint16_t>(low >> 16));
  out[2] = f16_to_float(static_cast<uint16_t>(high)), out[3] = f16_to_float(static_cast<uint16_t>(high >> 16));
#else
  // An F16 has its exponent eight higher and seven more bits of mantissa.
  const uint32_t even = (word << 8 & 0x80008000u) | (word << 8 & 0x7F007F00u) >> 1;
  const uint32_t odd = (word & 0x80008000u) | (word & 0x7F007F00u) >> 1;
  out[0] = f16_to_float(static_cast<uint16_t>(even)), out[1] = f16_to_float(static_cast<uint16_t>(odd));
  out[2] = f16_to_float(static_cast<uint16_t>(even >> 16)), out[3] = f16_to_float(static_cast<uint16_t>(odd >> 16));
  // Only NaN, all ones but for the sign, carries into the sign's place.
  const uint32_t nan = ((word & 0x7F7F7F7Fu) + 0x01010101u) & 0x80808080u;
  if (nan != 0) {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      out[i] = (nan >> (8 * i) & 0x80u) != 0 ? __uint_as_float(0x7FC00000u) : out[i];
    }
  }
#endif
}

// Four floats rounded to E4M3, ties to even, saturated at 448; the first in the lowest byte.
__device__ __forceinline__ uint32_t floats_to_e4m3(float a, float b, float c, float d) {
#if GATUN_E4M3_CONVERTS
  uint16_t low, high;
  asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;" : "=h"(low) : "f"(b), "f"(a));
  asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;" : "=h"(high) : "f"(d), "f"(c));
  return low | static_cast<uint32_t>(high) << 16;
#else
  return quad8(float_to_e4m3(a), float_to_e4m3(b), float_to_e4m3(c), float_to_e4m3(d));
#endif
}

}  // namespace gatun
