// What the tests of the driver share: a count of what was expected, a device with its kernels, short names for calls that must succeed.
#pragma once

#include <algorithm>
#include <atomic>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "gatun/emulator/driver_abi.h"

namespace gatun::emulator::driver_tests {

inline std::atomic<int> cases{0}, failures{0};

inline void expect_equal(long long is, long long should, const char* what, const char* file, int line) {
  cases++;
  if (is == should) return;
  failures++;
  std::printf("FAILED %s:%d: %s is %lld, not %lld (%s)\n", file, line, what, is, should, gatun_emulator_last_fault());
}

#define EQUAL(IS, SHOULD) expect_equal(static_cast<long long>(IS), static_cast<long long>(SHOULD), #IS, __FILE__, __LINE__)
#define OK(CALL) EQUAL(CALL, CUDA_SUCCESS)
#define TRUE(WHAT) EQUAL(!!(WHAT), true)

struct Params {
  CUdeviceptr x, y;
  int count;
  float value;
};

// Kernels built with a sanitizer of the compiler's are held to that one's rules instead of the machine's.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kernels_are_checked = false;
#else
constexpr bool kernels_are_checked = true;
#endif

constexpr size_t device_memory = size_t(64) << 20;

struct Device {
  CUcontext context = nullptr;
  CUmodule module = nullptr;
  CUfunction add = nullptr, set = nullptr, nothing = nullptr;

  explicit Device(int ordinal = 0) : ordinal_(ordinal) {
    OK(cuDevicePrimaryCtxRetain(&context, ordinal));
    OK(cuCtxSetCurrent(context));
    OK(cuModuleLoadData(&module, "gatun-emulated driver_kernels\n"));
    OK(cuModuleGetFunction(&add, module, "gatun_driver_add"));
    OK(cuModuleGetFunction(&set, module, "gatun_driver_set"));
    OK(cuModuleGetFunction(&nothing, module, "gatun_driver_nothing"));
  }
  ~Device() {
    OK(cuModuleUnload(module));
    OK(cuDevicePrimaryCtxRelease_v2(ordinal_));
    OK(cuCtxSetCurrent(nullptr));
    EQUAL(gatun_emulator_live("contexts"), 0);
    EQUAL(gatun_emulator_live("allocations"), 0);
    EQUAL(gatun_emulator_live("host_allocations"), 0);
    EQUAL(gatun_emulator_live("streams"), 0);
    EQUAL(gatun_emulator_live("events"), 0);
    EQUAL(gatun_emulator_live("pending"), 0);
  }

 private:
  int ordinal_;
};

inline CUresult launch(CUfunction function, CUstream stream, const Params& params, unsigned grid = 2, unsigned threads = 32, unsigned shared = 0) {
  CUlaunchConfig config = {};
  config.gridDimX = grid;
  config.gridDimY = config.gridDimZ = config.blockDimY = config.blockDimZ = 1;
  config.blockDimX = threads;
  config.sharedMemBytes = shared;
  config.hStream = stream;
  Params copy = params;
  void* parameters[] = {&copy};
  const CUresult result = cuLaunchKernelEx(&config, function, parameters, nullptr);
  // Parameters are copied by the launch.
  memset(&copy, 0xEE, sizeof copy);
  return result;
}

inline CUdeviceptr allocate(size_t bytes) {
  CUdeviceptr address = 0;
  OK(cuMemAlloc_v2(&address, bytes));
  return address;
}

inline CUstream stream(unsigned flags = CU_STREAM_NON_BLOCKING) {
  CUstream made = nullptr;
  OK(cuStreamCreateWithPriority(&made, flags, 0));
  return made;
}

inline CUevent event(unsigned flags = CU_EVENT_DISABLE_TIMING) {
  CUevent made = nullptr;
  OK(cuEventCreate(&made, flags));
  return made;
}

inline std::vector<float> read(CUdeviceptr address, size_t count) {
  std::vector<float> values(count);
  OK(cuMemcpyDtoH_v2(values.data(), address, count * sizeof(float)));
  return values;
}

inline bool all(const std::vector<float>& values, float value) {
  return std::all_of(values.begin(), values.end(), [&](float one) { return one == value; });
}

inline bool last_fault_says(const char* text) { return strstr(gatun_emulator_last_fault(), text) != nullptr; }

// The tests, by the file they are in.
void memory_is_bounded_and_checked();
void memory_stays_flat();
void copies_land_late();
void launches_run_and_are_checked();
void a_fault_poisons_the_context();
void a_kernel_for_newer_devices_is_told();
void streams_and_events_order_work();
void missing_order_is_found();
void memory_is_not_used_before_another_stream_gave_it();
void memory_follows_the_stream();
void streams_are_captured();
void a_branch_without_join_is_found();
void captures_forbid_what_they_must();

}  // namespace gatun::emulator::driver_tests
