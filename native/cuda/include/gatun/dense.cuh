// How the rows of a weight of scalars are read when a warp multiplies them with few vectors: as pieces of sixteen bytes that go to shared memory without passing
// through registers, so that as many are on their way as shared memory has room for. What else a piece is: gatun/weights.cuh.
#pragma once

#include "gatun/stream.cuh"
#include "gatun/weights_f8.cuh"

namespace gatun {

//   copy(slot, row, piece, k, wide, policy)   begins to bring a piece of a row of k elements to a slot, zeros for what is past the row's end
//   chunk(raw, c, w)                          elements 4c to 4c + 3 of a piece
template <DType T>
struct Dense {
  static constexpr bool is = false;
};

template <int BYTES>
struct DenseOf : PiecesOf<16 / BYTES, 16 / BYTES, 1, 16, 1, BYTES == 1> {
  static constexpr bool is = true;
  static constexpr bool quads = true;
  static constexpr bool outside = BYTES == 1;
  using Raw = uint4;

  static __device__ __forceinline__ int element(int piece, int i) { return 16 / BYTES * piece + i; }

  static __device__ __forceinline__ void copy(uint4* slot, const char* row, int piece, int k, bool wide, CachePolicy policy) {
    const char* from = row + 16 * static_cast<int64_t>(piece);
    const int elements = min(16 / BYTES, k - element(piece, 0));
    if (wide) {
      cp_async16(slot, from, BYTES * elements, policy);
      return;
    }
    uint32_t words[4] = {};
#pragma unroll
    for (int i = 0; i < 16 / BYTES; i++) {
      if (i < elements) {
        const char* at = from + BYTES * i;
        uint32_t bits;
        if constexpr (BYTES == 4) {
          bits = stream_word(at);
        } else if constexpr (BYTES == 2) {
          bits = stream_half(at);
        } else {
          bits = __ldg(reinterpret_cast<const unsigned char*>(at));
        }
        words[i * BYTES / 4] |= bits << (8 * BYTES * i % 32);
      }
    }
    *slot = make_uint4(words[0], words[1], words[2], words[3]);
  }
};

template <>
struct Dense<F32> : DenseOf<4> {
  static __device__ __forceinline__ void chunk(const uint4& raw, int, float (&w)[4]) {
    w[0] = __uint_as_float(raw.x), w[1] = __uint_as_float(raw.y), w[2] = __uint_as_float(raw.z), w[3] = __uint_as_float(raw.w);
  }
};

template <>
struct Dense<F16> : DenseOf<2> {
  static __device__ __forceinline__ void chunk(const uint4& raw, int c, float (&w)[4]) {
    const uint32_t low = word_of(raw, 2 * c);
    const uint32_t high = word_of(raw, 2 * c + 1);
    w[0] = low_f16(low), w[1] = high_f16(low), w[2] = low_f16(high), w[3] = high_f16(high);
  }
};

template <>
struct Dense<BF16> : DenseOf<2> {
  static __device__ __forceinline__ void chunk(const uint4& raw, int c, float (&w)[4]) {
    const uint32_t low = word_of(raw, 2 * c);
    const uint32_t high = word_of(raw, 2 * c + 1);
    w[0] = __uint_as_float(low << 16);
    w[1] = __uint_as_float(low & 0xFFFF0000u);
    w[2] = __uint_as_float(high << 16);
    w[3] = __uint_as_float(high & 0xFFFF0000u);
  }
};

// The two types of eight bits: chunks as gatun/weights_f8.cuh has them, a scale outside of the row.
template <>
struct Dense<F8_E5M2> : DenseOf<1> {
  static constexpr float unit = Pieces<F8_E5M2>::unit;
  static __device__ __forceinline__ void chunk(const uint4& raw, int c, float (&w)[4]) { Pieces<F8_E5M2>::chunk({raw}, c, w); }
};

template <>
struct Dense<F8_E4M3> : DenseOf<1> {
  static constexpr float unit = Pieces<F8_E4M3>::unit;
  static __device__ __forceinline__ void chunk(const uint4& raw, int c, float (&w)[4]) { Pieces<F8_E4M3>::chunk({raw}, c, w); }
};

}  // namespace gatun
