// Device memory for the tests of the machine, from the driver's reservation but without a context.
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
