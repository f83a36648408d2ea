#include "memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <deque>

#include "gatun/emulator/machine.h"

namespace gatun::emulator {

namespace {

constexpr size_t kSpan = size_t{1} << 30;

uintptr_t base() {
  static const auto mapped =
      reinterpret_cast<uintptr_t>(mmap(nullptr, kSpan, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  return mapped;
}

std::deque<Allocation> allocations;
uintptr_t used = 0;

}  // namespace

const Allocation* find_allocation(uintptr_t address) {
  const Allocation* found = nullptr;
  for (const Allocation& allocation : allocations) {
    if (allocation.base <= address) {
      found = &allocation;
    }
  }
  return found;
}

AddressRange device_addresses() { return AddressRange{base(), base() + kSpan}; }

namespace test {

void* allocate(size_t bytes) {
  const uintptr_t address = base() + used;
  used += (bytes + 512 + 255) / 256 * 256;
  std::memset(reinterpret_cast<void*>(address), 0xFF, bytes);
  allocations.push_back(Allocation{address, bytes, allocations.size() + 1, true, false});
  return reinterpret_cast<void*>(address);
}

void release(void* address) {
  for (Allocation& allocation : allocations) {
    if (allocation.base == reinterpret_cast<uintptr_t>(address)) {
      allocation.live = false;
    }
  }
}

void release_all() {
  allocations.clear();
  used = 0;
}

}  // namespace test
}  // namespace gatun::emulator
