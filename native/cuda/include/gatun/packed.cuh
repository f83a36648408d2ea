// The layout "bands" of weights with blocks: codes in the order of the tensor cores' own fragments, made once from rows of blocks (kernels/repack.cu).
//
// A band is 16 rows of w, the 16 rows of mma.m16n8k16's first factor. Rows past the last and elements past a row's end up to a whole step are zeros; a band has
// all its codes, step after step along K, and then all its scales, so that a warp reads both as streams of whole sectors. Bands follow one another.
//
// Elements of a block of 32 change places along K, which no sum notices as long as x's do too: of each row lane l of a warp has elements 8(l%4) to 8(l%4) + 7, of
// rows l/4 and l/4 + 8 of the band, as its part of two products of depth 16: register i of product s is row l/4 + 8(i%2), elements 8(l%4) + 4s + 2(i/2) and the next.
// So eight elements of x that lie side by side are a lane's part of the other factor, and 16 bytes a lane of the weight are 512 bytes of a warp, side by side:
//
//   4 bits:  a word is product s of a block, nibble i the first and nibble i + 4 the second element of register i; four words are two blocks
//   8 bits:  word 2s + h is row l/4 + 8h of product s: bytes 0 and 2 are register h, bytes 1 and 3 register h + 2; four words are a block
//   scales of Q4_0 and Q8_0:  for each step and each l/4, F16 of rows l/4 and l/4 + 8 of each block, block after block
//   scales of Q4_K:  for each 256 elements and each row the first 16 bytes of its block, as they are
//
// Size: that of the rows of blocks, with N rounded up to 16 and K to a step.
#pragma once

#include "gatun/bf16x2.cuh"
#include "gatun/formats.cuh"

namespace gatun {

constexpr int kBand = 16;  // rows of a band

// What a layout is:
//   step                   elements of K that a warp takes at a time, `blocks` of 32; code_bytes and scale_bytes of a band's step
//   sums                   whether blocks of x are needed as their sum times `centre`, with which the sums of products begin
//   minimum                whether blocks have one
//   Raw, load              a lane's part of a step of a band
//   head                   what is decoded once a step
//   fragment(raw, b, a)    the registers of both products of block b, as code + something that `centre` takes away
//   scale(raw, b, h)       that of row l/4 + 8h
//   least(raw, b, h)       the minimum, to be multiplied with a block's sum times `centre`
//   shift(raw)             makes block 0 of block 1, and so on
template <DType T>
struct Packed;

__device__ __forceinline__ uint4 stream16(const char* p) { return __ldcs(reinterpret_cast<const uint4*>(p)); }

// BF16 has seven bits after the point: 0x4300 with a nibble below it is 128 + nibble, exactly.
constexpr uint32_t kMagic = 0x43004300u;

__device__ __forceinline__ void nibbles_to_bf16(uint32_t word, uint32_t (&a)[4]) {
#pragma unroll
  for (int i = 0; i < 4; i++) {
    a[i] = (word >> (4 * i) & 0x000F000Fu) | kMagic;
  }
}

// Two of a word's bytes, those at even places after the shift, as signed numbers: the byte's last seven bits are 128 + them, its sign bit makes 256 of 128, and the
// difference is the number.
__device__ __forceinline__ uint32_t bytes_to_bf16(uint32_t word) {
  return subtract_bf16x2((word & 0x007F007Fu) | kMagic, (word & 0x00800080u) | kMagic);
}

// What a band of a row of k elements takes.
template <class P>
__device__ __forceinline__ int64_t band_bytes(int k) {
  return static_cast<int64_t>((k + P::step - 1) / P::step) * (P::code_bytes + P::scale_bytes);
}

// Codes of 4 bits, in steps of 128 elements.
struct FourBits {
  static constexpr int bits = 4;
  static constexpr int step = 128;
  static constexpr int blocks = 4;
  static constexpr int code_bytes = 1024;
  static constexpr bool sums = true;

  template <class RAW>
  static __device__ __forceinline__ void fragment(const RAW& raw, int b, uint32_t (&first)[4], uint32_t (&second)[4]) {
    const uint4& four = raw.codes[b / 2];
    nibbles_to_bf16(b % 2 == 0 ? four.x : four.z, first);
    nibbles_to_bf16(b % 2 == 0 ? four.y : four.w, second);
  }
  template <class RAW>
  static __device__ __forceinline__ void shift_codes(RAW& raw) {
    raw.codes[0] = make_uint4(raw.codes[0].z, raw.codes[0].w, raw.codes[1].x, raw.codes[1].y);
    raw.codes[1].x = raw.codes[1].z;
    raw.codes[1].y = raw.codes[1].w;
  }
};

template <>
struct Packed<Q4_0> : FourBits {
  static constexpr int scale_bytes = 128;
  static constexpr bool minimum = false;
  static constexpr float centre = -136.0f;
  struct Raw {
    uint4 codes[2];
    uint4 scales;
  };
  static __device__ __forceinline__ void load(Raw& raw, const char* band, int steps, int step, int lane) {
    const char* codes = band + static_cast<int64_t>(step) * code_bytes + lane * 16;
    raw.codes[0] = stream16(codes);
    raw.codes[1] = stream16(codes + 512);
    raw.scales = stream16(band + static_cast<int64_t>(steps) * code_bytes + static_cast<int64_t>(step) * scale_bytes + lane / 4 * 16);
  }
  static __device__ __forceinline__ void head(Raw&, int) {}
  static __device__ __forceinline__ float scale(const Raw& raw, int b, int h) {
    const uint32_t pair = b == 0 ? raw.scales.x : b == 1 ? raw.scales.y : b == 2 ? raw.scales.z : raw.scales.w;
    return f16_to_float(static_cast<uint16_t>(pair >> (16 * h)));
  }
  static __device__ __forceinline__ void shift(Raw& raw) {
    shift_codes(raw);
    raw.scales = make_uint4(raw.scales.y, raw.scales.z, raw.scales.w, 0);
  }
};

template <>
struct Packed<Q4_K> : FourBits {
  static constexpr int scale_bytes = 128;  // half of a block's
  static constexpr bool minimum = true;
  static constexpr float centre = -128.0f;
  struct Raw {
    uint4 codes[2];
    uint4 heads[2];  // of rows l/4 and l/4 + 8; after head(): both scales in F32, the step's four scales, its four minima
  };
  static __device__ __forceinline__ void load(Raw& raw, const char* band, int steps, int step, int lane) {
    const char* codes = band + static_cast<int64_t>(step) * code_bytes + lane * 16;
    raw.codes[0] = stream16(codes);
    raw.codes[1] = stream16(codes + 512);
    const char* heads = band + static_cast<int64_t>(steps) * code_bytes + static_cast<int64_t>(step / 2) * (2 * scale_bytes) + lane / 4 * 16;
    raw.heads[0] = __ldg(reinterpret_cast<const uint4*>(heads));  // the other half of the block needs it too
    raw.heads[1] = __ldg(reinterpret_cast<const uint4*>(heads + 128));
  }
  static __device__ __forceinline__ void head(Raw& raw, int step) {
#pragma unroll
    for (int h = 0; h < 2; h++) {
      const uint4 from = raw.heads[h];
      const bool late = step % 2 != 0;
      raw.heads[h].z = late ? (from.w & 0x0F0F0F0Fu) | (from.y >> 2 & 0x30303030u) : from.y & 0x3F3F3F3Fu;
      raw.heads[h].w = late ? (from.w >> 4 & 0x0F0F0F0Fu) | (from.z >> 2 & 0x30303030u) : from.z & 0x3F3F3F3Fu;
      raw.heads[h].x = __float_as_uint(f16_to_float(static_cast<uint16_t>(from.x)));
      raw.heads[h].y = __float_as_uint(f16_to_float(static_cast<uint16_t>(from.x >> 16)) * 0.0078125f);
    }
  }
  // Byte b of a word.
  static __device__ __forceinline__ float byte(uint32_t word, int b) {
    return __uint_as_float(__byte_perm(word, 0x4B000000u, 0x7650 + b)) - 8388608.0f;
  }
  static __device__ __forceinline__ float scale(const Raw& raw, int b, int h) { return __uint_as_float(raw.heads[h].x) * byte(raw.heads[h].z, b); }
  // `centre` and the minimum's sign are in it: −dmin·m / −128.
  static __device__ __forceinline__ float least(const Raw& raw, int b, int h) { return __uint_as_float(raw.heads[h].y) * byte(raw.heads[h].w, b); }
  static __device__ __forceinline__ void shift(Raw& raw) {
    shift_codes(raw);
#pragma unroll
    for (int h = 0; h < 2; h++) {
      raw.heads[h].z >>= 8;
      raw.heads[h].w >>= 8;
    }
  }
};

template <>
struct Packed<Q8_0> {
  static constexpr int bits = 8;
  static constexpr int step = 64;
  static constexpr int blocks = 2;
  static constexpr int code_bytes = 1024;
  static constexpr int scale_bytes = 64;
  static constexpr bool sums = false;
  static constexpr bool minimum = false;
  static constexpr float centre = 0;
  struct Raw {
    uint4 codes[2];
    uint2 scales;
  };
  static __device__ __forceinline__ void load(Raw& raw, const char* band, int steps, int step, int lane) {
    const char* codes = band + static_cast<int64_t>(step) * code_bytes + lane * 16;
    raw.codes[0] = stream16(codes);
    raw.codes[1] = stream16(codes + 512);
    raw.scales = __ldcs(reinterpret_cast<const uint2*>(band + static_cast<int64_t>(steps) * code_bytes + static_cast<int64_t>(step) * scale_bytes + lane / 4 * 8));
  }
  static __device__ __forceinline__ void head(Raw&, int) {}
  static __device__ __forceinline__ void fragment(const Raw& raw, int b, uint32_t (&first)[4], uint32_t (&second)[4]) {
    const uint4& four = raw.codes[b];
    first[0] = bytes_to_bf16(four.x);
    first[1] = bytes_to_bf16(four.y);
    first[2] = bytes_to_bf16(four.x >> 8);
    first[3] = bytes_to_bf16(four.y >> 8);
    second[0] = bytes_to_bf16(four.z);
    second[1] = bytes_to_bf16(four.w);
    second[2] = bytes_to_bf16(four.z >> 8);
    second[3] = bytes_to_bf16(four.w >> 8);
  }
  static __device__ __forceinline__ float scale(const Raw& raw, int b, int h) {
    return f16_to_float(static_cast<uint16_t>((b == 0 ? raw.scales.x : raw.scales.y) >> (16 * h)));
  }
  static __device__ __forceinline__ void shift(Raw& raw) {
    raw.codes[0] = raw.codes[1];
    raw.scales.x = raw.scales.y;
  }
};

// Where a band keeps elements 8q to 8q + 7 of one of its rows: the 16 bytes of the lane that has them, or of the block's first two words there.
template <class P>
__device__ __forceinline__ int64_t packed_place(int row, int q) {
  const int lane = row % 8 * 4 + q % 4;
  const int block = q / 4;
  return P::bits == 4 ? static_cast<int64_t>(block / 2) * 512 + lane * 16 + block % 2 * 8 : static_cast<int64_t>(block) * 512 + lane * 16;
}

// Where a band, from its scales on, has that of a block of a row.
template <DType T>
__device__ __forceinline__ int64_t scale_place(int row, int block) {
  if constexpr (T == Q4_K) {
    return static_cast<int64_t>(block / 8) * 256 + row * 16;
  } else {
    using P = Packed<T>;
    return static_cast<int64_t>(block / P::blocks) * P::scale_bytes + row % 8 * (4 * P::blocks) + block % P::blocks * 4 + row / 8 * 2;
  }
}

// The middle two bytes of a word exchanged: how codes of consecutive elements lie in pairs.
__device__ __forceinline__ uint32_t exchanged(uint32_t bytes) { return __byte_perm(bytes, 0, 0x3120); }

}  // namespace gatun

// What the host must know of a layout to allocate it.
#define GATUN_PACKED(NAME, TYPE)                                            \
  GATUN_TILE(NAME, step, gatun::Packed<gatun::TYPE>::step)                  \
  GATUN_TILE(NAME, step_bytes, gatun::Packed<gatun::TYPE>::code_bytes + gatun::Packed<gatun::TYPE>::scale_bytes)
