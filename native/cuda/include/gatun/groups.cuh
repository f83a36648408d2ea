// Groups of eight elements: how a grid shares them out, and how a row takes them.
#pragma once

#include "gatun/formats.cuh"

namespace gatun {

// Walks over the units of rows that are `length` of them long: from unit `first` of row 0 on by `step` units, over row after row. A grid's threads that start
// side by side and step by their number share all units, and only the start divides. There must be at least one unit in a row.
struct Units {
  unsigned row;
  unsigned at;  // the unit within the row
  unsigned row_step;
  unsigned at_step;
  unsigned length;

  __device__ __forceinline__ Units(unsigned first, unsigned step, unsigned units)
      : row(first / units), at(first % units), row_step(step / units), at_step(step % units), length(units) {}

  __device__ __forceinline__ void next() {
    row += row_step;
    at += at_step;
    if (at >= length) {
      at -= length;
      row++;
    }
  }
};

// The width of the one row that a tensor of one dimension is, where its size may vary: `varying` is null where it does not.
__device__ __forceinline__ int actual_width(const int32_t* varying, int width) { return varying == nullptr ? width : max(0, min(*varying, width)); }

__device__ __forceinline__ uint32_t pair16(uint16_t low, uint16_t high) { return low | static_cast<uint32_t>(high) << 16; }

__device__ __forceinline__ uint32_t quad8(uint8_t a, uint8_t b, uint8_t c, uint8_t d) {
  return a | static_cast<uint32_t>(b) << 8 | static_cast<uint32_t>(c) << 16 | static_cast<uint32_t>(d) << 24;
}

// How a float becomes an element of 16 or 8 bits.
template <DType T>
__device__ __forceinline__ auto narrow(float value) {
  if constexpr (T == F16) {
    return float_to_f16(value);
  } else if constexpr (T == BF16) {
    return float_to_bf16(value);
  } else if constexpr (T == F8_E4M3) {
    return float_to_e4m3(value);
  } else if constexpr (T == F8_E5M2) {
    return float_to_e5m2(value);
  } else {
    return value;
  }
}

// Writes a scalar element.
template <DType T>
__device__ __forceinline__ void store_one(char* row, int64_t i, float value) {
  const auto element = narrow<T>(value);
  *reinterpret_cast<decltype(narrow<T>(value))*>(row + i * Format<T>::block_bytes) = element;
}

// Writes elements i to i + 7 of a row, by accesses of 16 bytes, or 8 where that is all of them, if they are aligned.
template <DType T>
__device__ __forceinline__ void store_eight(char* row, int64_t i, const float (&v)[8]) {
  char* to = row + i * Format<T>::block_bytes;
  if (!aligned<Format<T>::widest>(to)) {
    for (int j = 0; j < 8; j++) {
      store_one<T>(to, j, v[j]);
    }
  } else if constexpr (T == F32) {
    reinterpret_cast<float4*>(to)[0] = make_float4(v[0], v[1], v[2], v[3]);
    reinterpret_cast<float4*>(to)[1] = make_float4(v[4], v[5], v[6], v[7]);
  } else if constexpr (Format<T>::block_bytes == 2) {
    *reinterpret_cast<uint4*>(to) = make_uint4(pair16(narrow<T>(v[0]), narrow<T>(v[1])), pair16(narrow<T>(v[2]), narrow<T>(v[3])),
                                               pair16(narrow<T>(v[4]), narrow<T>(v[5])), pair16(narrow<T>(v[6]), narrow<T>(v[7])));
  } else {
    *reinterpret_cast<uint2*>(to) = make_uint2(quad8(narrow<T>(v[0]), narrow<T>(v[1]), narrow<T>(v[2]), narrow<T>(v[3])),
                                               quad8(narrow<T>(v[4]), narrow<T>(v[5]), narrow<T>(v[6]), narrow<T>(v[7])));
  }
}

// As store_eight, to a row of F32, F16 or BF16.
__device__ __forceinline__ void store_group(char* row, DType dtype, int64_t i, const float (&v)[8]) {
  switch (dtype) {
    case F16:
      store_eight<F16>(row, i, v);
      break;
    case BF16:
      store_eight<BF16>(row, i, v);
      break;
    default:
      store_eight<F32>(row, i, v);
  }
}

// Elements 8g to 8g + 7 of a row of any type, by the widest accesses that its address allows.
template <DType T>
__device__ __forceinline__ void load_group(const char* row, int g, float (&out)[8]) {
  using F = Format<T>;
  constexpr int groups = F::block == 1 ? 1 : F::block / 8;
  const unsigned char* bytes = reinterpret_cast<const unsigned char*>(row);
  const unsigned char* block = F::block == 1 ? bytes : bytes + static_cast<int64_t>(g / groups) * F::block_bytes;
  const int within = F::block == 1 ? g : g % groups;
  if constexpr (F::widest > F::alignment) {
    if (aligned<F::widest>(bytes)) {
      F::template decode_group<F::widest>(block, within, out);
      return;
    }
  }
  F::decode_group(block, within, out);
}

}  // namespace gatun
