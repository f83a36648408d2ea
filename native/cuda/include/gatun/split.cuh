// A float32 as the sum of two BF16: a = a0 + a1 + e with |e| <= 2^-18·|a|.
#pragma once

#include "gatun/platform.cuh"

namespace gatun {

// A pair's first and second BF16 parts.
__device__ __forceinline__ void split_pair(float a, float b, uint32_t& first, uint32_t& second, bool& infinite) {
  first = floats_to_bf16x2(a, b);
  float ra = a - __uint_as_float(first << 16);
  float rb = b - __uint_as_float(first & 0xFFFF0000u);
  if (!(fabsf(ra) + fabsf(rb) <= 3.4028235e38f)) {
    // Infinity and NaN have no second part; a number that rounds to infinity takes the largest BF16 as its first.
    infinite |= fabsf(a) == __uint_as_float(0x7F800000u) || fabsf(b) == __uint_as_float(0x7F800000u);
    if (fabsf(a) < __uint_as_float(0x7F800000u)) {
      if ((first & 0x7F80u) == 0x7F80u) {
        first = (first & 0xFFFF8000u) | 0x7F7Fu;
        ra = a - __uint_as_float(first << 16);
      }
    } else {
      ra = 0;
    }
    if (fabsf(b) < __uint_as_float(0x7F800000u)) {
      if ((first & 0x7F800000u) == 0x7F800000u) {
        first = (first & 0x8000FFFFu) | 0x7F7F0000u;
        rb = b - __uint_as_float(first & 0xFFFF0000u);
      }
    } else {
      rb = 0;
    }
  }
  second = floats_to_bf16x2(ra, rb);
}

// A pair rounded to BF16; a number that would become infinite becomes the largest.
__device__ __forceinline__ uint32_t round_pair(float a, float b) {
  uint32_t bits = floats_to_bf16x2(a, b);
  if ((((bits & 0x7F807F80u) + 0x00800080u) & 0x80008000u) != 0) {
    if ((bits & 0x7FFFu) == 0x7F80u && fabsf(a) < __uint_as_float(0x7F800000u)) {
      bits -= 1;
    }
    if ((bits & 0x7FFF0000u) == 0x7F800000u && fabsf(b) < __uint_as_float(0x7F800000u)) {
      bits -= 0x10000u;
    }
  }
  return bits;
}

}  // namespace gatun
