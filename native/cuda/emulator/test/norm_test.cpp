// A kernel from its source to its numbers.
#include <cmath>

#include "harness.h"

namespace gatun::emulator::test {

namespace {

struct RowsView {
  const void* base;
  const int32_t* count;
  int64_t stride[3];
  int32_t bound, middle, inner, dtype;
};

struct NormParams {
  RowsView x, y;
  const float* weight;
  int width;
  float epsilon;
};

void norm_agrees_with_float64(int rows, int width, unsigned blocks) {
  auto* const x = allocate_of<float>(static_cast<size_t>(rows * width));
  auto* const y = allocate_of<float>(static_cast<size_t>(rows * width));
  auto* const weight = allocate_of<float>(static_cast<size_t>(width));
  for (int i = 0; i < rows * width; i++) {
    x[i] = std::sin(static_cast<float>(i) * 0.37f) * 3;
  }
  for (int i = 0; i < width; i++) {
    weight[i] = 1 + static_cast<float>(i % 7) / 8;
  }
  const int64_t stride = width * 4;
  const NormParams params{{x, nullptr, {stride, 0, 0}, rows, 1, 1, 0}, {y, nullptr, {stride, 0, 0}, rows, 1, 1, 0}, weight, width, 1e-5f};
  expect_clean(launch("gatun_test_norm_256", Dim3{blocks, 1, 1}, 256, params), "row norm");
  double worst = 0;
  for (int r = 0; r < rows; r++) {
    double squares = 0;
    for (int i = 0; i < width; i++) {
      squares += static_cast<double>(x[r * width + i]) * x[r * width + i];
    }
    const double scale = 1 / std::sqrt(squares / width + 1e-5);
    for (int i = 0; i < width; i++) {
      const double error = std::abs(y[r * width + i] - x[r * width + i] * scale * weight[i]);
      worst = error <= worst ? worst : error;
    }
  }
  expect(worst < 1e-5, "row norm of " + std::to_string(rows) + "x" + std::to_string(width) + " is off by " + std::to_string(worst));
  release_all();
}

}  // namespace

void test_norms() {
  norm_agrees_with_float64(5, 64, 5);
  norm_agrees_with_float64(7, 1000, 3);
  norm_agrees_with_float64(1, 2048, 1);
}

}  // namespace gatun::emulator::test
