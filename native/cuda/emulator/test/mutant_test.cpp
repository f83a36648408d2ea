// Kernels that are right, with each barrier, fence and wait left out in turn: every one of them is missed.
#include <cstring>
#include <functional>

#include "tiles.h"

namespace gatun::emulator::test {

namespace {

struct WrongParams {
  float* a;
  float* b;
  unsigned* counter;
  int n;
};

struct BytesParams {
  const int8_t* a;
  const int8_t* b;
  const int* c;
  int* d;
};

struct MatrixParams {
  const uint16_t* a;
  const uint16_t* b;
  const float* c;
  float* d;
  int bf16;
};

struct NormParams {
  const void* x_base;
  const int32_t* x_count;
  int64_t x_stride[3];
  int32_t x_bound, x_middle, x_inner, x_dtype;
  void* y_base;
  const int32_t* y_count;
  int64_t y_stride[3];
  int32_t y_bound, y_middle, y_inner, y_dtype;
  const float* weight;
  int width;
  float epsilon;
};

template <class T>
T* zeros(size_t count) {
  T* const memory = allocate_of<T>(count);
  std::memset(static_cast<void*>(memory), 0, count * sizeof(T));
  return memory;
}

void every_absence_is_noticed(const char* symbol, size_t places, const std::function<std::optional<Fault>(const char*)>& run) {
  observe_ordering(true);
  expect_clean(run(symbol), symbol);
  observe_ordering(false);
  const std::vector<OrderingPlace> all = ordering_places();
  expect(all.size() == places, std::string(symbol) + " has " + std::to_string(all.size()) + " places, not " + std::to_string(places));
  for (const OrderingPlace& place : all) {
    leave_out(place.file.c_str(), place.line);
    const auto fault = run(symbol);
    leave_out(nullptr, 0);
    expect(fault.has_value(), std::string(symbol) + " without " + place.what + " at " + place.file + ":" + std::to_string(place.line) + " passes for right");
  }
  expect_clean(run(symbol), std::string(symbol) + ", whole again");
  release_all();
}

std::optional<Fault> run_norm(const char* symbol) {
  constexpr int kRows = 3;
  constexpr int kWidth = 300;
  const NormParams params{zeros<float>(kRows * kWidth), nullptr, {kWidth * 4, 0, 0}, kRows, 1, 1, 0, zeros<float>(kRows * kWidth), nullptr, {kWidth * 4, 0, 0},
                          kRows, 1, 1, 0, zeros<float>(kWidth), kWidth, 1};
  return launch(symbol, Dim3{}, 256, params);
}

std::function<std::optional<Fault>(const char*)> run_wrong(unsigned blocks, unsigned threads) {
  return [=](const char* symbol) {
    return launch(symbol, Dim3{blocks, 1, 1}, threads, WrongParams{zeros<float>(512), zeros<float>(512), zeros<unsigned>(1), 0});
  };
}

}  // namespace

void test_mutants() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  // Kernels are not instrumented for the machine then.
  return;
#endif
  every_absence_is_noticed("gatun_test_norm_256", 2, run_norm);
  every_absence_is_noticed("gatun_reverse", 1, run_wrong(1, 64));
  every_absence_is_noticed("gatun_reverse_twice", 2, run_wrong(1, 64));
  every_absence_is_noticed("gatun_neighbour", 1, run_wrong(1, 32));
  every_absence_is_noticed("gatun_named", 2, run_wrong(1, 128));
  every_absence_is_noticed("gatun_copies", 3, run_wrong(1, 32));
  every_absence_is_noticed("gatun_last_block_sums", 3, run_wrong(5, 64));
  every_absence_is_noticed("gatun_pipeline", 4, [](const char* symbol) {
    return launch(symbol, Dim3{}, 32, BytesParams{zeros<int8_t>(8 * 32 * 16), nullptr, nullptr, zeros<int>(8 * 32 * 4)});
  });
  every_absence_is_noticed("gatun_ring", 15, run_ring);
  every_absence_is_noticed("gatun_pipe", 7, run_pipe);
  every_absence_is_noticed("gatun_pipe_named", 6, run_pipe);
  every_absence_is_noticed("gatun_matrix_product", 3, [](const char* symbol) {
    return launch(symbol, Dim3{}, 32, MatrixParams{zeros<uint16_t>(256), zeros<uint16_t>(128), zeros<float>(128), zeros<float>(128), 0});
  });
}

}  // namespace gatun::emulator::test
