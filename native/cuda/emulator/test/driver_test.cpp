// The driver API over the machine: what programs rely on, and what the emulator must find.
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

namespace {

std::atomic<int> cases{0}, failures{0};

void expect_equal(long long is, long long should, const char* what, int line) {
  cases++;
  if (is == should) return;
  failures++;
  std::printf("FAILED line %d: %s is %lld, not %lld (%s)\n", line, what, is, should, gatun_emulator_last_fault());
}

#define EQUAL(IS, SHOULD) expect_equal(static_cast<long long>(IS), static_cast<long long>(SHOULD), #IS, __LINE__)
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

CUresult launch(CUfunction function, CUstream stream, const Params& params, unsigned grid = 2, unsigned threads = 32, unsigned shared = 0) {
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

CUdeviceptr allocate(size_t bytes) {
  CUdeviceptr address = 0;
  OK(cuMemAlloc_v2(&address, bytes));
  return address;
}

CUstream stream(unsigned flags = CU_STREAM_NON_BLOCKING) {
  CUstream made = nullptr;
  OK(cuStreamCreateWithPriority(&made, flags, 0));
  return made;
}

CUevent event(unsigned flags = CU_EVENT_DISABLE_TIMING) {
  CUevent made = nullptr;
  OK(cuEventCreate(&made, flags));
  return made;
}

std::vector<float> read(CUdeviceptr address, size_t count) {
  std::vector<float> values(count);
  OK(cuMemcpyDtoH_v2(values.data(), address, count * sizeof(float)));
  return values;
}

bool all(const std::vector<float>& values, float value) {
  return std::all_of(values.begin(), values.end(), [&](float one) { return one == value; });
}

bool last_fault_says(const char* text) { return strstr(gatun_emulator_last_fault(), text) != nullptr; }

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

void memory_is_bounded_and_checked() {
  Device device;
  size_t free_before, total, free_after;
  OK(cuMemGetInfo_v2(&free_before, &total));
  const CUdeviceptr a = allocate(1000), b = allocate(1001);
  EQUAL(a % 256, 0);
  EQUAL(b % 256, 0);
  TRUE(a + 1000 + 256 <= b || b + 1001 + 256 <= a);
  OK(cuMemGetInfo_v2(&free_after, &total));
  EQUAL(free_before - free_after, 2001);
  unsigned char bytes[1001] = {};
  OK(cuMemcpyDtoH_v2(bytes, b, 1001));
  TRUE(std::all_of(bytes, bytes + 1001, [](unsigned char one) { return one == 0xFF; }));
  EQUAL(cuMemcpyDtoH_v2(bytes, a, 1001), CUDA_ERROR_INVALID_VALUE);
  EQUAL(cuMemcpyHtoD_v2(a + 1, bytes, 1000), CUDA_ERROR_INVALID_VALUE);
  EQUAL(cuMemcpyHtoD_v2(a + 1000, bytes, 1), CUDA_ERROR_INVALID_VALUE);
  EQUAL(cuMemsetD8_v2(a - 1, 0, 4), CUDA_ERROR_INVALID_VALUE);
  EQUAL(cuMemsetD32_v2(a + 2, 0, 4), CUDA_ERROR_INVALID_VALUE);
  CUdeviceptr none = 0;
  EQUAL(cuMemAlloc_v2(&none, 0), CUDA_ERROR_INVALID_VALUE);
  EQUAL(cuMemAlloc_v2(&none, device_memory), CUDA_ERROR_OUT_OF_MEMORY);
  EQUAL(cuMemAlloc_v2(&none, SIZE_MAX), CUDA_ERROR_OUT_OF_MEMORY);
  EQUAL(cuMemFree_v2(a + 256), CUDA_ERROR_INVALID_VALUE);
  CUdeviceptr base;
  size_t size;
  OK(cuMemGetAddressRange_v2(&base, &size, b + 7));
  EQUAL(base, b);
  EQUAL(size, 1001);
  OK(cuMemFree_v2(a));
  EQUAL(cuMemFree_v2(a), CUDA_ERROR_INVALID_VALUE);
  EQUAL(cuMemcpyHtoD_v2(a, bytes, 1), CUDA_ERROR_INVALID_VALUE);
  OK(cuMemFree_v2(0));
  OK(cuMemFree_v2(b));
  void* pinned;
  OK(cuMemHostAlloc(&pinned, 4096, CU_MEMHOSTALLOC_DEVICEMAP));
  CUdeviceptr of_pinned;
  OK(cuMemHostGetDevicePointer_v2(&of_pinned, pinned, 0));
  unsigned type;
  OK(cuPointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, of_pinned));
  EQUAL(type, CU_MEMORYTYPE_HOST);
  OK(cuMemFreeHost(pinned));
  EQUAL(cuMemFreeHost(pinned), CUDA_ERROR_INVALID_VALUE);
  std::vector<float> host(256, 3);
  OK(cuMemHostRegister_v2(host.data(), 1024, 0));
  EQUAL(cuMemHostRegister_v2(host.data() + 8, 1024, 0), CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED);
  const CUdeviceptr y = allocate(1024);
  OK(launch(device.add, nullptr, {reinterpret_cast<CUdeviceptr>(host.data()), y, 256, 1}));
  TRUE(all(read(y, 256), 4));
  OK(cuMemFree_v2(y));
  OK(cuMemHostUnregister(host.data()));
  EQUAL(cuMemHostUnregister(host.data()), CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED);
}

void memory_stays_flat() {
  Device device;
  std::set<CUdeviceptr> seen;
  CUdeviceptr last = 0;
  bool at_once = false;
  for (int i = 0; i < 200000; i++) {
    CUdeviceptr address = 0;
    if (cuMemAlloc_v2(&address, 1 + static_cast<size_t>(i) * 7919 % 5000) != CUDA_SUCCESS || cuMemFree_v2(address) != CUDA_SUCCESS) {
      EQUAL(i, 200000);
      break;
    }
    at_once |= address == last;
    last = address;
    seen.insert(address);
  }
  TRUE(!at_once);
  // Addresses come back in the end, after having been kept apart for a while.
  TRUE(seen.size() < 100000 && seen.size() > 1000);
}

void copies_land_late() {
  Device device;
  const CUstream s = stream();
  const CUdeviceptr a = allocate(64);
  std::vector<unsigned char> pageable(64, 1), back(64, 0);
  unsigned char* pinned;
  OK(cuMemHostAlloc(reinterpret_cast<void**>(&pinned), 64, 0));
  // Pageable memory is read at once, pinned memory when the copy runs.
  OK(cuMemcpyHtoDAsync_v2(a, pageable.data(), 64, s));
  std::fill(pageable.begin(), pageable.end(), 2);
  OK(cuMemcpyDtoHAsync_v2(back.data(), a, 64, s));
  EQUAL(back[5], 0);
  OK(cuStreamSynchronize(s));
  EQUAL(back[5], 1);
  memset(pinned, 3, 64);
  OK(cuMemcpyHtoDAsync_v2(a, pinned, 64, s));
  memset(pinned, 4, 64);
  OK(cuMemcpyDtoHAsync_v2(back.data(), a, 64, s));
  int polls = 0;
  CUresult query;
  while ((query = cuStreamQuery(s)) == CUDA_ERROR_NOT_READY) polls++;
  OK(query);
  EQUAL(polls, 2);
  EQUAL(back[5], 4);
  // Rows.
  CUDA_MEMCPY2D rows = {};
  unsigned char matrix[24];
  for (int i = 0; i < 24; i++) matrix[i] = static_cast<unsigned char>(i);
  rows.srcMemoryType = CU_MEMORYTYPE_HOST;
  rows.srcHost = matrix;
  rows.srcPitch = 8;
  rows.srcXInBytes = 2;
  rows.dstMemoryType = CU_MEMORYTYPE_DEVICE;
  rows.dstDevice = a;
  rows.dstPitch = 4;
  rows.WidthInBytes = 3;
  rows.Height = 3;
  OK(cuMemsetD8Async(a, 9, 64, s));
  OK(cuMemcpy2DAsync_v2(&rows, s));
  OK(cuMemcpyDtoHAsync_v2(back.data(), a, 64, s));
  OK(cuStreamSynchronize(s));
  const unsigned char should[] = {2, 3, 4, 9, 10, 11, 12, 9, 18, 19, 20, 9};
  EQUAL(memcmp(back.data(), should, 12), 0);
  OK(cuMemsetD32Async(a, 0x01020304, 16, s));
  OK(cuMemsetD16Async(a, 0x0506, 1, s));
  OK(cuMemcpyDtoHAsync_v2(back.data(), a, 64, s));
  OK(cuStreamSynchronize(s));
  const unsigned char words[] = {6, 5, 2, 1, 4, 3, 2, 1};
  EQUAL(memcmp(back.data(), words, 8), 0);
  OK(cuMemFree_v2(a));
  OK(cuMemFreeHost(pinned));
  OK(cuStreamDestroy_v2(s));
  EQUAL(cuStreamSynchronize(s), CUDA_ERROR_INVALID_HANDLE);
}

void launches_run_and_are_checked() {
  Device device;
  const CUdeviceptr x = allocate(400), y = allocate(400);
  OK(launch(device.set, nullptr, {0, x, 100, 2}));
  OK(launch(device.add, nullptr, {x, y, 100, 5}));
  TRUE(all(read(y, 100), 7));
  EQUAL(launch(device.set, nullptr, {0, x, 100, 2}, 0), CUDA_ERROR_INVALID_VALUE);
  EQUAL(launch(device.set, nullptr, {0, x, 100, 2}, 1, 64), CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES);
  EQUAL(launch(device.set, nullptr, {0, x, 100, 2}, 1, 16), CUDA_ERROR_INVALID_VALUE);
  EQUAL(launch(device.set, nullptr, {0, x, 100, 2}, 1, 32, 49 << 10), CUDA_ERROR_INVALID_VALUE);
  OK(cuFuncSetAttribute(device.set, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 163 << 10));
  EQUAL(cuFuncSetAttribute(device.set, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 164 << 10), CUDA_ERROR_INVALID_VALUE);
  OK(launch(device.set, nullptr, {0, x, 100, 3}, 1, 32, 49 << 10));
  TRUE(all(read(x, 100), 3));
  CUlaunchAttribute attributes[2] = {};
  attributes[0].id = CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION;
  attributes[0].value.programmaticStreamSerializationAllowed = 1;
  attributes[1].id = CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION;
  attributes[1].value.clusterDim.x = 2;
  attributes[1].value.clusterDim.y = attributes[1].value.clusterDim.z = 1;
  CUlaunchConfig config = {2, 1, 1, 32, 1, 1, 0, nullptr, attributes, 1};
  Params params = {0, x, 100, 4};
  size_t size = sizeof params;
  void* extra[] = {CU_LAUNCH_PARAM_BUFFER_POINTER, &params, CU_LAUNCH_PARAM_BUFFER_SIZE, &size, CU_LAUNCH_PARAM_END};
  OK(cuLaunchKernelEx(&config, device.set, nullptr, extra));
  TRUE(all(read(x, 100), 4));
  config.numAttrs = 2;
  EQUAL(cuLaunchKernelEx(&config, device.set, nullptr, extra), CUDA_ERROR_INVALID_CLUSTER_SIZE);
  size = 8;
  config.numAttrs = 0;
  EQUAL(cuLaunchKernelEx(&config, device.set, nullptr, extra), CUDA_ERROR_INVALID_VALUE);
  int value = 0;
  OK(cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, device.set));
  EQUAL(value, 32);
  OK(cuOccupancyMaxActiveBlocksPerMultiprocessor(&value, device.set, 32, 40 << 10));
  EQUAL(value, 4);
  CUfunction none;
  EQUAL(cuModuleGetFunction(&none, device.module, "gatun_rms_norm"), CUDA_ERROR_NOT_FOUND);
  CUmodule module;
  EQUAL(cuModuleLoadData(&module, "\x50\xed\x55\xba fatbin"), CUDA_ERROR_NO_BINARY_FOR_GPU);
  EQUAL(cuModuleLoadData(&module, "gatun-emulated no_such_unit\n"), CUDA_ERROR_NO_BINARY_FOR_GPU);
  OK(cuModuleLoadDataEx(&module, "gatun-emulated driver_kernels\n", 0, nullptr, nullptr));
  OK(cuModuleGetFunction(&none, module, "gatun_driver_set"));
  OK(cuModuleUnload(module));
  EQUAL(launch(none, nullptr, {0, x, 1, 0}), CUDA_ERROR_INVALID_HANDLE);
  OK(cuMemFree_v2(x));
  OK(cuMemFree_v2(y));
}

void a_fault_poisons_the_context() {
  Device device;
  const CUstream s = stream();
  const CUdeviceptr x = allocate(400);
  OK(launch(device.set, s, {0, x, 101, 2}));
  EQUAL(cuStreamSynchronize(s), CUDA_ERROR_ILLEGAL_ADDRESS);
  CUdeviceptr other = 0;
  EQUAL(cuMemAlloc_v2(&other, 4), CUDA_ERROR_ILLEGAL_ADDRESS);
  EQUAL(launch(device.set, s, {0, x, 1, 2}), CUDA_ERROR_ILLEGAL_ADDRESS);
  const char* text = nullptr;
  OK(cuGetErrorString(CUDA_ERROR_ILLEGAL_ADDRESS, &text));
  TRUE(strncmp(text, "an illegal memory access was encountered: ", 42) == 0);
  TRUE(strstr(text, "gatun_driver_set") != nullptr);
  TRUE(strstr(text, "allocation") != nullptr);
  CUcontext again;
  EQUAL(cuDevicePrimaryCtxRetain(&again, 0), CUDA_ERROR_ILLEGAL_ADDRESS);
  // What is given back is gone, and the call tells all the same.
  EQUAL(cuMemFree_v2(x), CUDA_ERROR_ILLEGAL_ADDRESS);
  EQUAL(cuStreamDestroy_v2(s), CUDA_ERROR_ILLEGAL_ADDRESS);
  EQUAL(gatun_emulator_live("allocations"), 0);
  EQUAL(gatun_emulator_live("streams"), 0);
  gatun_emulator_reset_faults();
  OK(cuGetErrorString(CUDA_ERROR_ILLEGAL_ADDRESS, &text));
  EQUAL(strcmp(text, "an illegal memory access was encountered"), 0);
}

void streams_and_events_order_work() {
  Device device;
  const CUstream a = stream(), b = stream();
  const CUdeviceptr x = allocate(4000), y = allocate(4000);
  const CUevent e = event(), start = event(0), end = event(0);
  for (int round = 0; round < 20; round++) {
    gatun_emulator_seed(static_cast<unsigned>(round));
    OK(cuEventRecord(start, a));
    OK(launch(device.set, a, {0, x, 1000, static_cast<float>(round)}));
    OK(cuEventRecord(e, a));
    OK(cuStreamWaitEvent(b, e, 0));
    OK(launch(device.add, b, {x, y, 1000, 1}));
    OK(cuEventRecord(end, b));
    EQUAL(gatun_emulator_live("pending"), 6);
    EQUAL(cuEventQuery(end), CUDA_ERROR_NOT_READY);
    float milliseconds = -1;
    EQUAL(cuEventElapsedTime(&milliseconds, start, end), CUDA_ERROR_NOT_READY);
    OK(cuEventSynchronize(end));
    OK(cuEventElapsedTime(&milliseconds, start, end));
    TRUE(milliseconds > 0);
    EQUAL(cuEventElapsedTime(&milliseconds, start, e), CUDA_ERROR_INVALID_HANDLE);
    TRUE(all(read(y, 1000), static_cast<float>(round + 1)));
  }
  OK(cuEventDestroy_v2(e));
  OK(cuEventDestroy_v2(start));
  OK(cuEventDestroy_v2(end));
  EQUAL(cuEventQuery(e), CUDA_ERROR_INVALID_HANDLE);
  // A stream's work goes on when its handle is gone, and the legacy stream waits for it if the stream was a blocking one.
  const CUstream blocking = stream(0);
  OK(launch(device.set, blocking, {0, x, 1000, 77}));
  OK(cuStreamDestroy_v2(blocking));
  TRUE(all(read(x, 1000), 77));
  static int calls = 0;
  calls = 0;
  int handed = 7;
  OK(cuLaunchHostFunc(
      a, [](void* data) { calls += *static_cast<int*>(data) + (cuCtxSynchronize() == CUDA_ERROR_NOT_PERMITTED); }, &handed));
  EQUAL(calls, 0);
  OK(cuStreamSynchronize(a));
  EQUAL(calls, handed + 1);
  OK(cuStreamDestroy_v2(a));
  OK(cuStreamDestroy_v2(b));
  OK(cuMemFree_v2(x));
  OK(cuMemFree_v2(y));
}

// Runs work of two streams under several seeds and counts how often a missing order was found.
template <class Work>
int found(Work work) {
  int times = 0;
  for (unsigned seed = 0; seed < 8; seed++) {
    Device device;
    gatun_emulator_seed(seed);
    const CUstream a = stream(), b = stream();
    const CUdeviceptr x = allocate(4000), y = allocate(4000);
    work(device, a, b, x, y);
    const CUresult result = cuCtxSynchronize();
    if (result == CUDA_ERROR_LAUNCH_FAILED && last_fault_says("missing stream order")) times++;
    if (result != CUDA_SUCCESS) gatun_emulator_reset_faults();
    OK(cuStreamDestroy_v2(a));
    OK(cuStreamDestroy_v2(b));
    OK(cuMemFree_v2(x));
    OK(cuMemFree_v2(y));
  }
  return times;
}

void missing_order_is_found() {
  std::vector<float> host(1000, 1);
  const auto kernels = [](Device& d, CUstream a, CUstream b, CUdeviceptr x, CUdeviceptr y) {
    OK(launch(d.set, a, {0, x, 1000, 1}));
    OK(launch(d.add, b, {x, y, 1000, 1}));
  };
  EQUAL(found(kernels), 8);
  EQUAL(found([&](Device& d, CUstream a, CUstream b, CUdeviceptr x, CUdeviceptr) {
          OK(cuMemsetD8Async(x, 0, 4000, a));
          OK(launch(d.set, b, {0, x + 3996, 1, 1}));
        }),
        8);
  EQUAL(found([&](Device&, CUstream a, CUstream b, CUdeviceptr x, CUdeviceptr y) {
          OK(cuMemcpyHtoDAsync_v2(x, host.data(), 400, a));
          OK(cuMemcpyDtoDAsync_v2(y, x + 396, 400, b));
        }),
        8);
  // A copy from pageable memory may still be on its way to the device when the call without a stream returns.
  EQUAL(found([&](Device& d, CUstream a, CUstream, CUdeviceptr x, CUdeviceptr y) {
          OK(cuMemcpyHtoD_v2(x, host.data(), 4000));
          OK(launch(d.add, a, {x, y, 1000, 1}));
        }),
        8);
  // Neighbouring bytes, reads alone, and whatever an event, the host or the legacy stream orders are no conflict.
  EQUAL(found([&](Device& d, CUstream a, CUstream b, CUdeviceptr x, CUdeviceptr y) {
          OK(launch(d.set, a, {0, x, 501, 1}));
          OK(launch(d.set, b, {0, x + 2004, 499, 1}));
          OK(cuMemcpyDtoDAsync_v2(y, x + 2004, 1996, b));
          OK(cuMemcpyDtoDAsync_v2(y + 1996, x, 2004, a));
        }),
        0);
  EQUAL(found([&](Device& d, CUstream a, CUstream b, CUdeviceptr x, CUdeviceptr y) {
          OK(cuMemsetD8Async(x, 0, 4000, a));
          OK(cuStreamSynchronize(a));
          OK(launch(d.add, a, {x, y, 500, 1}));
          OK(launch(d.add, b, {x, y + 2000, 500, 1}));
        }),
        0);
  EQUAL(found([&](Device& d, CUstream a, CUstream b, CUdeviceptr x, CUdeviceptr y) {
          const CUevent e = event();
          OK(launch(d.set, a, {0, x, 1000, 1}));
          OK(cuEventRecord(e, a));
          OK(cuStreamWaitEvent(b, e, 0));
          OK(launch(d.add, b, {x, y, 1000, 1}));
          OK(cuEventDestroy_v2(e));
        }),
        0);
  EQUAL(found([&](Device& d, CUstream, CUstream, CUdeviceptr x, CUdeviceptr y) {
          const CUstream c = stream(0), e = stream(0);
          OK(launch(d.set, c, {0, x, 1000, 1}));
          OK(launch(d.add, nullptr, {x, y, 1000, 1}));
          OK(launch(d.set, e, {0, x, 1000, 1}));
          OK(cuStreamDestroy_v2(c));
          OK(cuStreamDestroy_v2(e));
        }),
        0);
}

void memory_is_not_used_before_another_stream_gave_it() {
  EQUAL(found([&](Device& d, CUstream a, CUstream b, CUdeviceptr, CUdeviceptr) {
          CUdeviceptr x;
          OK(cuMemAllocAsync(&x, 4000, a));
          OK(cuStreamSynchronize(a));
          OK(launch(d.set, b, {0, x, 1000, 1}));
          OK(cuMemFreeAsync(x, a));
        }) > 0,
        true);
}

void memory_follows_the_stream() {
  Device device;
  const CUstream a = stream();
  CUmemoryPool pool, fallback;
  CUmemPoolProps properties = {};
  properties.allocType = CU_MEM_ALLOCATION_TYPE_PINNED;
  properties.location = {CU_MEM_LOCATION_TYPE_DEVICE, 0};
  OK(cuMemPoolCreate(&pool, &properties));
  OK(cuDeviceGetDefaultMemPool(&fallback, 0));
  EQUAL(cuMemPoolDestroy(fallback), CUDA_ERROR_INVALID_VALUE);
  EQUAL(gatun_emulator_live("pools"), 1);
  uint64_t threshold = 1 << 20, used = 0;
  OK(cuMemPoolSetAttribute(pool, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &threshold));
  CUdeviceptr x = 0, y = 0;
  OK(cuMemAllocFromPoolAsync(&x, 4000, pool, a));
  OK(cuMemPoolGetAttribute(pool, CU_MEMPOOL_ATTR_USED_MEM_CURRENT, &used));
  EQUAL(used, 4000);
  OK(cuMemAllocAsync(&y, 4000, a));
  OK(launch(device.set, a, {0, x, 1000, 1}));
  OK(launch(device.add, a, {x, y, 1000, 1}));
  OK(cuMemFreeAsync(x, a));
  EQUAL(cuMemFreeAsync(x, a), CUDA_ERROR_INVALID_VALUE);
  std::vector<float> back(1000);
  OK(cuMemcpyDtoHAsync_v2(back.data(), y, 4000, a));
  OK(cuMemFreeAsync(y, a));
  EQUAL(gatun_emulator_live("allocations"), 0);
  OK(cuStreamSynchronize(a));
  TRUE(all(back, 2));
  // More than the device has, one after the other, is no trouble in one stream.
  for (int i = 0; i < 5; i++) {
    OK(cuMemAllocAsync(&x, device_memory * 3 / 4, a));
    OK(cuMemFreeAsync(x, a));
  }
  EQUAL(cuMemAllocAsync(&x, device_memory + 1, a), CUDA_ERROR_OUT_OF_MEMORY);
  if (kernels_are_checked) {
    // Used behind its free.
    OK(cuMemAllocAsync(&x, 4000, a));
    OK(cuMemFreeAsync(x, a));
    OK(launch(device.set, a, {0, x, 1000, 1}));
    EQUAL(cuStreamSynchronize(a), CUDA_ERROR_ILLEGAL_ADDRESS);
    gatun_emulator_reset_faults();
  }
  OK(cuStreamDestroy_v2(a));
  OK(cuMemPoolDestroy(pool));
  EQUAL(gatun_emulator_live("pools"), 0);
}

void streams_are_captured() {
  Device device;
  const CUstream a = stream(), b = stream();
  const CUdeviceptr x = allocate(4000), y = allocate(4000), z = allocate(4000);
  const CUevent fork = event(), join = event();
  CUstreamCaptureStatus status;
  CUgraph graph;
  OK(cuStreamBeginCapture_v2(a, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
  EQUAL(cuStreamBeginCapture_v2(a, CU_STREAM_CAPTURE_MODE_RELAXED), CUDA_ERROR_ILLEGAL_STATE);
  OK(cuStreamIsCapturing(a, &status));
  EQUAL(status, CU_STREAM_CAPTURE_STATUS_ACTIVE);
  OK(launch(device.set, a, {0, x, 1000, 1}));
  OK(cuEventRecord(fork, a));
  OK(cuStreamWaitEvent(b, fork, 0));
  OK(launch(device.add, b, {x, y, 1000, 1}));
  OK(launch(device.add, a, {x, z, 1000, 2}));
  OK(cuEventRecord(join, b));
  OK(cuStreamWaitEvent(a, join, 0));
  OK(launch(device.add, a, {y, z, 1000, 10}));
  EQUAL(cuStreamEndCapture(b, &graph), CUDA_ERROR_STREAM_CAPTURE_UNMATCHED);
  EQUAL(cuStreamEndCapture(a, &graph), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
  TRUE(graph == nullptr);
  EQUAL(gatun_emulator_live("graphs"), 0);
  const auto capture = [&](float value, bool more) {
    CUgraph made = nullptr;
    OK(cuStreamBeginCapture_v2(a, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
    OK(launch(device.set, a, {0, x, 1000, value}));
    OK(cuEventRecord(fork, a));
    OK(cuStreamWaitEvent(b, fork, 0));
    OK(launch(device.add, b, {x, y, 1000, 1}));
    OK(launch(device.add, a, {x, z, 1000, 2}));
    OK(cuEventRecord(join, b));
    OK(cuStreamWaitEvent(a, join, 0));
    OK(launch(device.add, a, {y, z, 1000, 10}));
    if (more) OK(cuMemsetD8Async(x, 0, 4000, a));
    OK(cuStreamEndCapture(a, &made));
    return made;
  };
  graph = capture(1, false);
  size_t count = 0;
  OK(cuGraphGetNodes(graph, nullptr, &count));
  EQUAL(count, 4);
  CUgraphNode nodes[4];
  OK(cuGraphGetNodes(graph, nodes, &count));
  OK(cuGraphNodeGetDependencies_v2(nodes[3], nullptr, nullptr, &count));
  EQUAL(count, 2);
  CUgraphNodeType type = -1;
  OK(cuGraphNodeGetType(nodes[0], &type));
  EQUAL(type, CU_GRAPH_NODE_TYPE_KERNEL);
  CUgraphExec executable;
  OK(cuGraphInstantiateWithFlags(&executable, graph, 0));
  OK(cuGraphUpload(executable, a));
  // Nothing has run yet.
  EQUAL(gatun_emulator_live("pending"), 0);
  for (unsigned round = 0; round < 20; round++) {
    gatun_emulator_seed(round);
    OK(cuMemsetD8Async(z, 0, 4000, a));
    OK(cuGraphLaunch(executable, a));
    OK(cuStreamSynchronize(a));
    TRUE(all(read(z, 1000), 12));
  }
  CUgraphExecUpdateResultInfo info;
  const CUgraph next = capture(5, false), longer = capture(5, true);
  EQUAL(cuGraphExecUpdate_v2(executable, longer, &info), CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE);
  EQUAL(info.result, CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED);
  OK(cuGraphExecUpdate_v2(executable, next, &info));
  OK(cuGraphLaunch(executable, a));
  OK(cuStreamSynchronize(a));
  TRUE(all(read(z, 1000), 16));
  CUDA_KERNEL_NODE_PARAMS p;
  OK(cuGraphKernelNodeGetParams_v2(nodes[0], &p));
  TRUE(p.func == device.set);
  EQUAL(p.gridDimX, 2);
  Params changed = *static_cast<Params*>(p.kernelParams[0]);
  EQUAL(changed.value, 1);
  changed.value = 100;
  void* parameters[] = {&changed};
  p.kernelParams = parameters;
  OK(cuGraphExecKernelNodeSetParams_v2(executable, nodes[0], &p));
  OK(cuGraphLaunch(executable, a));
  OK(cuGraphLaunch(executable, b));
  OK(cuCtxSynchronize());
  TRUE(all(read(z, 1000), 111));
  OK(cuGraphDestroy(graph));
  EQUAL(cuGraphDestroy(graph), CUDA_ERROR_INVALID_VALUE);
  OK(cuGraphDestroy(next));
  OK(cuGraphDestroy(longer));
  OK(cuGraphLaunch(executable, a));
  OK(cuGraphExecDestroy(executable));
  OK(cuStreamSynchronize(a));
  EQUAL(cuGraphLaunch(executable, a), CUDA_ERROR_INVALID_VALUE);
  EQUAL(gatun_emulator_live("graphs"), 0);
  EQUAL(gatun_emulator_live("graph_execs"), 0);
  OK(cuEventDestroy_v2(fork));
  OK(cuEventDestroy_v2(join));
  OK(cuMemFree_v2(x));
  OK(cuMemFree_v2(y));
  OK(cuMemFree_v2(z));
  OK(cuStreamDestroy_v2(a));
  OK(cuStreamDestroy_v2(b));
}

void a_branch_without_join_is_found() {
  Device device;
  CUgraph graph, child;
  OK(cuGraphCreate(&graph, 0));
  OK(cuGraphCreate(&child, 0));
  const CUdeviceptr x = allocate(4000), y = allocate(4000);
  Params set = {0, x, 1000, 1}, add = {x, y, 1000, 1};
  void* set_parameters[] = {&set};
  void* add_parameters[] = {&add};
  const CUDA_KERNEL_NODE_PARAMS first = {device.set, 2, 1, 1, 32, 1, 1, 0, set_parameters, nullptr, nullptr, nullptr};
  const CUDA_KERNEL_NODE_PARAMS second = {device.add, 2, 1, 1, 32, 1, 1, 0, add_parameters, nullptr, nullptr, nullptr};
  CUgraphNode node, other;
  OK(cuGraphAddKernelNode_v2(&node, child, nullptr, 0, &first));
  OK(cuGraphAddKernelNode_v2(&other, child, nullptr, 0, &second));
  OK(cuGraphAddChildGraphNode(&node, graph, nullptr, 0, child));
  CUgraphExec executable;
  OK(cuGraphInstantiateWithFlags(&executable, graph, 0));
  OK(cuGraphLaunch(executable, nullptr));
  EQUAL(cuCtxSynchronize(), CUDA_ERROR_LAUNCH_FAILED);
  TRUE(last_fault_says("missing stream order"));
  TRUE(last_fault_says("gatun_driver_set"));
  TRUE(last_fault_says("gatun_driver_add"));
  gatun_emulator_reset_faults();
  OK(cuGraphExecDestroy(executable));
  CUgraphNode from, to;
  size_t count = 2;
  CUgraphNode both[2];
  OK(cuGraphGetNodes(child, both, &count));
  from = both[0];
  to = both[1];
  OK(cuGraphAddDependencies_v2(child, &from, &to, nullptr, 1));
  OK(cuGraphDestroyNode(node));
  OK(cuGraphAddChildGraphNode(&node, graph, nullptr, 0, child));
  OK(cuGraphInstantiateWithFlags(&executable, graph, 0));
  OK(cuGraphLaunch(executable, nullptr));
  OK(cuCtxSynchronize());
  TRUE(all(read(y, 1000), 2));
  OK(cuGraphAddDependencies_v2(child, &to, &from, nullptr, 1));
  CUgraphExec circle;
  EQUAL(cuGraphInstantiateWithFlags(&circle, child, 0), CUDA_ERROR_INVALID_VALUE);
  OK(cuGraphExecDestroy(executable));
  OK(cuGraphDestroy(child));
  OK(cuGraphDestroy(graph));
  OK(cuMemFree_v2(x));
  OK(cuMemFree_v2(y));
}

void captures_forbid_what_they_must() {
  Device device;
  const CUstream a = stream(), b = stream(), blocking = stream(0);
  const CUdeviceptr x = allocate(4000);
  const CUevent e = event();
  CUgraph graph;
  CUdeviceptr address;
  const auto spoiled = [&](CUstream s) {
    CUstreamCaptureStatus status;
    OK(cuStreamIsCapturing(s, &status));
    EQUAL(status, CU_STREAM_CAPTURE_STATUS_INVALIDATED);
    EQUAL(launch(device.set, s, {0, x, 1, 1}), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
    EQUAL(cuStreamEndCapture(s, &graph), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
    OK(cuStreamIsCapturing(s, &status));
    EQUAL(status, CU_STREAM_CAPTURE_STATUS_NONE);
  };
  EQUAL(cuStreamEndCapture(a, &graph), CUDA_ERROR_ILLEGAL_STATE);
  EQUAL(cuStreamBeginCapture_v2(nullptr, CU_STREAM_CAPTURE_MODE_GLOBAL), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  OK(cuStreamBeginCapture_v2(a, CU_STREAM_CAPTURE_MODE_GLOBAL));
  EQUAL(cuStreamSynchronize(a), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  spoiled(a);
  OK(cuStreamBeginCapture_v2(a, CU_STREAM_CAPTURE_MODE_GLOBAL));
  EQUAL(cuMemAlloc_v2(&address, 4), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  spoiled(a);
  OK(cuStreamBeginCapture_v2(a, CU_STREAM_CAPTURE_MODE_RELAXED));
  OK(cuMemAlloc_v2(&address, 4));
  OK(cuMemFree_v2(address));
  OK(cuStreamEndCapture(a, &graph));
  OK(cuGraphDestroy(graph));
  OK(cuStreamBeginCapture_v2(blocking, CU_STREAM_CAPTURE_MODE_RELAXED));
  EQUAL(launch(device.set, nullptr, {0, x, 1, 1}), CUDA_ERROR_STREAM_CAPTURE_IMPLICIT);
  spoiled(blocking);
  OK(cuEventRecord(e, b));
  OK(cuStreamBeginCapture_v2(a, CU_STREAM_CAPTURE_MODE_RELAXED));
  EQUAL(cuStreamWaitEvent(a, e, 0), CUDA_ERROR_STREAM_CAPTURE_ISOLATION);
  spoiled(a);
  OK(cuStreamBeginCapture_v2(a, CU_STREAM_CAPTURE_MODE_RELAXED));
  OK(cuEventRecord(e, a));
  EQUAL(cuEventQuery(e), CUDA_ERROR_CAPTURED_EVENT);
  spoiled(a);
  OK(cuStreamBeginCapture_v2(a, CU_STREAM_CAPTURE_MODE_RELAXED));
  OK(cuEventRecord(e, a));
  OK(cuStreamWaitEvent(b, e, 0));
  OK(launch(device.set, b, {0, x, 1, 1}));
  EQUAL(cuStreamEndCapture(a, &graph), CUDA_ERROR_STREAM_CAPTURE_UNJOINED);
  OK(cuStreamBeginCapture_v2(a, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
  std::thread([&] {
    OK(cuCtxSetCurrent(device.context));
    CUgraph none;
    EQUAL(cuStreamEndCapture(a, &none), CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD);
    CUdeviceptr other;
    OK(cuMemAlloc_v2(&other, 4));
    OK(cuMemFree_v2(other));
  }).join();
  OK(cuStreamEndCapture(a, &graph));
  OK(cuGraphDestroy(graph));
  // A stream that is captured when it is destroyed leaves nothing behind.
  OK(cuStreamBeginCapture_v2(a, CU_STREAM_CAPTURE_MODE_GLOBAL));
  OK(cuStreamDestroy_v2(a));
  EQUAL(gatun_emulator_live("graphs"), 0);
  OK(cuEventDestroy_v2(e));
  OK(cuMemFree_v2(x));
  OK(cuStreamDestroy_v2(b));
  OK(cuStreamDestroy_v2(blocking));
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

int main() {
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
    missing_order_is_found();
    memory_follows_the_stream();
    memory_is_not_used_before_another_stream_gave_it();
    a_branch_without_join_is_found();
  }
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
