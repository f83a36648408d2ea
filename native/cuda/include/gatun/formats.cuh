// The element types of weights, caches and tables: their values in float32, eight consecutive elements at a time or one by one, and the rounding to 8-bit
// floats. The layouts are those of the Java API's DType. Every value is the float32 nearest to what that defines: all products here are exact, so that it does
// not matter whether a compiler contracts them into the one sum that rounds.
#pragma once

#include "gatun/platform.cuh"

namespace gatun {

// Whether an address is a multiple of A, a power of two.
template <int A>
__device__ __forceinline__ bool aligned(const void* p) {
  return (reinterpret_cast<uintptr_t>(p) & (A - 1)) == 0;
}

// N 32-bit words at an address that is a multiple of A, by the widest loads that A allows.
template <int A, int N>
__device__ __forceinline__ void load_words(const unsigned char* p, uint32_t (&w)[N]) {
  if constexpr (A >= 16 && N % 4 == 0) {
    for (int i = 0; i < N; i += 4) {
      const uint4 four = *reinterpret_cast<const uint4*>(p + 4 * i);
      w[i] = four.x, w[i + 1] = four.y, w[i + 2] = four.z, w[i + 3] = four.w;
    }
  } else if constexpr (A >= 8 && N % 2 == 0) {
    for (int i = 0; i < N; i += 2) {
      const uint2 two = *reinterpret_cast<const uint2*>(p + 4 * i);
      w[i] = two.x, w[i + 1] = two.y;
    }
  } else {
    for (int i = 0; i < N; i++) {
      if constexpr (A >= 4) {
        w[i] = *reinterpret_cast<const uint32_t*>(p + 4 * i);
      } else if constexpr (A >= 2) {
        const uint16_t* half = reinterpret_cast<const uint16_t*>(p + 4 * i);
        w[i] = half[0] | static_cast<uint32_t>(half[1]) << 16;
      } else {
        const unsigned char* byte = p + 4 * i;
        w[i] = byte[0] | static_cast<uint32_t>(byte[1]) << 8 | static_cast<uint32_t>(byte[2]) << 16 | static_cast<uint32_t>(byte[3]) << 24;
      }
    }
  }
}

// The F16 at an even address.
__device__ __forceinline__ float load_f16(const unsigned char* p) { return f16_to_float(*reinterpret_cast<const uint16_t*>(p)); }

// Byte J of a word less a constant, in float32: 2^23 with the byte as its last bits, less 2^23 and the constant. It is exact, and an addition where a
// conversion would go through a slower pipe.
template <int J, int ZERO>
__device__ __forceinline__ float byte_to_float(uint32_t word) {
  return __uint_as_float(__byte_perm(word, 0x4B000000u, 0x7650 + J)) - (8388608.0f + ZERO);
}

// Bits 0 to 3 of a number, each as the last bit of its own byte.
__device__ __forceinline__ uint32_t spread4(uint32_t bits) { return (bits & 15) * 0x00204081u & 0x01010101u; }

// The last four bits of each byte of a word, side by side in 16 bits; the rest of each byte must be zero.
__device__ __forceinline__ uint32_t pack_nibbles(uint32_t bytes) {
  const uint32_t pairs = bytes | bytes >> 4;
  return (pairs & 0xFFu) | (pairs >> 8 & 0xFF00u);
}

// For four bytes below 16, the bytes of a table of sixteen, whose words these are.
template <uint32_t T0, uint32_t T1, uint32_t T2, uint32_t T3>
__device__ __forceinline__ uint32_t look_up(uint32_t codes) {
  const uint32_t within = pack_nibbles(codes & 0x07070707u);
  const uint32_t upper = pack_nibbles(codes >> 1 & 0x04040404u);
  return __byte_perm(__byte_perm(T0, T1, within), __byte_perm(T2, T3, within), 0x3210u | upper);
}

__device__ __forceinline__ float e5m2_to_float(uint8_t bits) { return f16_to_float(static_cast<uint16_t>(bits << 8)); }

// E4M3 is an F16 with the exponent eight lower and the mantissa cut, but for its NaN.
__device__ __forceinline__ float e4m3_to_float(uint8_t bits) {
  const float value = 256 * f16_to_float(static_cast<uint16_t>((bits & 0x80) << 8 | (bits & 0x7F) << 7));
  return (bits & 0x7F) == 0x7F ? __uint_as_float(0x7FC00000u) : value;
}

// The nearest 8-bit float of this shape, ties to even.
template <int BIAS, int MANTISSA, int LARGEST, int OVERFLOWN, int NOT_A_NUMBER>
__device__ __forceinline__ uint8_t float_to_f8(float value) {
  const uint32_t bits = __float_as_uint(value);
  const uint32_t sign = bits >> 24 & 0x80;
  const uint32_t magnitude = bits & 0x7FFFFFFFu;
  if (magnitude > 0x7F800000u) {
    return static_cast<uint8_t>(sign | NOT_A_NUMBER);
  }
  uint32_t code;
  if (magnitude >= static_cast<uint32_t>(128 - BIAS) << 23) {
    constexpr int cut = 23 - MANTISSA;
    const uint32_t rebased = magnitude - (static_cast<uint32_t>(127 - BIAS) << 23);
    code = (rebased + (1u << (cut - 1)) - 1 + (rebased >> cut & 1)) >> cut;
  } else {
    // Beside a number whose last place is the smallest subnormal the addition rounds.
    constexpr uint32_t anchor = static_cast<uint32_t>(127 + 1 - BIAS - MANTISSA + 23) << 23;
    code = __float_as_uint(__uint_as_float(magnitude) + __uint_as_float(anchor)) - anchor;
  }
  return static_cast<uint8_t>(sign | (code > LARGEST ? OVERFLOWN : code));
}

// Saturates at 448, for infinities too; NaN stays NaN.
__device__ __forceinline__ uint8_t float_to_e4m3(float value) { return float_to_f8<7, 3, 0x7E, 0x7E, 0x7F>(value); }

// Beyond 57344 an infinity; NaN stays NaN.
__device__ __forceinline__ uint8_t float_to_e5m2(float value) { return float_to_f8<15, 2, 0x7B, 0x7C, 0x7E>(value); }

// What a type is and how its elements are read:
//   block, block_bytes     a block's elements and bytes; 1 and the element's size for a scalar type
//   group                  the consecutive elements that decode_group gives: 8 for every type, so that a lane stores them as F16 in one access of 16 bytes
//   alignment              what addresses of its rows are multiples of
//   widest                 the widest access that is of use to this type
//   decode_group<A>(block, g, out)   elements 8g to 8g + 7 of a block, or of a row of a scalar type; the row that the block is in starts at a multiple of A
//   decode(row, i)         element i of a row
template <DType T>
struct Format;

// What formats share whose elements are  scale·(code − zero) + offset  with codes of up to eight bits:
//   codes<A>(block, g, w)  the codes of group g, a byte each
//   code(block, j)         that of element j
//   scale(block, g), offset(block, g)
template <class F, int BLOCK, int BYTES, int ZERO, int ALIGNMENT, int WIDEST>
struct BlockFormat {
  static constexpr int block = BLOCK;
  static constexpr int block_bytes = BYTES;
  static constexpr int group = 8;
  static constexpr int zero = ZERO;
  static constexpr int alignment = ALIGNMENT;
  static constexpr int widest = WIDEST;

  template <int A = ALIGNMENT>
  static __device__ __forceinline__ void decode_group(const unsigned char* block, int g, float (&out)[8]) {
    uint32_t w[2];
    F::template codes<(A < WIDEST ? A : WIDEST)>(block, g, w);
    const float scale = F::scale(block, g);
    const float offset = F::offset(block, g);
    out[0] = scale * byte_to_float<0, ZERO>(w[0]) + offset;
    out[1] = scale * byte_to_float<1, ZERO>(w[0]) + offset;
    out[2] = scale * byte_to_float<2, ZERO>(w[0]) + offset;
    out[3] = scale * byte_to_float<3, ZERO>(w[0]) + offset;
    out[4] = scale * byte_to_float<0, ZERO>(w[1]) + offset;
    out[5] = scale * byte_to_float<1, ZERO>(w[1]) + offset;
    out[6] = scale * byte_to_float<2, ZERO>(w[1]) + offset;
    out[7] = scale * byte_to_float<3, ZERO>(w[1]) + offset;
  }

  static __device__ __forceinline__ float decode(const char* row, int64_t i) {
    const unsigned char* at = reinterpret_cast<const unsigned char*>(row) + i / BLOCK * BYTES;
    const int j = static_cast<int>(i % BLOCK);
    return F::scale(at, j / 8) * static_cast<float>(F::code(at, j) - ZERO) + F::offset(at, j / 8);
  }

  // Minus zero, which a sum with leaves every number as it is, zeros and their signs too.
  static __device__ __forceinline__ float offset(const unsigned char*, int) { return -0.0f; }
};

// Sixteen bytes of nibbles: the low ones are elements 0 to 15, the high ones 16 to 31.
template <int A>
__device__ __forceinline__ void nibbles32(const unsigned char* q, int g, uint32_t (&w)[2]) {
  load_words<A>(q + 8 * (g & 1), w);
  const int shift = 4 * (g >> 1);
  w[0] = w[0] >> shift & 0x0F0F0F0Fu;
  w[1] = w[1] >> shift & 0x0F0F0F0Fu;
}

__device__ __forceinline__ int nibble32(const unsigned char* q, int j) { return q[j & 15] >> (4 * (j >> 4)) & 15; }

// Bit j of four bytes as bit 4 of code j.
__device__ __forceinline__ void fifth_bits32(const unsigned char* high, int g, uint32_t (&w)[2]) {
  const uint32_t bits = high[g];
  w[0] |= spread4(bits) << 4;
  w[1] |= spread4(bits >> 4) << 4;
}

__device__ __forceinline__ int fifth_bit32(const unsigned char* high, int j) { return (high[j >> 3] >> (j & 7) & 1) << 4; }

template <>
struct Format<Q8_0> : BlockFormat<Format<Q8_0>, 32, 34, 128, 2, 2> {
  template <int A>
  static __device__ __forceinline__ void codes(const unsigned char* b, int g, uint32_t (&w)[2]) {
    load_words<A>(b + 2 + 8 * g, w);
    w[0] ^= 0x80808080u;
    w[1] ^= 0x80808080u;
  }
  static __device__ __forceinline__ int code(const unsigned char* b, int j) { return b[2 + j] ^ 0x80; }
  static __device__ __forceinline__ float scale(const unsigned char* b, int) { return load_f16(b); }
};

template <>
struct Format<Q4_0> : BlockFormat<Format<Q4_0>, 32, 18, 8, 2, 2> {
  template <int A>
  static __device__ __forceinline__ void codes(const unsigned char* b, int g, uint32_t (&w)[2]) { nibbles32<A>(b + 2, g, w); }
  static __device__ __forceinline__ int code(const unsigned char* b, int j) { return nibble32(b + 2, j); }
  static __device__ __forceinline__ float scale(const unsigned char* b, int) { return load_f16(b); }
};

template <>
struct Format<Q4_1> : BlockFormat<Format<Q4_1>, 32, 20, 0, 2, 4> {
  template <int A>
  static __device__ __forceinline__ void codes(const unsigned char* b, int g, uint32_t (&w)[2]) { nibbles32<A>(b + 4, g, w); }
  static __device__ __forceinline__ int code(const unsigned char* b, int j) { return nibble32(b + 4, j); }
  static __device__ __forceinline__ float scale(const unsigned char* b, int) { return load_f16(b); }
  static __device__ __forceinline__ float offset(const unsigned char* b, int) { return load_f16(b + 2); }
};

template <>
struct Format<Q5_0> : BlockFormat<Format<Q5_0>, 32, 22, 16, 2, 2> {
  template <int A>
  static __device__ __forceinline__ void codes(const unsigned char* b, int g, uint32_t (&w)[2]) {
    nibbles32<A>(b + 6, g, w);
    fifth_bits32(b + 2, g, w);
  }
  static __device__ __forceinline__ int code(const unsigned char* b, int j) { return nibble32(b + 6, j) | fifth_bit32(b + 2, j); }
  static __device__ __forceinline__ float scale(const unsigned char* b, int) { return load_f16(b); }
};

template <>
struct Format<Q5_1> : BlockFormat<Format<Q5_1>, 32, 24, 0, 2, 8> {
  template <int A>
  static __device__ __forceinline__ void codes(const unsigned char* b, int g, uint32_t (&w)[2]) {
    nibbles32<A>(b + 8, g, w);
    fifth_bits32(b + 4, g, w);
  }
  static __device__ __forceinline__ int code(const unsigned char* b, int j) { return nibble32(b + 8, j) | fifth_bit32(b + 4, j); }
  static __device__ __forceinline__ float scale(const unsigned char* b, int) { return load_f16(b); }
  static __device__ __forceinline__ float offset(const unsigned char* b, int) { return load_f16(b + 2); }
};

// The table is −127, −104, −83, −65, −49, −35, −22, −10, 1, 13, 25, 38, 53, 69, 89, 113, with 128 added to each.
template <>
struct Format<IQ4_NL> : BlockFormat<Format<IQ4_NL>, 32, 18, 128, 2, 2> {
  static __device__ __forceinline__ uint32_t tabled(uint32_t codes) { return look_up<0x3F2D1801u, 0x766A5D4Fu, 0xA6998D81u, 0xF1D9C5B5u>(codes); }
  template <int A>
  static __device__ __forceinline__ void codes(const unsigned char* b, int g, uint32_t (&w)[2]) {
    nibbles32<A>(b + 2, g, w);
    w[0] = tabled(w[0]);
    w[1] = tabled(w[1]);
  }
  static __device__ __forceinline__ int code(const unsigned char* b, int j) { return static_cast<int>(tabled(nibble32(b + 2, j)) & 0xFF); }
  static __device__ __forceinline__ float scale(const unsigned char* b, int) { return load_f16(b); }
};

// The table is twice the E2M1 values, 0, 1, 2, 3, 4, 6, 8, 12 and their negatives, with 12 added to each; the other half is in the scale, 2^(e − 128), which
// then needs no exponent that F32 lacks: from e = 2 on it is a normal number.
template <>
struct Format<MXFP4> : BlockFormat<Format<MXFP4>, 32, 17, 12, 1, 1> {
  static __device__ __forceinline__ uint32_t tabled(uint32_t codes) { return look_up<0x0F0E0D0Cu, 0x18141210u, 0x090A0B0Cu, 0x00040608u>(codes); }
  template <int A>
  static __device__ __forceinline__ void codes(const unsigned char* b, int g, uint32_t (&w)[2]) {
    nibbles32<A>(b + 1, g, w);
    w[0] = tabled(w[0]);
    w[1] = tabled(w[1]);
  }
  static __device__ __forceinline__ int code(const unsigned char* b, int j) { return static_cast<int>(tabled(nibble32(b + 1, j)) & 0xFF); }
  static __device__ __forceinline__ float scale(const unsigned char* b, int) {
    const uint32_t e = b[0];
    return __uint_as_float(e < 2 ? 0x00200000u << e : (e - 1) << 23);
  }
};

// Pairs of bits: 128 elements in 32 bytes, their four quarters in rising pairs.
template <int A>
__device__ __forceinline__ void pairs256(const unsigned char* q, int g, uint32_t (&w)[2]) {
  load_words<A>(q + 32 * (g >> 4) + 8 * (g & 3), w);
  const int shift = g >> 1 & 6;
  w[0] = w[0] >> shift & 0x03030303u;
  w[1] = w[1] >> shift & 0x03030303u;
}

__device__ __forceinline__ int pair256(const unsigned char* q, int j) { return q[32 * (j >> 7) + (j & 31)] >> (j >> 4 & 6) & 3; }

// Bit k of byte l, for element 32k + l, as bit TO of its code.
template <int A, int TO>
__device__ __forceinline__ void bits256(const unsigned char* high, int g, uint32_t (&w)[2]) {
  uint32_t h[2];
  load_words<A>(high + 8 * (g & 3), h);
  w[0] |= (h[0] >> (g >> 2) & 0x01010101u) << TO;
  w[1] |= (h[1] >> (g >> 2) & 0x01010101u) << TO;
}

__device__ __forceinline__ int bit256(const unsigned char* high, int j) { return high[j & 31] >> (j >> 5) & 1; }

// Nibbles: of each 64 elements in 32 bytes the low ones are the first half.
template <int A>
__device__ __forceinline__ void nibbles256(const unsigned char* q, int g, uint32_t (&w)[2]) {
  load_words<A>(q + 32 * (g >> 3) + 8 * (g & 3), w);
  const int shift = g & 4;
  w[0] = w[0] >> shift & 0x0F0F0F0Fu;
  w[1] = w[1] >> shift & 0x0F0F0F0Fu;
}

__device__ __forceinline__ int nibble256(const unsigned char* q, int j) { return q[32 * (j >> 6) + (j & 31)] >> (j >> 3 & 4) & 15; }

// The 6-bit scale and minimum of 32 elements in the twelve bytes of a Q4_K or Q5_K block.
__device__ __forceinline__ int scale6(const unsigned char* s, int k) { return k < 4 ? s[k] & 63 : (s[k + 4] & 15) | (s[k - 4] & 0xC0) >> 2; }

__device__ __forceinline__ int minimum6(const unsigned char* s, int k) { return k < 4 ? s[k + 4] & 63 : s[k + 4] >> 4 | (s[k] & 0xC0) >> 2; }

template <>
struct Format<Q2_K> : BlockFormat<Format<Q2_K>, 256, 84, 0, 2, 4> {
  template <int A>
  static __device__ __forceinline__ void codes(const unsigned char* b, int g, uint32_t (&w)[2]) { pairs256<A>(b + 16, g, w); }
  static __device__ __forceinline__ int code(const unsigned char* b, int j) { return pair256(b + 16, j); }
  static __device__ __forceinline__ float scale(const unsigned char* b, int g) { return load_f16(b + 80) * static_cast<float>(b[g >> 1] & 15); }
  static __device__ __forceinline__ float offset(const unsigned char* b, int g) { return -(load_f16(b + 82) * static_cast<float>(b[g >> 1] >> 4)); }
};

template <>
struct Format<Q3_K> : BlockFormat<Format<Q3_K>, 256, 110, 4, 2, 2> {
  template <int A>
  static __device__ __forceinline__ void codes(const unsigned char* b, int g, uint32_t (&w)[2]) {
    pairs256<A>(b + 32, g, w);
    bits256<A, 2>(b, g, w);
  }
  static __device__ __forceinline__ int code(const unsigned char* b, int j) { return pair256(b + 32, j) | bit256(b, j) << 2; }
  static __device__ __forceinline__ float scale(const unsigned char* b, int g) {
    const int k = g >> 1;
    const int low = b[96 + (k & 7)] >> (k >> 1 & 4) & 15;
    const int high = b[104 + (k & 3)] >> (k >> 1 & 6) & 3;
    return load_f16(b + 108) * static_cast<float>((low | high << 4) - 32);
  }
};

template <>
struct Format<Q4_K> : BlockFormat<Format<Q4_K>, 256, 144, 0, 2, 8> {
  template <int A>
  static __device__ __forceinline__ void codes(const unsigned char* b, int g, uint32_t (&w)[2]) { nibbles256<A>(b + 16, g, w); }
  static __device__ __forceinline__ int code(const unsigned char* b, int j) { return nibble256(b + 16, j); }
  static __device__ __forceinline__ float scale(const unsigned char* b, int g) { return load_f16(b) * static_cast<float>(scale6(b + 4, g >> 2)); }
  static __device__ __forceinline__ float offset(const unsigned char* b, int g) { return -(load_f16(b + 2) * static_cast<float>(minimum6(b + 4, g >> 2))); }
};

template <>
struct Format<Q5_K> : BlockFormat<Format<Q5_K>, 256, 176, 0, 2, 8> {
  template <int A>
  static __device__ __forceinline__ void codes(const unsigned char* b, int g, uint32_t (&w)[2]) {
    nibbles256<A>(b + 48, g, w);
    bits256<A, 4>(b + 16, g, w);
  }
  static __device__ __forceinline__ int code(const unsigned char* b, int j) { return nibble256(b + 48, j) | bit256(b + 16, j) << 4; }
  static __device__ __forceinline__ float scale(const unsigned char* b, int g) { return load_f16(b) * static_cast<float>(scale6(b + 4, g >> 2)); }
  static __device__ __forceinline__ float offset(const unsigned char* b, int g) { return -(load_f16(b + 2) * static_cast<float>(minimum6(b + 4, g >> 2))); }
};

template <>
struct Format<Q6_K> : BlockFormat<Format<Q6_K>, 256, 210, 32, 2, 2> {
  template <int A>
  static __device__ __forceinline__ void codes(const unsigned char* b, int g, uint32_t (&w)[2]) {
    uint32_t high[2];
    load_words<A>(b + 64 * (g >> 4) + 32 * (g >> 2 & 1) + 8 * (g & 3), w);
    pairs256<A>(b + 128, g, high);
    const int shift = g >> 1 & 4;
    w[0] = (w[0] >> shift & 0x0F0F0F0Fu) | high[0] << 4;
    w[1] = (w[1] >> shift & 0x0F0F0F0Fu) | high[1] << 4;
  }
  static __device__ __forceinline__ int code(const unsigned char* b, int j) {
    return (b[64 * (j >> 7) + 32 * (j >> 5 & 1) + (j & 31)] >> (j >> 4 & 4) & 15) | pair256(b + 128, j) << 4;
  }
  static __device__ __forceinline__ float scale(const unsigned char* b, int g) {
    return load_f16(b + 208) * static_cast<float>(static_cast<int8_t>(b[192 + (g >> 1)]));
  }
};

// Eight groups of 32, each with its nibbles in 16 bytes, and the table of IQ4_NL.
template <>
struct Format<IQ4_XS> : BlockFormat<Format<IQ4_XS>, 256, 136, 128, 2, 8> {
  template <int A>
  static __device__ __forceinline__ void codes(const unsigned char* b, int g, uint32_t (&w)[2]) {
    nibbles32<A>(b + 8 + 16 * (g >> 2), g & 3, w);
    w[0] = Format<IQ4_NL>::tabled(w[0]);
    w[1] = Format<IQ4_NL>::tabled(w[1]);
  }
  static __device__ __forceinline__ int code(const unsigned char* b, int j) {
    return static_cast<int>(Format<IQ4_NL>::tabled(nibble32(b + 8 + 16 * (j >> 5), j & 31)) & 0xFF);
  }
  static __device__ __forceinline__ float scale(const unsigned char* b, int g) {
    const int k = g >> 2;
    const int low = b[4 + (k >> 1)] >> (4 * (k & 1)) & 15;
    const int high = b[2 + (k >> 2)] >> (2 * (k & 3)) & 3;
    return load_f16(b) * static_cast<float>((low | high << 4) - 32);
  }
};

// Digits to base 3 of fractions of 256: the byte times 3^n, modulo 256, times 3, over 256.
template <>
struct Format<TQ1_0> : BlockFormat<Format<TQ1_0>, 256, 54, 1, 2, 2> {
  static __device__ __forceinline__ uint32_t power(int n) { return n == 4 ? 81u : 0x1B090301u >> (8 * n) & 0xFF; }
  // Digit n of each of four bytes.
  static __device__ __forceinline__ uint32_t digits(uint32_t bytes, int n) {
    const uint32_t even = ((bytes & 0x00FF00FFu) * power(n) & 0x00FF00FFu) * 3 >> 8 & 0x00030003u;
    const uint32_t odd = ((bytes >> 8 & 0x00FF00FFu) * power(n) & 0x00FF00FFu) * 3 & 0x03000300u;
    return even | odd;
  }
  template <int A>
  static __device__ __forceinline__ void codes(const unsigned char* b, int g, uint32_t (&w)[2]) {
    if (g < 30) {
      const int n = g < 20 ? g >> 2 : (g - 20) >> 1;
      load_words<A>(b + (g < 20 ? 8 * (g & 3) : 32 + 8 * (g & 1)), w);
      w[0] = digits(w[0], n);
      w[1] = digits(w[1], n);
    } else {
      uint32_t last[1];
      load_words<A>(b + 48, last);
      w[0] = digits(last[0], 2 * (g - 30));
      w[1] = digits(last[0], 2 * (g - 30) + 1);
    }
  }
  static __device__ __forceinline__ int code(const unsigned char* b, int j) {
    const int n = j < 160 ? j >> 5 : j < 240 ? (j - 160) >> 4 : (j - 240) >> 2;
    const int at = j < 160 ? j & 31 : j < 240 ? 32 + (j & 15) : 48 + (j & 3);
    return static_cast<int>((b[at] * power(n) & 0xFF) * 3 >> 8);
  }
  static __device__ __forceinline__ float scale(const unsigned char* b, int) { return load_f16(b + 52); }
};

template <>
struct Format<TQ2_0> : BlockFormat<Format<TQ2_0>, 256, 66, 1, 2, 2> {
  template <int A>
  static __device__ __forceinline__ void codes(const unsigned char* b, int g, uint32_t (&w)[2]) { pairs256<A>(b, g, w); }
  static __device__ __forceinline__ int code(const unsigned char* b, int j) { return pair256(b, j); }
  static __device__ __forceinline__ float scale(const unsigned char* b, int) { return load_f16(b + 64); }
};

// What scalar types of SIZE bytes share: their elements are aligned to their size, and eight of them lie side by side.
template <int SIZE, int WIDEST>
struct ScalarFormat {
  static constexpr int block = 1;
  static constexpr int block_bytes = SIZE;
  static constexpr int group = 8;
  static constexpr int alignment = SIZE;
  static constexpr int widest = WIDEST;
};

template <>
struct Format<F32> : ScalarFormat<4, 16> {
  template <int A = 4>
  static __device__ __forceinline__ void decode_group(const unsigned char* row, int g, float (&out)[8]) {
    uint32_t w[8];
    load_words<A>(row + static_cast<int64_t>(g) * 32, w);
    for (int j = 0; j < 8; j++) {
      out[j] = __uint_as_float(w[j]);
    }
  }
  static __device__ __forceinline__ float decode(const char* row, int64_t i) { return reinterpret_cast<const float*>(row)[i]; }
};

template <>
struct Format<F16> : ScalarFormat<2, 16> {
  template <int A = 2>
  static __device__ __forceinline__ void decode_group(const unsigned char* row, int g, float (&out)[8]) {
    uint32_t w[4];
    load_words<A>(row + static_cast<int64_t>(g) * 16, w);
    for (int j = 0; j < 8; j++) {
      out[j] = f16_to_float(static_cast<uint16_t>(w[j / 2] >> (16 * (j % 2))));
    }
  }
  static __device__ __forceinline__ float decode(const char* row, int64_t i) { return f16_to_float(reinterpret_cast<const uint16_t*>(row)[i]); }
};

template <>
struct Format<BF16> : ScalarFormat<2, 16> {
  template <int A = 2>
  static __device__ __forceinline__ void decode_group(const unsigned char* row, int g, float (&out)[8]) {
    uint32_t w[4];
    load_words<A>(row + static_cast<int64_t>(g) * 16, w);
    for (int j = 0; j < 4; j++) {
      out[2 * j] = __uint_as_float(w[j] << 16);
      out[2 * j + 1] = __uint_as_float(w[j] & 0xFFFF0000u);
    }
  }
  static __device__ __forceinline__ float decode(const char* row, int64_t i) { return bf16_to_float(reinterpret_cast<const uint16_t*>(row)[i]); }
};

template <>
struct Format<F8_E4M3> : ScalarFormat<1, 8> {
  template <int A = 1>
  static __device__ __forceinline__ void decode_group(const unsigned char* row, int g, float (&out)[8]) {
    uint32_t w[2];
    load_words<A>(row + static_cast<int64_t>(g) * 8, w);
    for (int j = 0; j < 8; j++) {
      out[j] = e4m3_to_float(static_cast<uint8_t>(w[j / 4] >> (8 * (j % 4))));
    }
  }
  static __device__ __forceinline__ float decode(const char* row, int64_t i) { return e4m3_to_float(reinterpret_cast<const uint8_t*>(row)[i]); }
};

template <>
struct Format<F8_E5M2> : ScalarFormat<1, 8> {
  template <int A = 1>
  static __device__ __forceinline__ void decode_group(const unsigned char* row, int g, float (&out)[8]) {
    uint32_t w[2];
    load_words<A>(row + static_cast<int64_t>(g) * 8, w);
    for (int j = 0; j < 8; j++) {
      out[j] = e5m2_to_float(static_cast<uint8_t>(w[j / 4] >> (8 * (j % 4))));
    }
  }
  static __device__ __forceinline__ float decode(const char* row, int64_t i) { return e5m2_to_float(reinterpret_cast<const uint8_t*>(row)[i]); }
};

}  // namespace gatun
