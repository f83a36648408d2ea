// How a tile of a weight is filled: by groups of eight consecutive elements of a row, in two steps, so that the loads of the next tile are on their way while
// the tensor cores work on this one.
#pragma once

#include "gatun/weights.cuh"

namespace gatun {

// A type's groups:
//   Raw                              a group as it was loaded
//   load(raw, row, g, k, wide, type) group g of a row of k elements, nothing past its end; wide: rows start at multiples of 16
//   decode(raw, g, out)              its elements, zeros for those past the row's end
template <DType T>
struct Groups;

// F16 and BF16.
template <bool BRAIN>
struct HalfGroups {
  using P = HalfPieces<BRAIN>;
  using Raw = typename P::Raw;
  static __device__ __forceinline__ void load(Raw& raw, const char* row, int g, int k, bool wide, DType) {
    if (wide) {
      P::template load<true>(raw, row, g, k);
    } else {
      P::template load<false>(raw, row, g, k);
    }
  }
  static __device__ __forceinline__ void decode(const Raw& raw, int, float (&out)[8]) {
    float low[4], high[4];
    P::chunk(raw, 0, low);
    P::chunk(raw, 1, high);
#pragma unroll
    for (int i = 0; i < 4; i++) {
      out[i] = low[i];
      out[4 + i] = high[i];
    }
  }
};

template <>
struct Groups<F16> : HalfGroups<false> {};

template <>
struct Groups<BF16> : HalfGroups<true> {};

// Two words of codes, with what turns them into values.
template <int ZERO>
__device__ __forceinline__ void codes_to_floats(uint32_t w0, uint32_t w1, float scale, float offset, float (&out)[8]) {
  float low[4], high[4];
  bytes_to_floats<ZERO>(w0, low);
  bytes_to_floats<ZERO>(w1, high);
#pragma unroll
  for (int i = 0; i < 4; i++) {
    out[i] = fmaf(scale, low[i], offset);
    out[4 + i] = fmaf(scale, high[i], offset);
  }
}

template <>
struct Groups<Q8_0> {
  struct Raw {
    uint32_t w[2], d;
  };
  static __device__ __forceinline__ void load(Raw& raw, const char* row, int g, int, bool, DType) {
    const char* block = row + static_cast<int64_t>(g / 4) * 34;
    const char* at = block + 2 + g % 4 * 8;
    raw.d = __ldg(reinterpret_cast<const unsigned short*>(block));
    raw.w[0] = stream32<false>(at);
    raw.w[1] = stream32<false>(at + 4);
  }
  static __device__ __forceinline__ void decode(const Raw& raw, int, float (&out)[8]) {
    codes_to_floats<128>(raw.w[0] ^ 0x80808080u, raw.w[1] ^ 0x80808080u, low_f16(raw.d), -0.0f, out);
  }
};

template <>
struct Groups<Q4_0> {
  using Raw = Groups<Q8_0>::Raw;
  static __device__ __forceinline__ void load(Raw& raw, const char* row, int g, int, bool, DType) {
    const char* block = row + static_cast<int64_t>(g / 4) * 18;
    const char* at = block + 2 + g % 2 * 8;
    raw.d = __ldg(reinterpret_cast<const unsigned short*>(block));
    raw.w[0] = stream32<false>(at);
    raw.w[1] = stream32<false>(at + 4);
  }
  static __device__ __forceinline__ void decode(const Raw& raw, int g, float (&out)[8]) {
    const int shift = g % 4 / 2 * 4;
    codes_to_floats<8>(raw.w[0] >> shift & 0x0F0F0F0Fu, raw.w[1] >> shift & 0x0F0F0F0Fu, low_f16(raw.d), -0.0f, out);
  }
};

template <>
struct Groups<Q4_K> {
  struct Raw {
    uint32_t w[2];
    uint4 head;
  };
  static __device__ __forceinline__ void load(Raw& raw, const char* row, int g, int, bool wide, DType) {
    const char* block = row + static_cast<int64_t>(g / 32) * 144;
    const char* at = block + 16 + g % 32 / 8 * 32 + g % 4 * 8;
    if (wide) {
      const uint2 two = __ldg(reinterpret_cast<const uint2*>(at));
      raw.w[0] = two.x, raw.w[1] = two.y;
      raw.head = __ldg(reinterpret_cast<const uint4*>(block));
    } else {
      raw.w[0] = stream32<false>(at);
      raw.w[1] = stream32<false>(at + 4);
      raw.head = stream128<false>(block);
    }
  }
  static __device__ __forceinline__ void decode(const Raw& raw, int g, float (&out)[8]) {
    const int k = g % 32 / 4;
    float scale[2], minimum[2];
    scales_of_pair(raw.head, k & 6, scale, minimum);
    const int shift = k % 2 * 4;
    codes_to_floats<0>(raw.w[0] >> shift & 0x0F0F0F0Fu, raw.w[1] >> shift & 0x0F0F0F0Fu, k % 2 == 0 ? scale[0] : scale[1],
                       k % 2 == 0 ? minimum[0] : minimum[1], out);
  }
};

template <>
struct Groups<Q6_K> {
  struct Raw {
    uint32_t low[2], high[2], d, scales;
  };
  static __device__ __forceinline__ void load(Raw& raw, const char* row, int g, int, bool, DType) {
    const char* block = row + static_cast<int64_t>(g / 32) * 210;
    const int half = g % 32 / 16;
    const int l = g % 4 * 8;
    const char* low = block + 64 * half + g / 4 % 2 * 32 + l;
    const char* high = block + 128 + 32 * half + l;
    raw.low[0] = stream32<false>(low);
    raw.low[1] = stream32<false>(low + 4);
    raw.high[0] = stream32<false>(high);
    raw.high[1] = stream32<false>(high + 4);
    raw.d = __ldg(reinterpret_cast<const unsigned short*>(block + 208));
    raw.scales = __ldg(reinterpret_cast<const unsigned short*>(block + 192 + g % 32 / 4 * 2));
  }
  static __device__ __forceinline__ void decode(const Raw& raw, int g, float (&out)[8]) {
    const int s = g / 4 % 4;
    const float scale = low_f16(raw.d) * byte_to_float<0, 128>((g / 2 % 2 == 0 ? raw.scales : raw.scales >> 8) ^ 0x80u);
    const int shift = s / 2 * 4;
    const uint32_t w0 = (raw.low[0] >> shift & 0x0F0F0F0Fu) | (raw.high[0] >> (2 * s) & 0x03030303u) << 4;
    const uint32_t w1 = (raw.low[1] >> shift & 0x0F0F0F0Fu) | (raw.high[1] >> (2 * s) & 0x03030303u) << 4;
    codes_to_floats<32>(w0, w1, scale, -0.0f, out);
  }
};

// Any type, by its tag when the kernel runs, decoded as it is loaded: for types too rare for a kernel of their own.
struct AnyGroups {
  struct Raw {
    float w[8];
  };
  template <DType T>
  static __device__ __forceinline__ void load_as(Raw& raw, const char* row, int g, int k) {
    using F = Format<T>;
    if constexpr (F::block == 1) {
      if (8 * g + 8 > k) {
#pragma unroll
        for (int i = 0; i < 8; i++) {
          raw.w[i] = 8 * g + i < k ? F::decode(row, 8LL * g + i) : 0.0f;
        }
      } else {
        F::decode_group(reinterpret_cast<const unsigned char*>(row), g, raw.w);
      }
    } else {
      constexpr int groups = F::block / 8;
      F::decode_group(reinterpret_cast<const unsigned char*>(row) + static_cast<int64_t>(g / groups) * F::block_bytes, g % groups, raw.w);
    }
  }
  static __device__ __forceinline__ void load(Raw& raw, const char* row, int g, int k, bool wide, DType type) {
    switch (type) {
      case F32:
        if (wide && 8 * g + 8 <= k) {
          Format<F32>::decode_group<16>(reinterpret_cast<const unsigned char*>(row), g, raw.w);
        } else {
          load_as<F32>(raw, row, g, k);
        }
        break;
      case F16:
        load_as<F16>(raw, row, g, k);
        break;
      case BF16:
        load_as<BF16>(raw, row, g, k);
        break;
      case F8_E4M3:
        load_as<F8_E4M3>(raw, row, g, k);
        break;
      case F8_E5M2:
        load_as<F8_E5M2>(raw, row, g, k);
        break;
      case Q8_0:
        load_as<Q8_0>(raw, row, g, k);
        break;
      case Q4_0:
        load_as<Q4_0>(raw, row, g, k);
        break;
      case Q4_1:
        load_as<Q4_1>(raw, row, g, k);
        break;
      case Q5_0:
        load_as<Q5_0>(raw, row, g, k);
        break;
      case Q5_1:
        load_as<Q5_1>(raw, row, g, k);
        break;
      case Q2_K:
        load_as<Q2_K>(raw, row, g, k);
        break;
      case Q3_K:
        load_as<Q3_K>(raw, row, g, k);
        break;
      case Q4_K:
        load_as<Q4_K>(raw, row, g, k);
        break;
      case Q5_K:
        load_as<Q5_K>(raw, row, g, k);
        break;
      case Q6_K:
        load_as<Q6_K>(raw, row, g, k);
        break;
      case IQ4_NL:
        load_as<IQ4_NL>(raw, row, g, k);
        break;
      case MXFP4:
        load_as<MXFP4>(raw, row, g, k);
        break;
      case IQ4_XS:
        load_as<IQ4_XS>(raw, row, g, k);
        break;
      case TQ1_0:
        load_as<TQ1_0>(raw, row, g, k);
        break;
      case TQ2_0:
        load_as<TQ2_0>(raw, row, g, k);
        break;
      default:
        break;
    }
  }
  static __device__ __forceinline__ void decode(const Raw& raw, int, float (&out)[8]) {
#pragma unroll
    for (int i = 0; i < 8; i++) {
      out[i] = raw.w[i];
    }
  }
};

// Eight elements of a row of activations, from `from` on, in two steps too: raw, then float32.
struct Activations {
  uint32_t w[8];

  // Zeros past the row's end, which is not read past; wide: rows start at multiples of 16, and `from` is one of 8.
  __device__ __forceinline__ void load(const char* row, DType type, int from, int k, bool wide) {
    if (type == F32) {
      const float* at = reinterpret_cast<const float*>(row) + from;
      if (wide && from + 8 <= k) {
        const uint4 low = *reinterpret_cast<const uint4*>(at);
        const uint4 high = *reinterpret_cast<const uint4*>(at + 4);
        w[0] = low.x, w[1] = low.y, w[2] = low.z, w[3] = low.w, w[4] = high.x, w[5] = high.y, w[6] = high.z, w[7] = high.w;
      } else {
#pragma unroll
        for (int i = 0; i < 8; i++) {
          w[i] = from + i < k ? __float_as_uint(at[i]) : 0;
        }
      }
    } else {
      const uint16_t* at = reinterpret_cast<const uint16_t*>(row) + from;
      if (wide && from + 8 <= k) {
        const uint4 all = *reinterpret_cast<const uint4*>(at);
        w[0] = all.x, w[1] = all.y, w[2] = all.z, w[3] = all.w;
      } else {
#pragma unroll
        for (int i = 0; i < 4; i++) {
          w[i] = (from + 2 * i < k ? at[2 * i] : 0u) | (from + 2 * i + 1 < k ? at[2 * i + 1] : 0u) << 16;
        }
      }
    }
  }

  __device__ __forceinline__ void clear() {
#pragma unroll
    for (int i = 0; i < 8; i++) {
      w[i] = 0;
    }
  }

  __device__ __forceinline__ void decode(DType type, float (&out)[8]) const {
#pragma unroll
    for (int i = 0; i < 8; i++) {
      const uint32_t pair = w[i / 2];
      out[i] = type == F32 ? __uint_as_float(w[i])
               : type == F16 ? (i % 2 == 0 ? low_f16(pair) : high_f16(pair))
                             : __uint_as_float(i % 2 == 0 ? pair << 16 : pair & 0xFFFF0000u);
    }
  }
};

}  // namespace gatun
