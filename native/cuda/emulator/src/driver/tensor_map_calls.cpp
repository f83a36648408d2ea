// Tensor maps: descriptions of tensors for TMA. What is written is the emulator's own encoding, which only its machine reads.
#include <cstring>

#include "driver.h"
#include "gatun/emulator/tensor_map.h"

using namespace gatun::emulator;
using namespace gatun::emulator::driver;

namespace {

// Bytes of an element by CUtensorMapDataType.
unsigned element_bytes(int type) {
  static const unsigned bytes[] = {1, 2, 4, 4, 8, 8, 2, 4, 8, 2, 4, 4, 4};
  return type >= 0 && type < 13 ? bytes[type] : 0;
}

}  // namespace

// The limits are those that the driver API documents for cuTensorMapEncodeTiled.
GATUN_DRIVER_FUNCTION(cuTensorMapEncodeTiled, (CUtensorMap * map, int type, uint32_t rank, void* address, const uint64_t* sizes, const uint64_t* strides,
                                               const uint32_t* box, const uint32_t* element_strides, int interleave, int swizzle, int promotion, int fill)) {
  GATUN_ENTER(cuTensorMapEncodeTiled, needs_init);
  if (entry.driver.architecture < 90) return CUDA_ERROR_NOT_SUPPORTED;
  const unsigned element = element_bytes(type);
  const uintptr_t base = reinterpret_cast<uintptr_t>(address);
  if (map == nullptr || reinterpret_cast<uintptr_t>(map) % 64 != 0 || element == 0 || rank < 1 || rank > 5 || base == 0) return CUDA_ERROR_INVALID_VALUE;
  if (sizes == nullptr || box == nullptr || element_strides == nullptr || (strides == nullptr && rank > 1)) return CUDA_ERROR_INVALID_VALUE;
  if (interleave < 0 || interleave > 2 || swizzle < 0 || swizzle > 6 || promotion < 0 || promotion > 3 || fill < 0 || fill > 1) return CUDA_ERROR_INVALID_VALUE;
  if (interleave != 0 && rank < 3) return CUDA_ERROR_INVALID_VALUE;
  const unsigned alignment = interleave == 2 ? 32 : 16;
  if (base % alignment != 0) return CUDA_ERROR_INVALID_VALUE;
  if (fill == 1 && !(type >= 6 && type != 8)) return CUDA_ERROR_INVALID_VALUE;
  for (uint32_t i = 0; i < rank; i++) {
    if (sizes[i] == 0 || sizes[i] > uint64_t(1) << 32 || box[i] == 0 || box[i] > 256 || element_strides[i] == 0 || element_strides[i] > 8) {
      return CUDA_ERROR_INVALID_VALUE;
    }
    if (i + 1 < rank) {
      if (strides[i] % alignment != 0 || strides[i] >= uint64_t(1) << 40) return CUDA_ERROR_INVALID_VALUE;
      const uint64_t least = i == 0 ? sizes[0] * element : strides[i - 1];
      if (strides[i] < least) return CUDA_ERROR_INVALID_VALUE;
    }
  }
  const uint64_t inner = uint64_t(box[0]) * element;
  if (interleave == 0 && inner % 16 != 0) return CUDA_ERROR_INVALID_VALUE;
  static const unsigned widths[] = {0, 32, 64, 128, 128, 128, 128};
  if (interleave == 0 && swizzle != 0 && inner > widths[swizzle]) return CUDA_ERROR_INVALID_VALUE;
  if (interleave == 2 && swizzle != 1) return CUDA_ERROR_INVALID_VALUE;
  TensorMap made = {};
  made.magic = TensorMap::expected_magic;
  made.address = base;
  made.element_bytes = static_cast<uint8_t>(element);
  made.type = static_cast<uint8_t>(type);
  made.rank = static_cast<uint8_t>(rank);
  made.interleave = static_cast<uint8_t>(interleave);
  made.swizzle = static_cast<uint8_t>(swizzle);
  made.fill = static_cast<uint8_t>(fill);
  for (uint32_t i = 0; i < rank; i++) {
    made.sizes[i] = static_cast<uint32_t>(sizes[i] - 1);
    made.box[i] = static_cast<uint16_t>(box[i]);
    made.element_strides[i] = static_cast<uint8_t>(element_strides[i]);
    if (i + 1 < rank) made.strides[i] = strides[i];
  }
  memcpy(map, &made, sizeof made);
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuTensorMapReplaceAddress, (CUtensorMap * map, void* address)) {
  GATUN_ENTER(cuTensorMapReplaceAddress, needs_init);
  const uintptr_t base = reinterpret_cast<uintptr_t>(address);
  if (map == nullptr || base == 0) return CUDA_ERROR_INVALID_VALUE;
  TensorMap of;
  memcpy(&of, map, sizeof of);
  if (of.magic != TensorMap::expected_magic || base % (of.interleave == 2 ? 32 : 16) != 0) return CUDA_ERROR_INVALID_VALUE;
  of.address = base;
  memcpy(map, &of, sizeof of);
  return CUDA_SUCCESS;
}
