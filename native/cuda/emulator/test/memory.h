// Device memory for the machine's own tests, in place of the driver's.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gatun::emulator::test {

// Fresh memory, filled with 0xFF, 256-byte aligned.
void* allocate(size_t bytes);
void release(void* address);
void release_all();

template <class T>
T* allocate_of(size_t count) {
  return static_cast<T*>(allocate(count * sizeof(T)));
}

}  // namespace gatun::emulator::test
