// Operations of warps and blocks, atomics, matrices and copies against plain loops.
#include <algorithm>
#include <cmath>

#include "harness.h"

namespace gatun::emulator::test {

namespace {

struct WarpParams {
  const int* in;
  const double* wide;
  int* out;
  double* wide_out;
  int n;
};

int input(int t) { return (t * 37 + 11) % 101 - 50; }

template <class Combine>
int fold(int warp, unsigned mask, int start, Combine combine) {
  for (int lane = 0; lane < 32; lane++) {
    start = (mask >> lane & 1) != 0 ? combine(start, input(warp * 32 + lane)) : start;
  }
  return start;
}

int plus(int a, int b) { return a + b; }
int vote(int warp, unsigned mask) {
  unsigned votes = 0;
  for (int lane = 0; lane < 32; lane++) {
    votes |= (mask >> lane & static_cast<unsigned>(input(warp * 32 + lane)) & 1u) << lane;
  }
  return static_cast<int>(votes);
}

void warp_operations_agree() {
  constexpr int kThreads = 64;
  auto* const in = allocate_of<int>(kThreads);
  auto* const wide = allocate_of<double>(kThreads);
  auto* const out = allocate_of<int>(kThreads * 32);
  auto* const wide_out = allocate_of<double>(kThreads * 2);
  int odd = 0;
  for (int t = 0; t < kThreads; t++) {
    in[t] = input(t);
    wide[t] = input(t) / 3.0;
    odd += input(t) & 1;
  }
  expect_clean(launch("gatun_warp_operations", Dim3{}, kThreads, WarpParams{in, wide, out, wide_out, 0}), "warp_operations");
  for (int t = 0; t < kThreads; t++) {
    const int warp = t / 32;
    const int lane = t % 32;
    const auto of = [warp](int source) { return input(warp * 32 + source); };
    const int* const got = out + 32 * t;
    const auto same = [&](int i, int expected) {
      expect(got[i] == expected, "warp operation " + std::to_string(i) + " of thread " + std::to_string(t) + ": " + std::to_string(got[i]) + ", not " +
                                     std::to_string(expected));
    };
    same(0, of(t * 7 % 32));
    same(1, of(lane / 8 * 8 + 3));
    same(2, of(lane < 3 ? lane : lane - 3));
    same(3, of(lane % 8 < 2 ? lane : lane - 2));
    same(4, of(lane + 5 > 31 ? lane : lane + 5));
    same(5, of(lane % 16 + 2 > 15 ? lane : lane + 2));
    same(6, of(lane ^ 16));
    same(7, of(lane ^ 9));
    same(8, vote(warp, 0xFFFFFFFFu));
    same(9, 0);
    same(10, 1);
    same(11, fold(warp, 0xFFFFFFFFu, 0, plus));
    same(12, fold(warp, 0xFFFFFFFFu, 1000, [](int a, int b) { return std::min(a, b); }));
    same(13, fold(warp, 0xFFFFFFFFu, -1000, [](int a, int b) { return std::max(a, b); }));
    same(14, fold(warp, 0xFFFFFFFFu, 1000, [](int a, int b) { return static_cast<unsigned>(a) < static_cast<unsigned>(b) ? a : b; }));
    same(15, fold(warp, 0xFFFFFFFFu, 0, [](int a, int b) { return static_cast<unsigned>(a) > static_cast<unsigned>(b) ? a : b; }));
    const unsigned group = lane < 12 ? 0x00000FFFu : 0xFFFFF000u;
    same(16, lane < 12 ? fold(warp, group, 0, plus) : of(31));
    same(17, vote(warp, group));
    same(18, 0);
    same(19, 1);
    same(20, odd);
    const auto real = static_cast<float>(of(2));
    int bits;
    std::memcpy(&bits, &real, 4);
    same(21, bits);
    expect(wide_out[2 * t] == input(t ^ 1) / 3.0, "64-bit shuffle of a double");
    expect(wide_out[2 * t + 1] == std::ldexp(of(lane == 31 ? 31 : lane + 1), 33), "64-bit shuffle of a long long");
  }
  expect_clean(launch("gatun_meetings", Dim3{}, 32, WarpParams{in, wide, out, wide_out, 0}), "meetings");
  expect(out[0] == input(0) + input(1) && out[2] == input(1) + input(2) && out[1] == out[0] + out[2] && out[3] == 0, "meetings");
  release_all();
}

void atomics_agree() {
  constexpr int kThreads = 256;
  constexpr int kBlocks = 6;
  auto* const in = allocate_of<int>(kThreads);
  auto* const out = allocate_of<int>(16 + kThreads * kBlocks);
  auto* const wide_out = allocate_of<double>(1);
  int sum = 0, largest = -1000, smallest = 1000;
  unsigned largest_unsigned = 0, smallest_unsigned = 1000;
  for (int t = 0; t < kThreads; t++) {
    in[t] = input(t);
    sum += input(t);
    largest = std::max(largest, input(t));
    smallest = std::min(smallest, input(t));
    largest_unsigned = std::max(largest_unsigned, static_cast<unsigned>(input(t)));
    smallest_unsigned = std::min(smallest_unsigned, static_cast<unsigned>(input(t)));
  }
  std::fill_n(out, 16 + kThreads * kBlocks, 0);
  out[4] = 1000;
  const auto fault = launch("gatun_atomics", Dim3{1, 1, 1}, kThreads, WarpParams{in, nullptr, out, wide_out, 0});
  expect_clean(fault, "atomics");
  expect(out[0] == sum && out[1] == std::max(0, largest) && out[2] == std::min(0, smallest), "atomicAdd, atomicMax, atomicMin of int");
  expect(static_cast<unsigned>(out[3]) == largest_unsigned && static_cast<unsigned>(out[4]) == smallest_unsigned, "atomicMax, atomicMin of unsigned");
  expect(out[5] == kThreads % 10, "atomicInc");
  expect(out[6] == kThreads && std::count(out + 16, out + 16 + kThreads, 1) == kThreads, "tickets are all different");
  expect(out[7] == sum, "atomicCAS");
  uint64_t wide;
  std::memcpy(&wide, out + 8, 8);
  expect(wide == (static_cast<uint64_t>(kThreads) << 32) + kThreads * (kThreads - 1) / 2, "atomicAdd of 64 bits");
  float real;
  std::memcpy(&real, out + 10, 4);
  expect(real == kThreads * 0.25f && wide_out[0] == kThreads * 0.5, "atomicAdd of float");
  expect(out[11] == -1 && out[12] == sum && out[13] == std::max(0, largest) && out[14] == std::min(0, smallest) && out[15] == 0x7FFFFFFF,
         "atomics on shared memory");
  release_all();
}

struct MatrixParams {
  const uint16_t* a;
  const uint16_t* b;
  const float* c;
  float* d;
  int bf16;
};

// Small integers and halves, exact in both types: sign, exponent and two bits of fraction.
float small(int i) { return static_cast<float>((i * 29 + i / 7) % 15 - 7) / 2; }

uint16_t to_bits(float value, bool bf16) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  if (bf16) {
    return static_cast<uint16_t>(bits >> 16);
  }
  if (value == 0) {
    return 0;
  }
  return static_cast<uint16_t>((bits >> 16 & 0x8000u) | (((bits >> 23 & 0xFF) - 112) << 10) | (bits >> 13 & 0x3FF));
}

void matrix_products_agree(bool bf16) {
  auto* const a = allocate_of<uint16_t>(16 * 16);
  auto* const b = allocate_of<uint16_t>(16 * 8);
  auto* const c = allocate_of<float>(16 * 8);
  auto* const d = allocate_of<float>(16 * 8);
  for (int i = 0; i < 16 * 16; i++) {
    a[i] = to_bits(small(i), bf16);
  }
  for (int i = 0; i < 16 * 8; i++) {
    b[i] = to_bits(small(i * 3 + 1), bf16);
    c[i] = small(i * 5 + 2) * 100;
  }
  expect_clean(launch("gatun_matrix_product", Dim3{}, 32, MatrixParams{a, b, c, d, bf16}), "matrix_product");
  for (int i = 0; i < 16; i++) {
    for (int j = 0; j < 8; j++) {
      float sum = c[i * 8 + j];
      for (int k = 0; k < 16; k++) {
        sum += small(i * 16 + k) * small((k * 8 + j) * 3 + 1);
      }
      expect(d[i * 8 + j] == sum, std::string(bf16 ? "bf16" : "f16") + " product at " + std::to_string(i) + "," + std::to_string(j) + ": " +
                                      std::to_string(d[i * 8 + j]) + ", not " + std::to_string(sum));
    }
  }
  release_all();
}

struct BytesParams {
  const int8_t* a;
  const int8_t* b;
  const int* c;
  int* d;
};

void byte_products_agree() {
  auto* const a = allocate_of<int8_t>(16 * 32);
  auto* const b = allocate_of<int8_t>(32 * 8);
  auto* const c = allocate_of<int>(16 * 8);
  auto* const d = allocate_of<int>(16 * 8);
  for (int i = 0; i < 16 * 32; i++) {
    a[i] = static_cast<int8_t>(i * 91 + i / 32);
  }
  for (int i = 0; i < 32 * 8; i++) {
    b[i] = static_cast<int8_t>(i * 53 + 7);
  }
  for (int i = 0; i < 16 * 8; i++) {
    c[i] = i * 1000003;
  }
  expect_clean(launch("gatun_byte_product", Dim3{}, 32, BytesParams{a, b, c, d}), "byte_product");
  for (int i = 0; i < 16; i++) {
    for (int j = 0; j < 8; j++) {
      int sum = c[i * 8 + j];
      for (int k = 0; k < 32; k++) {
        sum += a[i * 32 + k] * b[j * 32 + k];
      }
      expect(d[i * 8 + j] == sum, "s8 product at " + std::to_string(i) + "," + std::to_string(j));
    }
  }
  release_all();
}

void pipeline_delivers() {
  constexpr int kRounds = 8;
  auto* const a = allocate_of<int8_t>(kRounds * 32 * 16);
  auto* const d = allocate_of<int>(kRounds * 32 * 4);
  for (int i = 0; i < kRounds * 32 * 16; i++) {
    a[i] = static_cast<int8_t>(i * 31 + i / 251);
  }
  expect_clean(launch("gatun_pipeline", Dim3{}, 32, BytesParams{a, nullptr, nullptr, d}), "pipeline");
  for (int r = 0; r < kRounds; r++) {
    for (int lane = 0; lane < 32; lane++) {
      const int source = (lane + 1) % 32;
      int8_t expected[16] = {};
      std::memcpy(expected, a + (r * 32 + source) * 16, r == kRounds - 1 ? static_cast<size_t>(4 * (source % 5)) : 16);
      expect(std::memcmp(d + (r * 32 + lane) * 4, expected, 16) == 0, "pipeline round " + std::to_string(r) + " lane " + std::to_string(lane));
    }
  }
  release_all();
}

}  // namespace

void test_collectives() {
  warp_operations_agree();
  atomics_agree();
  matrix_products_agree(false);
  matrix_products_agree(true);
  byte_products_agree();
  pipeline_delivers();
}

}  // namespace gatun::emulator::test
