// The two GEMVs against float64; with GATUN_EMULATOR_MEASURE set, also how much processor time they take.
#include <cmath>
#include <cstdlib>
#include <ctime>

#include "harness.h"

namespace gatun::emulator::test {

namespace {

struct GemvParams {
  const float* w;
  const float* x;
  float* y;
  int rows, width;
};

void gemv_agrees_with_float64(const char* symbol, unsigned threads, int rows, int width, unsigned blocks) {
  auto* const w = allocate_of<float>(static_cast<size_t>(rows) * static_cast<size_t>(width));
  auto* const x = allocate_of<float>(static_cast<size_t>(width));
  auto* const y = allocate_of<float>(static_cast<size_t>(rows));
  for (int i = 0; i < rows * width; i++) {
    w[i] = static_cast<float>((i * 7 + i / 13) % 17 - 8) / 8;
  }
  for (int i = 0; i < width; i++) {
    x[i] = static_cast<float>(i % 11 - 5) / 4;
  }
  const GemvParams params{w, x, y, rows, width};
  const bool measure = std::getenv("GATUN_EMULATOR_MEASURE") != nullptr;
  double best = 1e9;
  for (int repetition = 0; repetition < (measure ? 5 : 1); repetition++) {
    const std::clock_t start = std::clock();
    expect_clean(launch(symbol, Dim3{blocks, 1, 1}, threads, params), symbol);
    best = std::min(best, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  if (measure) {
    std::printf("%s %dx%d with %u blocks: %.4f s of processor time\n", symbol, rows, width, blocks, best);
  }
  double worst = 0;
  for (int r = 0; r < rows; r++) {
    double sum = 0;
    for (int i = 0; i < width; i++) {
      sum += static_cast<double>(w[r * width + i]) * x[i];
    }
    const double error = std::abs(y[r] - sum);
    worst = error <= worst ? worst : error;
  }
  expect(worst < 1e-3, std::string(symbol) + " is off by " + std::to_string(worst));
  release_all();
}

}  // namespace

void test_gemvs() {
  gemv_agrees_with_float64("gatun_test_gemv_256", 256, 20, 700, 7);
  gemv_agrees_with_float64("gatun_test_gemv_wide_128", 128, 21, 704, 3);
  if (std::getenv("GATUN_EMULATOR_MEASURE") != nullptr) {
    gemv_agrees_with_float64("gatun_test_gemv_256", 256, 2048, 2048, 2048);
    gemv_agrees_with_float64("gatun_test_gemv_wide_128", 128, 2048, 2048, 512);
  }
}

}  // namespace gatun::emulator::test
