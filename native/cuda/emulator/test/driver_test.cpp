// The driver API over the machine: what programs rely on, and what the emulator must find.
#include "driver_harness.h"

namespace gatun::emulator::driver_tests {

namespace {

void tells_what_it_is() {
  int count = 0, version = 0, value = 0;
  EQUAL(cuDeviceGetCount(&count), CUDA_ERROR_NOT_INITIALIZED);
  OK(cuInit(0));
  EQUAL(cuInit(1), CUDA_ERROR_INVALID_VALUE);
  OK(cuDeviceGetCount(&count));
  EQUAL(count, 2);
  OK(cuDriverGetVersion(&version));
  EQUAL(version, 13000);
  CUdevice device = -1;
  OK(cuDeviceGet(&device, 1));
  EQUAL(cuDeviceGet(&device, 2), CUDA_ERROR_INVALID_DEVICE);
  char name[64];
  OK(cuDeviceGetName(name, sizeof name, 0));
  EQUAL(strcmp(name, "Gatun emulator (sm_80)"), 0);
  OK(cuDeviceGetName(name, 6, 0));
  EQUAL(strcmp(name, "Gatun"), 0);
  OK(cuDeviceGetAttribute(&value, 75, 0));
  EQUAL(value, 8);
  OK(cuDeviceGetAttribute(&value, 97, 0));
  EQUAL(value, 163 << 10);
  EQUAL(cuDeviceGetAttribute(&value, 100000, 0), CUDA_ERROR_INVALID_VALUE);
  size_t bytes = 0;
  OK(cuDeviceTotalMem_v2(&bytes, 0));
  EQUAL(bytes, device_memory);
  CUuuid first, second;
  OK(cuDeviceGetUuid_v2(&first, 0));
  OK(cuDeviceGetUuid_v2(&second, 1));
  TRUE(memcmp(&first, &second, sizeof first) != 0);
  void* function = nullptr;
  int status = -1;
  OK(cuGetProcAddress_v2("cuMemAlloc", &function, 13000, 0, &status));
  TRUE(function == reinterpret_cast<void*>(&cuMemAlloc_v2));
  OK(cuGetProcAddress_v2("cuNoSuchThing", &function, 13000, 0, &status));
  EQUAL(status, CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND);
  TRUE(function == nullptr);
  const char* text = nullptr;
  OK(cuGetErrorName(CUDA_ERROR_OUT_OF_MEMORY, &text));
  EQUAL(strcmp(text, "CUDA_ERROR_OUT_OF_MEMORY"), 0);
  EQUAL(cuGetErrorString(static_cast<CUresult>(12345), &text), CUDA_ERROR_INVALID_VALUE);
  TRUE(strstr(gatun_emulator_manifest(), "gatun_driver_add") != nullptr);
}

void contexts_are_counted_and_stacked() {
  CUcontext first, again, current = nullptr;
  OK(cuDevicePrimaryCtxRetain(&first, 0));
  OK(cuDevicePrimaryCtxRetain(&again, 0));
  TRUE(first == again);
  OK(cuCtxGetCurrent(&current));
  TRUE(current == nullptr);
  CUdeviceptr address;
  EQUAL(cuMemAlloc_v2(&address, 16), CUDA_ERROR_INVALID_CONTEXT);
  CUcontext own;
  OK(cuCtxCreate_v2(&own, 0, 1));
  CUdevice device;
  OK(cuCtxGetDevice(&device));
  EQUAL(device, 1);
  OK(cuCtxPushCurrent_v2(first));
  OK(cuCtxGetDevice(&device));
  EQUAL(device, 0);
  std::thread([] {
    CUcontext elsewhere = reinterpret_cast<CUcontext>(1);
    OK(cuCtxGetCurrent(&elsewhere));
    TRUE(elsewhere == nullptr);
  }).join();
  OK(cuMemAlloc_v2(&address, 1000));
  OK(cuCtxPopCurrent_v2(&current));
  TRUE(current == first);
  OK(cuCtxDestroy_v2(own));
  EQUAL(cuCtxSetCurrent(own), CUDA_ERROR_INVALID_CONTEXT);
  OK(cuDevicePrimaryCtxRelease_v2(0));
  EQUAL(gatun_emulator_live("allocations"), 1);
  OK(cuCtxSetCurrent(first));
  OK(cuDevicePrimaryCtxRelease_v2(0));
  // The context's memory went with it, and it is of no use any more.
  EQUAL(gatun_emulator_live("allocations"), 0);
  EQUAL(cuMemAlloc_v2(&address, 16), CUDA_ERROR_CONTEXT_IS_DESTROYED);
  EQUAL(cuDevicePrimaryCtxRelease_v2(0), CUDA_ERROR_INVALID_CONTEXT);
  OK(cuCtxSetCurrent(nullptr));
}

void every_call_can_be_made_to_fail() {
  Device device;
  size_t functions = 0;
  CUdeviceptr address = 0;
  for (const char* name = gatun_emulator_function_names(); *name != 0; name = strchr(name, '\n') + 1) {
    const std::string function(name, strchr(name, '\n'));
    EQUAL(gatun_emulator_fail(function.c_str(), 1, CUDA_ERROR_OUT_OF_MEMORY), 0);
    functions++;
  }
  TRUE(functions > 150);
  EQUAL(cuMemAlloc_v2(&address, 4), CUDA_ERROR_OUT_OF_MEMORY);
  EQUAL(cuCtxSynchronize(), CUDA_ERROR_OUT_OF_MEMORY);
  OK(cuCtxSynchronize());
  gatun_emulator_reset_faults();
  EQUAL(gatun_emulator_fail("cuNoSuchThing", 1, 2), 1);
  EQUAL(gatun_emulator_fail("cuMemAlloc_v2", 3, CUDA_ERROR_OUT_OF_MEMORY), 0);
  const unsigned long long before = gatun_emulator_calls("cuMemAlloc_v2");
  for (int i = 1; i <= 4; i++) {
    EQUAL(cuMemAlloc_v2(&address, 4), i == 3 ? CUDA_ERROR_OUT_OF_MEMORY : CUDA_SUCCESS);
    if (i != 3) OK(cuMemFree_v2(address));
  }
  EQUAL(gatun_emulator_calls("cuMemAlloc_v2") - before, 4);
  EQUAL(gatun_emulator_fail(nullptr, 2, CUDA_ERROR_LAUNCH_FAILED), 0);
  OK(cuCtxSynchronize());
  EQUAL(cuMemAlloc_v2(&address, 4), CUDA_ERROR_LAUNCH_FAILED);
  EQUAL(cuMemAlloc_v2(&address, 4), CUDA_ERROR_LAUNCH_FAILED);
  EQUAL(gatun_emulator_live("allocations"), 0);
  EQUAL(gatun_emulator_live("no such kind"), -1);
  gatun_emulator_reset_faults();
}

void devices_are_apart() {
  {
    Device first(0);
    const CUdeviceptr x = allocate(device_memory / 2);
    CUcontext other;
    OK(cuDevicePrimaryCtxRetain(&other, 1));
    OK(cuCtxPushCurrent_v2(other));
    const CUdeviceptr y = allocate(device_memory);
    OK(cuMemcpyPeer(y, other, x, first.context, 4096));
    const CUstream s = stream();
    OK(cuCtxPopCurrent_v2(nullptr));
    EQUAL(launch(first.set, s, {0, x, 1, 1}), CUDA_ERROR_INVALID_HANDLE);
    OK(cuMemFree_v2(x));
    OK(cuDevicePrimaryCtxRelease_v2(1));
    EQUAL(cuMemcpyHtoD_v2(y, &other, 8), CUDA_ERROR_INVALID_VALUE);
  }
}

void threads_share_the_driver() {
  Device device;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; t++) {
    threads.emplace_back([&device, t] {
      OK(cuCtxSetCurrent(device.context));
      const CUstream s = stream();
      for (int i = 0; i < 50; i++) {
        const CUdeviceptr x = allocate(400);
        OK(launch(device.set, s, {0, x, 100, static_cast<float>(t * 1000 + i)}));
        std::vector<float> back(100);
        OK(cuMemcpyDtoHAsync_v2(back.data(), x, 400, s));
        OK(cuStreamSynchronize(s));
        TRUE(all(back, static_cast<float>(t * 1000 + i)));
        OK(cuMemFree_v2(x));
      }
      OK(cuStreamDestroy_v2(s));
    });
  }
  for (std::thread& thread : threads) thread.join();
}

void many_operations_are_no_trouble() {
  Device device;
  const CUstream s = stream();
  const CUdeviceptr x = allocate(400), y = allocate(400);
  OK(cuMemsetD8Async(x, 0, 400, s));
  for (int i = 0; i < 6000; i++) {
    if (launch(device.add, s, {i % 2 == 0 ? x : y, i % 2 == 0 ? y : x, 100, 1}, 1) != CUDA_SUCCESS) EQUAL(i, 6000);
  }
  TRUE(gatun_emulator_live("pending") > 0);
  OK(cuStreamSynchronize(s));
  EQUAL(gatun_emulator_live("pending"), 0);
  TRUE(all(read(x, 100), 6000));
  OK(cuMemFree_v2(x));
  OK(cuMemFree_v2(y));
  OK(cuStreamDestroy_v2(s));
}

}  // namespace

}  // namespace gatun::emulator::driver_tests

int main() {
  using namespace gatun::emulator::driver_tests;
  setenv("GATUN_EMULATOR_ARCH", "80", 1);
  setenv("GATUN_EMULATOR_DEVICES", "2", 1);
  setenv("GATUN_EMULATOR_MEMORY", "67108864", 1);
  setenv("GATUN_EMULATOR_ASYNC", "late", 1);
  tells_what_it_is();
  contexts_are_counted_and_stacked();
  memory_is_bounded_and_checked();
  memory_stays_flat();
  copies_land_late();
  launches_run_and_are_checked();
  streams_and_events_order_work();
  if (kernels_are_checked) {
    a_fault_poisons_the_context();
  a_kernel_for_newer_devices_is_told();
    missing_order_is_found();
    memory_is_not_used_before_another_stream_gave_it();
    a_branch_without_join_is_found();
  }
  memory_follows_the_stream();
  streams_are_captured();
  captures_forbid_what_they_must();
  every_call_can_be_made_to_fail();
  devices_are_apart();
  threads_share_the_driver();
  many_operations_are_no_trouble();
  EQUAL(strlen(gatun_emulator_last_fault()), 0);
  std::printf("%d of %d cases passed\n", cases - failures, cases.load());
  return failures == 0 ? 0 : 1;
}
