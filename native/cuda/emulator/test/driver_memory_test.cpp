// Memory: bounds, what is checked, when copies land, launches over it.
#include "driver_harness.h"

namespace gatun::emulator::driver_tests {

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

void a_kernel_for_newer_devices_is_told() {
  Device device;
  const CUstream s = stream();
  CUfunction newer = nullptr;
  OK(cuModuleGetFunction(&newer, device.module, "gatun_driver_nothing_new"));
  OK(launch(newer, s, {}));
  EQUAL(cuStreamSynchronize(s), CUDA_ERROR_ILLEGAL_INSTRUCTION);
  TRUE(last_fault_says("gatun_driver_nothing_new runs on compute capability 9.0 and up; this device has 8.0"));
  EQUAL(cuStreamDestroy_v2(s), CUDA_ERROR_ILLEGAL_INSTRUCTION);
  gatun_emulator_reset_faults();
}

}  // namespace gatun::emulator::driver_tests
