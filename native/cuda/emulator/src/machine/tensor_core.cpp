#include "tensor_core.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "gatun/emulator/host/calls.h"

namespace gatun::emulator {

namespace {

float half(uint32_t bits) {
  const uint32_t sign = (bits & 0x8000u) << 16;
  const uint32_t rest = (bits & 0x7FFFu) << 13;
  uint32_t all;
  if ((bits & 0x7C00u) == 0x7C00u) {
    all = sign | rest | 0x7F800000u;
  } else {
    float scaled;
    std::memcpy(&scaled, &rest, 4);
    scaled *= 0x1p112f;
    std::memcpy(&all, &scaled, 4);
    all |= sign;
  }
  float value;
  std::memcpy(&value, &all, 4);
  return value;
}

float brain(uint32_t bits) {
  const uint32_t all = bits << 16;
  float value;
  std::memcpy(&value, &all, 4);
  return value;
}

const MmaOperands& operands(const uint64_t* lanes, int lane) { return *reinterpret_cast<const MmaOperands*>(lanes[lane]); }

// Fragments of 16-bit elements, PTX ISA, "Matrix Fragments for mma.m16n8k16": with g = lane / 4 and t = lane % 4, register i of a holds row g + 8 (i % 2),
// columns 2t + 8 (i / 2) and the next; register i of b holds rows 2t + 8 i and the next of column g; element i of d is row g + 8 (i / 2), column 2t + i % 2.
template <float (*kToFloat)(uint32_t)>
void multiply_16_bit(const uint64_t* lanes) {
  double a[16][16];
  double b[8][16];
  for (int lane = 0; lane < 32; lane++) {
    const MmaOperands& mine = operands(lanes, lane);
    const int g = lane / 4;
    const int t = lane % 4;
    for (int i = 0; i < 4; i++) {
      for (int j = 0; j < 2; j++) {
        a[g + 8 * (i % 2)][2 * t + 8 * (i / 2) + j] = static_cast<double>(kToFloat(mine.a[i] >> (16 * j) & 0xFFFFu));
      }
    }
    for (int i = 0; i < 2; i++) {
      for (int j = 0; j < 2; j++) {
        b[g][2 * t + 8 * i + j] = static_cast<double>(kToFloat(mine.b[i] >> (16 * j) & 0xFFFFu));
      }
    }
  }
  for (int lane = 0; lane < 32; lane++) {
    float* const d = static_cast<float*>(operands(lanes, lane).d);
    for (int i = 0; i < 4; i++) {
      const int row = lane / 4 + 8 * (i / 2);
      const int column = 2 * (lane % 4) + i % 2;
      double sum = 0;
      for (int k = 0; k < 16; k++) {
        sum += a[row][k] * b[column][k];
      }
      d[i] = static_cast<float>(sum + static_cast<double>(d[i]));
    }
  }
}

}  // namespace

void load_matrices(const uint64_t* lanes, bool transposed) {
  uint16_t matrix[4][8][8];
  for (int lane = 0; lane < 32; lane++) {
    const auto* const both = reinterpret_cast<const void* const*>(lanes[lane]);
    std::memcpy(matrix[lane / 8][lane % 8], both[0], 16);
  }
  for (int lane = 0; lane < 32; lane++) {
    auto* const registers = static_cast<uint32_t*>(const_cast<void*>(reinterpret_cast<const void* const*>(lanes[lane])[1]));
    for (int i = 0; i < 4; i++) {
      const int row = lane / 4;
      const int column = 2 * (lane % 4);
      const uint32_t low = transposed ? matrix[i][column][row] : matrix[i][row][column];
      const uint32_t high = transposed ? matrix[i][column + 1][row] : matrix[i][row][column + 1];
      registers[i] = high << 16 | low;
    }
  }
}

void multiply_f16(const uint64_t* lanes) { multiply_16_bit<half>(lanes); }
void multiply_bf16(const uint64_t* lanes) { multiply_16_bit<brain>(lanes); }

// Fragments of 8-bit elements, "mma.m16n8k32": register i of a holds row g + 8 (i % 2), columns 4t + 16 (i / 2) to the third after; register i of b rows
// 4t + 16 i to the third after of column g; d as for 16 bits.
void multiply_s8(const uint64_t* lanes) {
  int a[16][32];
  int b[8][32];
  for (int lane = 0; lane < 32; lane++) {
    const MmaOperands& mine = operands(lanes, lane);
    const int g = lane / 4;
    const int t = lane % 4;
    for (int j = 0; j < 4; j++) {
      for (int i = 0; i < 4; i++) {
        a[g + 8 * (i % 2)][4 * t + 16 * (i / 2) + j] = static_cast<int8_t>(mine.a[i] >> (8 * j));
      }
      for (int i = 0; i < 2; i++) {
        b[g][4 * t + 16 * i + j] = static_cast<int8_t>(mine.b[i] >> (8 * j));
      }
    }
  }
  for (int lane = 0; lane < 32; lane++) {
    int32_t* const d = static_cast<int32_t*>(operands(lanes, lane).d);
    for (int i = 0; i < 4; i++) {
      const int row = lane / 4 + 8 * (i / 2);
      const int column = 2 * (lane % 4) + i % 2;
      uint32_t sum = static_cast<uint32_t>(d[i]);
      for (int k = 0; k < 32; k++) {
        sum += static_cast<uint32_t>(a[row][k] * b[column][k]);
      }
      d[i] = static_cast<int32_t>(sum);
    }
  }
}


double half_value(uint32_t bits) { return static_cast<double>(half(bits)); }
double brain_value(uint32_t bits) { return static_cast<double>(brain(bits)); }

// Four bits of exponent with a bias of 7, three of mantissa; no infinities, NaN where all seven bits are set.
double e4m3_value(uint32_t bits) {
  const int exponent = static_cast<int>(bits >> 3 & 0xF);
  const int mantissa = static_cast<int>(bits & 7);
  const double size = (bits & 0x7F) == 0x7F ? std::numeric_limits<double>::quiet_NaN()
                      : exponent == 0       ? std::ldexp(mantissa, -9)
                                            : std::ldexp(8 + mantissa, exponent - 10);
  return (bits & 0x80) != 0 ? -size : size;
}

void multiply_e4m3(const uint64_t* lanes) {
  double a[16][32];
  double b[8][32];
  for (int lane = 0; lane < 32; lane++) {
    const MmaOperands& mine = operands(lanes, lane);
    const int g = lane / 4;
    const int t = lane % 4;
    for (int j = 0; j < 4; j++) {
      for (int i = 0; i < 4; i++) {
        a[g + 8 * (i % 2)][4 * t + 16 * (i / 2) + j] = e4m3_value(mine.a[i] >> (8 * j) & 0xFF);
      }
      for (int i = 0; i < 2; i++) {
        b[g][4 * t + 16 * i + j] = e4m3_value(mine.b[i] >> (8 * j) & 0xFF);
      }
    }
  }
  for (int lane = 0; lane < 32; lane++) {
    float* const d = static_cast<float*>(operands(lanes, lane).d);
    for (int i = 0; i < 4; i++) {
      const int row = lane / 4 + 8 * (i / 2);
      const int column = 2 * (lane % 4) + i % 2;
      double sum = 0;
      for (int k = 0; k < 32; k++) {
        sum += a[row][k] * b[column][k];
      }
      d[i] = static_cast<float>(sum + static_cast<double>(d[i]));
    }
  }
}

}  // namespace gatun::emulator
