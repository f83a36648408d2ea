// Products of warpgroups against plain loops.
#include <cmath>

#include "tiles.h"

namespace gatun::emulator::test {

namespace {

struct alignas(64) TileParams {
  TensorMap a, b;
  const uint8_t* registers;
  float* d;
  int add;
};

void tiles_agree(const std::string& name, int n, Element element, int span, bool a_transposed, bool b_transposed) {
  const int depth = element == kE4m3 ? 128 : 64;
  const auto map = [&](uint8_t* tensor, int rows, bool transposed) {
    const unsigned box = static_cast<unsigned>(static_cast<size_t>(span) / bytes_of(element));
    const unsigned swizzle = span == 128 ? 3 : span == 64 ? 2 : span == 32 ? 1 : 0;
    return transposed ? map_of(tensor, element, static_cast<uint32_t>(rows), 64, box, 64, swizzle)
                      : map_of(tensor, element, static_cast<uint32_t>(depth), static_cast<uint32_t>(rows), box, static_cast<unsigned>(rows), swizzle);
  };
  uint8_t* const a = fill(element, 64, depth, 3, a_transposed);
  uint8_t* const b = fill(element, n, depth, 5, b_transposed);
  for (int add = 0; add < 2; add++) {
    auto* const d = allocate_of<float>(static_cast<size_t>(64 * n));
    for (int i = 0; i < 64 * n; i++) {
      d[i] = value(i) * 8;
    }
    const TileParams params{map(a, 64, a_transposed), map(b, n, b_transposed), a, d, add};
    expect_clean(launch(("gatun_" + name).c_str(), Dim3{}, 128, params, static_cast<size_t>(64 * 128 + n * 128 + 8)), name);
    int wrong = 0;
    for (int r = 0; r < 64; r++) {
      for (int c = 0; c < n; c++) {
        float sum = add != 0 ? value(r * n + c) * 8 : 0;
        for (int k = 0; k < depth; k++) {
          sum += value((r * depth + k) * 3) * value((c * depth + k) * 5);
        }
        wrong += d[r * n + c] != sum;
      }
    }
    expect(wrong == 0, name + ": " + std::to_string(wrong) + " of " + std::to_string(64 * n) + " sums are wrong");
  }
  release_all();
}

float e4m3(int bits) {
  const int exponent = bits >> 3 & 15;
  const float size = exponent == 0 ? std::ldexp(static_cast<float>(bits & 7), -9) : std::ldexp(1 + static_cast<float>(bits & 7) / 8, exponent - 7);
  return (bits & 0x80) != 0 ? -size : size;
}

void warp_products_agree() {
  struct {
    uint8_t* a;
    uint8_t* b;
    float* d;
  } const params{allocate_of<uint8_t>(16 * 32), allocate_of<uint8_t>(8 * 32), allocate_of<float>(16 * 8)};
  // All values but NaN are among them.
  const auto element = [](int i) { return (i & 0x7F) == 0x7F ? 0 : i & 0xFF; };
  for (int i = 0; i < 16 * 32; i++) {
    params.a[i] = static_cast<uint8_t>(element(i));
  }
  for (int i = 0; i < 8 * 32; i++) {
    params.b[i] = static_cast<uint8_t>(element(i * 37 + 5));
  }
  for (int i = 0; i < 16 * 8; i++) {
    params.d[i] = value(i);
  }
  expect_clean(launch("gatun_e4m3_product", Dim3{}, 32, params), "e4m3_product");
  for (int r = 0; r < 16; r++) {
    for (int c = 0; c < 8; c++) {
      double sum = 0;
      for (int k = 0; k < 32; k++) {
        sum += static_cast<double>(e4m3(params.a[r * 32 + k])) * static_cast<double>(e4m3(params.b[c * 32 + k]));
      }
      const auto right = static_cast<float>(sum + static_cast<double>(value(r * 8 + c)));
      expect(params.d[r * 8 + c] == right, "e4m3 product at " + std::to_string(r) + "," + std::to_string(c));
    }
  }
  release_all();
}

}  // namespace

void test_warpgroups() {
  warp_products_agree();
  for (const int n : {16, 32, 64, 96, 128, 192, 256}) {
    const std::string width = std::to_string(n);
    tiles_agree("tile_bf16_128_" + width, n, kBf16, 128, false, false);
    tiles_agree("tile_f16_128_" + width, n, kF16, 128, false, false);
    tiles_agree("tile_e4m3_128_" + width, n, kE4m3, 128, false, false);
    tiles_agree("tile_bf16_registers_" + width, n, kBf16, 128, false, false);
    tiles_agree("tile_e4m3_registers_" + width, n, kE4m3, 128, false, false);
  }
  tiles_agree("tile_f16_64_64", 64, kF16, 64, false, false);
  tiles_agree("tile_f16_32_64", 64, kF16, 32, false, false);
  tiles_agree("tile_f16_none_64", 64, kF16, 16, false, false);
  tiles_agree("tile_e4m3_64_96", 96, kE4m3, 64, false, false);
  tiles_agree("tile_e4m3_32_96", 96, kE4m3, 32, false, false);
  tiles_agree("tile_e4m3_none_96", 96, kE4m3, 16, false, false);
  tiles_agree("tile_bf16_128_b_128", 128, kBf16, 128, false, true);
  tiles_agree("tile_f16_128_b_64", 64, kF16, 128, false, true);
  tiles_agree("tile_f16_128_ab_192", 192, kF16, 128, true, true);
  tiles_agree("tile_f16_64_ab_64", 64, kF16, 64, true, true);
  tiles_agree("tile_f16_32_ab_64", 64, kF16, 32, true, true);
  tiles_agree("tile_f16_none_ab_64", 64, kF16, 16, true, true);
  tiles_agree("tile_bf16_registers_b_256", 256, kBf16, 128, false, true);
}

}  // namespace gatun::emulator::test
