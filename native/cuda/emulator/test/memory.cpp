#include "memory.h"

#include <cstdio>
#include <cstdlib>
#include <vector>

extern "C" {
int cuInit(unsigned flags);
int cuDevicePrimaryCtxRetain(void** context, int device);
int cuCtxSetCurrent(void* context);
int cuMemAlloc_v2(uint64_t* address, size_t bytes);
int cuMemFree_v2(uint64_t address);
}

namespace gatun::emulator::test {

namespace {

std::vector<void*> allocations;

void must(int result, const char* call) {
  if (result != 0) {
    std::printf("FAILED %s gave %d\n", call, result);
    std::exit(1);
  }
}

void open_device() {
  static bool open = false;
  if (!open) {
    void* context = nullptr;
    must(cuInit(0), "cuInit");
    must(cuDevicePrimaryCtxRetain(&context, 0), "cuDevicePrimaryCtxRetain");
    must(cuCtxSetCurrent(context), "cuCtxSetCurrent");
    open = true;
  }
}

}  // namespace

void* allocate(size_t bytes) {
  open_device();
  uint64_t address = 0;
  must(cuMemAlloc_v2(&address, bytes), "cuMemAlloc");
  allocations.push_back(reinterpret_cast<void*>(address));
  return allocations.back();
}

void release(void* address) {
  must(cuMemFree_v2(reinterpret_cast<uint64_t>(address)), "cuMemFree");
  for (void*& known : allocations) {
    known = known == address ? nullptr : known;
  }
}

void release_all() {
  for (void* const address : allocations) {
    if (address != nullptr) {
      must(cuMemFree_v2(reinterpret_cast<uint64_t>(address)), "cuMemFree");
    }
  }
  allocations.clear();
}

}  // namespace gatun::emulator::test
