// How the rows of a weight of 8-bit floats are read when a warp multiplies them with few vectors: pieces of sixteen elements, 16 bytes. Their scale lies outside
// of the row; no piece has elements of two blocks of it.
#pragma once

#include "gatun/weight_scale.cuh"
#include "gatun/weights.cuh"

namespace gatun {

// Bytes 1 and 3 of a word of E4M3 as two F16, 256 times too small, NaN aside: an F16 has its exponent eight higher and three more bits of mantissa.
__device__ __forceinline__ uint32_t e4m3_pair(uint32_t word) { return (word & 0x80008000u) | (word & 0x7F007F00u) >> 1; }

template <bool E4M3>
struct EightBitPieces : PiecesOf<16, 16, 1, 16, 2, true> {
  // What chunks are too small by.
  static constexpr float unit = E4M3 ? 256.0f : 1.0f;

  struct Raw {
    uint4 w;
  };
  static __device__ __forceinline__ int element(int piece, int i) { return 16 * piece + i; }
  template <bool WIDE>
  static __device__ __forceinline__ void load(Raw& raw, const char* row, int piece, int k) {
    const char* at = row + 16 * static_cast<int64_t>(piece);
    if (WIDE && 16 * piece + 16 <= k) {
      raw.w = stream_four(at);
      return;
    }
    uint32_t words[4] = {};
#pragma unroll
    for (int i = 0; i < 16; i++) {
      if (16 * piece + i < k) {
        words[i / 4] |= static_cast<uint32_t>(static_cast<unsigned char>(at[i])) << (8 * (i % 4));
      }
    }
    raw.w = make_uint4(words[0], words[1], words[2], words[3]);
  }
  static __device__ __forceinline__ void chunk(const Raw& raw, int c, float (&w)[4]) {
    const uint32_t word = word_of(raw.w, c);
    uint32_t even = word << 8 & 0xFF00FF00u;
    uint32_t odd = word & 0xFF00FF00u;
    if constexpr (E4M3) {
      even = e4m3_pair(even);
      odd = e4m3_pair(odd);
    }
    w[0] = low_f16(even), w[1] = low_f16(odd), w[2] = high_f16(even), w[3] = high_f16(odd);
    if constexpr (E4M3) {
      // Only NaN, all ones but for the sign, carries into the sign's place.
      const uint32_t nan = (word & 0x7F7F7F7Fu) + 0x01010101u & 0x80808080u;
      if (nan != 0) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
          w[i] = (nan >> (8 * i) & 0x80u) != 0 ? __uint_as_float(0x7FC00000u) : w[i];
        }
      }
    }
  }
};

template <>
struct Pieces<F8_E4M3> : EightBitPieces<true> {};

template <>
struct Pieces<F8_E5M2> : EightBitPieces<false> {};

// Whether a piece's scale lies outside of its row.
template <class P>
constexpr bool kScaledOutside = false;
template <>
constexpr bool kScaledOutside<Pieces<F8_E4M3>> = true;
template <>
constexpr bool kScaledOutside<Pieces<F8_E5M2>> = true;

// The scale of piece `piece` of a row whose numbers begin at `scale`, with what chunks are too small by.
template <class P>
__device__ __forceinline__ float outer_scale(const float* scale, int step, int piece) {
  return P::unit * (scale == nullptr ? 1.0f : __ldg(scale + static_cast<int64_t>(piece / (kScaled / P::elements)) * step));
}

}  // namespace gatun
