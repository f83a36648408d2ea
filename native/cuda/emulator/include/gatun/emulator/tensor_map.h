// The emulator's own content of a CUtensorMap.
#pragma once

#include <cstdint>

namespace gatun::emulator {

struct TensorMap {
  static constexpr uint64_t expected_magic = 0x70616D2E6E757461;  // "atun.map"
  uint64_t magic;
  uint64_t address;
  uint64_t strides[4];         // in bytes, of all dimensions but the innermost
  uint32_t sizes[5];           // less one
  uint16_t box[5];
  uint8_t element_strides[5];
  uint8_t element_bytes, type, rank, interleave, swizzle, fill;
  uint8_t unused[39];
};
static_assert(sizeof(TensorMap) == 128, "as large as a CUtensorMap");

}  // namespace gatun::emulator
