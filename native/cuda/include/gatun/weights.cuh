// How the rows of a weight are read when a warp multiplies them with few vectors: as pieces, one a lane, of which the next lane has the next. A piece is what
// a lane can load with few wide accesses that neighbouring lanes complete to whole sectors, and decodes from registers, four elements (a chunk) at a time.
#pragma once

#include "gatun/formats.cuh"

namespace gatun {

// What the pieces of a type are:
//   elements                    that a piece has, some of which may be none of the row's
//   span, per_span              every `span` elements of a row make `per_span` pieces, rounded up for the rest
//   ahead                       how many pieces of a row a lane loads before it decodes the first, so that enough bytes are on their way
//   wide(row, stride, k)        whether all rows may be read by wide loads
//   Raw                         a piece as it was loaded; all zero it stands for zeros
//   element(piece, i)           which element of the row element i is; negative for none. Past the row's end there may be more
//   load<WIDE>(row, piece, k)   reads nothing past the row of k elements; WIDE: as the name says
//   chunk(raw, c, w)            elements 4c to 4c + 3, zeros for those past the row's end
//   quads                       whether the elements of a chunk are four of the row in turn, from a multiple of four on
//   scaled, scale(raw)          whether chunks still have to be multiplied with the piece's scale
//   outside                     whether that scale lies outside of the row (gatun/weights_f8.cuh)
template <DType T>
struct Pieces;

template <int ELEMENTS, int SPAN, int PER_SPAN, int ALIGNMENT, int AHEAD, bool SCALED>
struct PiecesOf {
  static constexpr int elements = ELEMENTS;
  static constexpr int span = SPAN;
  static constexpr int per_span = PER_SPAN;
  static constexpr int ahead = AHEAD;
  static constexpr bool has_wide = ALIGNMENT > 1;
  static constexpr bool scaled = SCALED;
  static constexpr bool quads = !SCALED;
  static constexpr bool outside = false;

  static __device__ __forceinline__ int count(int k) { return static_cast<int>((static_cast<int64_t>(k) * PER_SPAN + SPAN - 1) / SPAN); }

  static __device__ __forceinline__ bool wide(const char* row, int64_t stride, int) {
    return ((reinterpret_cast<uintptr_t>(row) | static_cast<uintptr_t>(stride)) & (ALIGNMENT - 1)) == 0;
  }
};

// Weights are read once: the caches need not keep them.
__device__ __forceinline__ uint32_t stream_word(const char* p) { return __ldcs(reinterpret_cast<const unsigned*>(p)); }

__device__ __forceinline__ uint32_t stream_half(const char* p) { return __ldcs(reinterpret_cast<const unsigned short*>(p)); }

__device__ __forceinline__ uint4 stream_four(const char* p) { return __ldcs(reinterpret_cast<const uint4*>(p)); }

// Four bytes at an even address, or at a multiple of four.
template <bool WIDE>
__device__ __forceinline__ uint32_t stream32(const char* p) {
  if constexpr (WIDE) {
    return stream_word(p);
  } else {
    return stream_half(p) | stream_half(p + 2) << 16;
  }
}

// Sixteen bytes at an even address, or at a multiple of sixteen.
template <bool WIDE>
__device__ __forceinline__ uint4 stream128(const char* p) {
  if constexpr (WIDE) {
    return stream_four(p);
  } else {
    return make_uint4(stream32<false>(p), stream32<false>(p + 4), stream32<false>(p + 8), stream32<false>(p + 12));
  }
}

__device__ __forceinline__ float low_f16(uint32_t word) { return f16_to_float(static_cast<uint16_t>(word)); }

__device__ __forceinline__ float high_f16(uint32_t word) { return f16_to_float(static_cast<uint16_t>(word >> 16)); }

// Word c of four, c a constant once loops are unrolled.
__device__ __forceinline__ uint32_t word_of(const uint4& four, int c) { return c == 0 ? four.x : c == 1 ? four.y : c == 2 ? four.z : four.w; }

// The four bytes of a word less a constant.
template <int ZERO>
__device__ __forceinline__ void bytes_to_floats(uint32_t word, float (&w)[4]) {
  w[0] = byte_to_float<0, ZERO>(word);
  w[1] = byte_to_float<1, ZERO>(word);
  w[2] = byte_to_float<2, ZERO>(word);
  w[3] = byte_to_float<3, ZERO>(word);
}

template <>
struct Pieces<F32> : PiecesOf<4, 4, 1, 16, 2, false> {
  struct Raw {
    float w[4];
  };
  static __device__ __forceinline__ int element(int piece, int i) { return 4 * piece + i; }
  template <bool WIDE>
  static __device__ __forceinline__ void load(Raw& raw, const char* row, int piece, int k) {
    const float* at = reinterpret_cast<const float*>(row) + 4 * static_cast<int64_t>(piece);
    if (WIDE && 4 * piece + 4 <= k) {
      const float4 four = __ldcs(reinterpret_cast<const float4*>(at));
      raw.w[0] = four.x, raw.w[1] = four.y, raw.w[2] = four.z, raw.w[3] = four.w;
    } else {
#pragma unroll
      for (int i = 0; i < 4; i++) {
        raw.w[i] = 4 * piece + i < k ? __ldcs(at + i) : 0.0f;
      }
    }
  }
  static __device__ __forceinline__ void chunk(const Raw& raw, int, float (&w)[4]) {
    w[0] = raw.w[0], w[1] = raw.w[1], w[2] = raw.w[2], w[3] = raw.w[3];
  }
};

// F16 and BF16: eight elements, 16 bytes.
template <bool BRAIN>
struct HalfPieces : PiecesOf<8, 8, 1, 16, 2, false> {
  struct Raw {
    uint4 w;
  };
  static __device__ __forceinline__ int element(int piece, int i) { return 8 * piece + i; }
  template <bool WIDE>
  static __device__ __forceinline__ void load(Raw& raw, const char* row, int piece, int k) {
    const char* at = row + 16 * static_cast<int64_t>(piece);
    if (8 * piece + 8 <= k) {
      raw.w = stream128<WIDE>(at);
    } else {
      uint32_t words[4] = {};
#pragma unroll
      for (int i = 0; i < 8; i++) {
        if (8 * piece + i < k) {
          words[i / 2] |= stream_half(at + 2 * i) << (16 * (i % 2));
        }
      }
      raw.w = make_uint4(words[0], words[1], words[2], words[3]);
    }
  }
  static __device__ __forceinline__ void chunk(const Raw& raw, int c, float (&w)[4]) {
    const uint32_t low = word_of(raw.w, 2 * c);
    const uint32_t high = word_of(raw.w, 2 * c + 1);
    if constexpr (BRAIN) {
      w[0] = __uint_as_float(low << 16);
      w[1] = __uint_as_float(low & 0xFFFF0000u);
      w[2] = __uint_as_float(high << 16);
      w[3] = __uint_as_float(high & 0xFFFF0000u);
    } else {
      w[0] = low_f16(low);
      w[1] = high_f16(low);
      w[2] = low_f16(high);
      w[3] = high_f16(high);
    }
  }
};

template <>
struct Pieces<F16> : HalfPieces<false> {};

template <>
struct Pieces<BF16> : HalfPieces<true> {};

// A row of Q8_0 or Q4_0 taken as a stream of 32-bit words, scales and all: blocks of BLOCK_BYTES = 4n + 2 bytes start at odd halves every other time, but no
// word has codes of two blocks, and whole words coalesce where blocks would not. The two bytes of a scale stand for elements that are none.
template <int BLOCK_BYTES, int ELEMENTS>
struct WordPieces : PiecesOf<ELEMENTS, 64, BLOCK_BYTES / 2, 4, 8, true> {
  static constexpr int pair = BLOCK_BYTES / 2;  // words of two blocks
  struct Raw {
    uint32_t q;
    float d;
  };
  // The place of byte i among the block's codes, negative for the scale.
  static __device__ __forceinline__ int code(int piece, int i) { return (piece % pair * 4 + i) % BLOCK_BYTES - 2; }
  static __device__ __forceinline__ int block(unsigned piece) {
    const unsigned two = piece / pair;
    return static_cast<int>(2 * two + (piece - two * pair > pair / 2 ? 1 : 0));
  }
  // An odd number of blocks ends with half a word.
  static __device__ __forceinline__ bool wide(const char* row, int64_t stride, int k) {
    return ((reinterpret_cast<uintptr_t>(row) | static_cast<uintptr_t>(stride)) & 3) == 0 && k / 32 % 2 == 0;
  }
  template <bool WIDE>
  static __device__ __forceinline__ void load(Raw& raw, const char* row, int piece, int k) {
    const char* at = row + 4 * static_cast<int64_t>(piece);
    if constexpr (WIDE) {
      raw.q = stream_word(at);
    } else {
      raw.q = stream_half(at);
      if (4LL * piece + 4 <= static_cast<int64_t>(k / 32) * BLOCK_BYTES) {
        raw.q |= stream_half(at + 2) << 16;
      }
    }
    raw.d = f16_to_float(__ldg(reinterpret_cast<const unsigned short*>(row + static_cast<int64_t>(block(piece)) * BLOCK_BYTES)));
  }
  static __device__ __forceinline__ float scale(const Raw& raw) { return raw.d; }
};

template <>
struct Pieces<Q8_0> : WordPieces<34, 4> {
  static __device__ __forceinline__ int element(int piece, int i) {
    const int at = code(piece, i);
    return at < 0 ? -1 : block(piece) * 32 + at;
  }
  static __device__ __forceinline__ void chunk(const Raw& raw, int, float (&w)[4]) { bytes_to_floats<128>(raw.q ^ 0x80808080u, w); }
};

template <>
struct Pieces<Q4_0> : WordPieces<18, 8> {
  static __device__ __forceinline__ int element(int piece, int i) {
    const int at = code(piece, i % 4);
    return at < 0 ? -1 : block(piece) * 32 + at + i / 4 * 16;
  }
  static __device__ __forceinline__ void chunk(const Raw& raw, int c, float (&w)[4]) { bytes_to_floats<8>(raw.q >> (4 * c) & 0x0F0F0F0Fu, w); }
};

// Four bytes of nibbles; scale and offset are one word.
template <>
struct Pieces<Q4_1> : PiecesOf<8, 32, 4, 4, 4, false> {
  struct Raw {
    uint32_t q, dm;
  };
  static __device__ __forceinline__ int element(int piece, int i) { return piece / 4 * 32 + piece % 4 * 4 + i % 4 + i / 4 * 16; }
  template <bool WIDE>
  static __device__ __forceinline__ void load(Raw& raw, const char* row, int piece, int) {
    const char* block = row + static_cast<int64_t>(piece / 4) * 20;
    raw.q = stream32<WIDE>(block + 4 + piece % 4 * 4);
    raw.dm = stream32<WIDE>(block);
  }
  static __device__ __forceinline__ void chunk(const Raw& raw, int c, float (&w)[4]) {
    bytes_to_floats<0>(raw.q >> (4 * c) & 0x0F0F0F0Fu, w);
#pragma unroll
    for (int i = 0; i < 4; i++) {
      w[i] = fmaf(low_f16(raw.dm), w[i], high_f16(raw.dm));
    }
  }
};

// The scale and the minimum of 32-element groups `pair` and `pair` + 1 (even) of a Q4_K or Q5_K block, from its first 16 bytes.
__device__ __forceinline__ void scales_of_pair(const uint4& head, int pair, float (&scale)[2], float (&minimum)[2]) {
  const int half = pair & 2;  // groups 0 and 1, or 2 and 3, of their four
  const uint32_t a = head.y >> (8 * half) & 0xFFFFu;
  const uint32_t b = head.z >> (8 * half) & 0xFFFFu;
  const uint32_t c = head.w >> (8 * half) & 0xFFFFu;
  const bool late = pair >= 4;
  const uint32_t scales = late ? (c & 0x0F0Fu) | (a & 0xC0C0u) >> 2 : a & 0x3F3Fu;
  const uint32_t minima = late ? (c >> 4 & 0x0F0Fu) | (b & 0xC0C0u) >> 2 : b & 0x3F3Fu;
  const float d = low_f16(head.x);
  const float dmin = -high_f16(head.x);
  scale[0] = d * byte_to_float<0, 0>(scales);
  scale[1] = d * byte_to_float<1, 0>(scales);
  minimum[0] = dmin * byte_to_float<0, 0>(minima);
  minimum[1] = dmin * byte_to_float<1, 0>(minima);
}

// Q4_K and Q5_K: 16 bytes of nibbles, the low ones of group 2h and the high ones of group 2h + 1; with Q5_K as many bytes of fifth bits.
template <bool FIVE>
struct NibblePieces : PiecesOf<32, 256, 8, 16, 1, false> {
  struct Raw {
    uint4 q, high;
    float scale[2], minimum[2];
    int shift;
  };
  static __device__ __forceinline__ int element(int piece, int i) {
    return piece / 8 * 256 + piece % 8 / 2 * 64 + piece % 2 * 16 + i / 16 * 32 + i % 16;
  }
  template <bool WIDE>
  static __device__ __forceinline__ void load(Raw& raw, const char* row, int piece, int) {
    const char* block = row + static_cast<int64_t>(piece / 8) * (FIVE ? 176 : 144);
    const int part = piece % 8;
    raw.q = stream128<WIDE>(block + (FIVE ? 48 : 16) + 16 * part);
    if constexpr (FIVE) {
      raw.high = stream128<WIDE>(block + 16 + 16 * (part % 2));
    }
    raw.shift = part & 6;
    const uint4 head = stream128<WIDE>(block);
    scales_of_pair(head, part & 6, raw.scale, raw.minimum);
  }
  static __device__ __forceinline__ void chunk(const Raw& raw, int c, float (&w)[4]) {
    const int upper = c / 4;
    uint32_t q = word_of(raw.q, c % 4) >> (4 * upper) & 0x0F0F0F0Fu;
    if constexpr (FIVE) {
      q |= (word_of(raw.high, c % 4) >> (raw.shift + upper) & 0x01010101u) << 4;
    }
    bytes_to_floats<0>(q, w);
#pragma unroll
    for (int i = 0; i < 4; i++) {
      w[i] = fmaf(raw.scale[upper], w[i], raw.minimum[upper]);
    }
  }
};

template <>
struct Pieces<Q4_K> : NibblePieces<false> {};

template <>
struct Pieces<Q5_K> : NibblePieces<true> {};

// Eight places of a half block, four elements each: their low bits in two runs of 8 bytes, their upper bits in a third.
template <>
struct Pieces<Q6_K> : PiecesOf<32, 256, 8, 1, 1, false> {
  struct Raw {
    uint32_t low[2][2], high[2];
    float scale[4];
  };
  static __device__ __forceinline__ int element(int piece, int i) { return piece / 4 * 128 + piece % 4 * 8 + i / 8 * 32 + i % 8; }
  template <bool WIDE>
  static __device__ __forceinline__ void load(Raw& raw, const char* row, int piece, int) {
    // Every other block of 210 bytes is aligned to two bytes only, and a warp has both sorts.
    const char* block = row + static_cast<int64_t>(piece / 8) * 210;
    const int half = piece % 8 / 4;
    const int l = piece % 4 * 8;
#pragma unroll
    for (int i = 0; i < 2; i++) {
      raw.low[0][i] = stream32<false>(block + 64 * half + l + 4 * i);
      raw.low[1][i] = stream32<false>(block + 64 * half + 32 + l + 4 * i);
      raw.high[i] = stream32<false>(block + 128 + 32 * half + l + 4 * i);
    }
    const float d = f16_to_float(__ldg(reinterpret_cast<const unsigned short*>(block + 208)));
#pragma unroll
    for (int s = 0; s < 4; s++) {
      const uint32_t both = __ldg(reinterpret_cast<const unsigned short*>(block + 192 + 8 * half + 2 * s));
      raw.scale[s] = d * (byte_to_float<0, 128>((l < 16 ? both : both >> 8) ^ 0x80u));
    }
  }
  static __device__ __forceinline__ void chunk(const Raw& raw, int c, float (&w)[4]) {
    const int s = c / 2;
    const uint32_t low = raw.low[s % 2][c % 2] >> (s < 2 ? 0 : 4) & 0x0F0F0F0Fu;
    const uint32_t high = (raw.high[c % 2] >> (2 * s) & 0x03030303u) << 4;
    bytes_to_floats<32>(low | high, w);
#pragma unroll
    for (int i = 0; i < 4; i++) {
      w[i] *= raw.scale[s];
    }
  }
};

// Every other type: eight elements through the decoder that all kernels share.
template <DType T>
struct Pieces : PiecesOf<8, 8, 1, 1, 2, false> {
  using F = Format<T>;
  struct Raw {
    float w[8];
  };
  static __device__ __forceinline__ int element(int piece, int i) { return 8 * piece + i; }
  template <bool WIDE>
  static __device__ __forceinline__ void load(Raw& raw, const char* row, int piece, int k) {
    if constexpr (F::block == 1) {
      if (8 * piece + 8 > k) {
#pragma unroll
        for (int i = 0; i < 8; i++) {
          raw.w[i] = 8 * piece + i < k ? F::decode(row, 8LL * piece + i) : 0.0f;
        }
        return;
      }
      F::decode_group(reinterpret_cast<const unsigned char*>(row), piece, raw.w);
    } else {
      constexpr int groups = F::block / 8;
      F::decode_group(reinterpret_cast<const unsigned char*>(row) + static_cast<int64_t>(piece / groups) * F::block_bytes, piece % groups, raw.w);
    }
  }
  static __device__ __forceinline__ void chunk(const Raw& raw, int c, float (&w)[4]) {
    w[0] = raw.w[4 * c], w[1] = raw.w[4 * c + 1], w[2] = raw.w[4 * c + 2], w[3] = raw.w[4 * c + 3];
  }
};

}  // namespace gatun
