// Tensors of small numbers that are exact in every type, and maps of them, for the tests of the copy engine and warpgroups.
#pragma once

#include <cstdlib>

#include "gatun/emulator/tensor_map.h"
#include "harness.h"

namespace gatun::emulator::test {

enum Element { kBf16, kF16, kE4m3, kF32 };

// 0, or 1 to 1.75 times a power of two, of both signs.
inline float value(int i) { return static_cast<float>((i * 29 + i / 7 + i / 64 * 5) % 15 - 7) / 4; }

inline uint32_t bits_of(float value, Element element) {
  if (value == 0) {
    return 0;
  }
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  const uint32_t sign = bits >> 31;
  const uint32_t exponent = (bits >> 23 & 0xFF) - 127;
  const uint32_t fraction = bits & 0x7FFFFF;
  switch (element) {
    case kBf16: return bits >> 16;
    case kF16: return sign << 15 | (exponent + 15) << 10 | fraction >> 13;
    case kE4m3: return sign << 7 | (exponent + 7) << 3 | fraction >> 20;
    default: return bits;
  }
}

inline size_t bytes_of(Element element) { return element == kE4m3 ? 1 : element == kF32 ? 4 : 2; }

// A map of a tensor [rows, width] of elements that lie densely, and its boxes; the swizzle as in CUtensorMapSwizzle.
inline TensorMap map_of(const void* tensor, Element element, uint32_t width, uint32_t rows, unsigned box_width, unsigned box_rows, unsigned swizzle) {
  TensorMap map{};
  map.magic = TensorMap::expected_magic;
  map.address = reinterpret_cast<uintptr_t>(tensor);
  map.strides[0] = width * bytes_of(element);
  map.sizes[0] = width - 1;
  map.sizes[1] = rows - 1;
  map.box[0] = static_cast<uint16_t>(box_width);
  map.box[1] = static_cast<uint16_t>(box_rows);
  map.element_strides[0] = map.element_strides[1] = 1;
  map.element_bytes = static_cast<uint8_t>(bytes_of(element));
  map.rank = 2;
  map.swizzle = static_cast<uint8_t>(swizzle);
  return map;
}

// A tensor [rows, width] whose element (r, k) is value((r * width + k) * seed), or its transpose.
inline uint8_t* fill(Element element, int rows, int width, int seed, bool transposed) {
  auto* const memory = allocate_of<uint8_t>(static_cast<size_t>(rows * width) * bytes_of(element));
  for (int r = 0; r < rows; r++) {
    for (int k = 0; k < width; k++) {
      const uint32_t bits = bits_of(value((r * width + k) * seed), element);
      const size_t at = static_cast<size_t>(transposed ? k * rows + r : r * width + k) * bytes_of(element);
      std::memcpy(memory + at, &bits, bytes_of(element));
    }
  }
  return memory;
}

// Launches of ring.cu's kernels.
std::optional<Fault> run_ring(const char* symbol);
std::optional<Fault> run_pipe(const char* symbol);

// Whether wrong kernels may be run: what is not checked for ends in a crash, and under a sanitizer the machine does not see what kernels access.
inline bool checks_all() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return false;
#endif
  const char* const checks = std::getenv("GATUN_EMULATOR_CHECKS");
  return checks == nullptr || std::strcmp(checks, "all") == 0;
}

}  // namespace gatun::emulator::test
