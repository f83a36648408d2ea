// Streams and events, and work that nothing orders.
#include "driver_harness.h"

namespace gatun::emulator::driver_tests {

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

}  // namespace gatun::emulator::driver_tests
