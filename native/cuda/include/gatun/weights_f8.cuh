// How the rows of a weight of 8-bit floats are read when a warp multiplies them with few vectors: pieces of sixteen elements, 16 bytes. Their scale lies outside
// of the row; no piece has elements of two blocks of it.
#pragma once

#include "gatun/e4m3.cuh"
#include "gatun/weight_scale.cuh"
#include "gatun/weights.cuh"

namespace gatun {

// Four E5M2 elements, the lowest byte first: each is the upper half of an F16.
__device__ __forceinline__ void e5m2_to_floats(uint32_t word, float (&out)[4]) {
  const uint32_t even = word << 8 & 0xFF00FF00u;
  const uint32_t odd = word & 0xFF00FF00u;
  out[0] = low_f16(even), out[1] = low_f16(odd), out[2] = high_f16(even), out[3] = high_f16(odd);
}

template <bool E4M3>
struct EightBitPieces : PiecesOf<16, 16, 1, 16, 2, true> {
  // What chunks are too small by.
  static constexpr float unit = E4M3 ? kE4m3Unit : 1.0f;

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
    if constexpr (E4M3) {
      e4m3_to_floats(word, w);
    } else {
      e5m2_to_floats(word, w);
    }
  }
};

template <>
struct Pieces<F8_E4M3> : EightBitPieces<true> {};

template <>
struct Pieces<F8_E5M2> : EightBitPieces<false> {};

// The scale of piece `piece` of a row whose numbers begin at `scale`, with what chunks are too small by.
template <class P>
__device__ __forceinline__ float outer_scale(const float* scale, int step, int piece) {
  return P::unit * (scale == nullptr ? 1.0f : __ldg(scale + static_cast<int64_t>(piece / (kScaled / P::elements)) * step));
}

// Groups of eight elements of a tile, of either type (gatun/weight_groups.cuh).
struct EightBitGroups {
  struct Raw {
    uint32_t w[2];
    bool e4m3;
  };
  static __device__ __forceinline__ void load(Raw& raw, const char* row, int g, int k, bool wide, DType type) {
    const char* at = row + 8 * static_cast<int64_t>(g);
    raw.e4m3 = type == F8_E4M3;
    if (wide && 8 * g + 8 <= k) {
      const uint2 two = __ldg(reinterpret_cast<const uint2*>(at));
      raw.w[0] = two.x, raw.w[1] = two.y;
      return;
    }
    raw.w[0] = raw.w[1] = 0;
#pragma unroll
    for (int i = 0; i < 8; i++) {
      if (8 * g + i < k) {
        raw.w[i / 4] |= static_cast<uint32_t>(static_cast<unsigned char>(at[i])) << (8 * (i % 4));
      }
    }
  }
  static __device__ __forceinline__ void decode(const Raw& raw, int, float (&out)[8]) {
    float half[2][4];
    if (raw.e4m3) {
      e4m3_to_floats(raw.w[0], half[0]);
      e4m3_to_floats(raw.w[1], half[1]);
    } else {
      e5m2_to_floats(raw.w[0], half[0]);
      e5m2_to_floats(raw.w[1], half[1]);
    }
    const float unit = raw.e4m3 ? kE4m3Unit : 1.0f;
#pragma unroll
    for (int i = 0; i < 8; i++) {
      out[i] = half[i / 4][i % 4] * unit;
    }
  }
};

}  // namespace gatun
