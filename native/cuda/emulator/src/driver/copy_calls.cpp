// Copies and memsets. Each is an operation of a stream; the forms without a stream are operations of the legacy stream.
#include <cstring>

#include "driver.h"

using namespace gatun::emulator::driver;

namespace {

// What a call says of an end of a copy: any address, device memory or host memory.
enum class End { any, device, host };

struct Ends {
  End to, from;
};

// Fills in a place; false if the range is not all within one allocation of the kind named.
bool locate(Place& place, uintptr_t address, size_t pitch, size_t bytes, size_t rows, End end) {
  const size_t whole = rows == 0 ? 0 : pitch * (rows - 1) + bytes;
  place.address = address;
  place.pitch = pitch;
  const auto [begin, limit] = Arena::get().addresses();
  Block* block = Arena::get().owner(address, whole);
  if (block == nullptr) {
    // Addresses of the device that nobody owns are never those of pageable memory.
    return end != End::device && address != 0 && !(address >= begin && address < limit);
  }
  if (end == End::host && !block->host) return false;
  place.block = block;
  place.id = block->id;
  return true;
}

constexpr size_t most_staged = size_t(1) << 20;

struct CopyRequest {
  Copy copy;
  Ends ends;
  bool waits = false;  // a call without a stream
  bool whole = false;  // the call returns when all is done
};

CUresult enqueue(Entry& entry, CopyRequest& request, uintptr_t to, size_t to_pitch, uintptr_t from, size_t from_pitch, CUstream stream) {
  Copy& copy = request.copy;
  const auto on = stream_of(entry, stream);
  if (on == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (copy.bytes == 0 || copy.rows == 0) return CUDA_SUCCESS;
  if (!locate(copy.to, to, to_pitch, copy.bytes, copy.rows, request.ends.to)) return CUDA_ERROR_INVALID_VALUE;
  if (!locate(copy.from, from, from_pitch, copy.bytes, copy.rows, request.ends.from)) return CUDA_ERROR_INVALID_VALUE;
  const bool from_pageable = copy.from.block == nullptr, to_pageable = copy.to.block == nullptr;
  if (from_pageable && to_pageable) request.waits = true;
  // The driver API lets a copy from pageable memory wait for its stream. Large ones do, and are not staged; and so do calls without a stream.
  const bool large = from_pageable && copy.bytes * copy.rows > most_staged;
  if (from_pageable && on->capture == nullptr && !large) {
    if (request.waits) {
      entry.driver.scheduler.wait(entry.lock, on->tail);
      if (entry.context->sticky != CUDA_SUCCESS) return entry.context->sticky;
    }
    copy.staged.reset(new unsigned char[copy.bytes * copy.rows]);
    for (size_t row = 0; row < copy.rows; row++) {
      memcpy(copy.staged.get() + row * copy.bytes, reinterpret_cast<const void*>(from + row * from_pitch), copy.bytes);
    }
  }
  // Copies within the device do not make the host wait, nor does one whose source was read already.
  const bool host_waits = request.whole || (request.waits && (to_pageable || (copy.to.block->host) || (!from_pageable && copy.from.block->host)));
  std::shared_ptr<Operation> operation;
  const CUresult result = submit(entry, *on, action(std::move(copy)), &operation);
  if (result != CUDA_SUCCESS || operation == nullptr || !(host_waits || large)) return result;
  entry.driver.scheduler.wait(entry.lock, operation, host_waits);
  return entry.answer();
}

CUresult copy_row(Entry& entry, Ends ends, uintptr_t to, uintptr_t from, size_t bytes, CUstream stream, bool waits) {
  CopyRequest request;
  request.copy.bytes = bytes;
  request.ends = ends;
  request.waits = waits;
  return enqueue(entry, request, to, bytes, from, bytes, stream);
}

CUresult copy_rectangle(Entry& entry, const CUDA_MEMCPY2D* given, CUstream stream, bool waits) {
  if (given == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const auto end_of = [](int type) { return type == CU_MEMORYTYPE_HOST ? End::host : type == CU_MEMORYTYPE_DEVICE ? End::device : End::any; };
  if (given->srcMemoryType == CU_MEMORYTYPE_ARRAY || given->dstMemoryType == CU_MEMORYTYPE_ARRAY) return CUDA_ERROR_NOT_SUPPORTED;
  const size_t from_pitch = given->srcPitch == 0 ? given->WidthInBytes + given->srcXInBytes : given->srcPitch;
  const size_t to_pitch = given->dstPitch == 0 ? given->WidthInBytes + given->dstXInBytes : given->dstPitch;
  if (given->srcXInBytes + given->WidthInBytes > from_pitch || given->dstXInBytes + given->WidthInBytes > to_pitch) return CUDA_ERROR_INVALID_VALUE;
  const uintptr_t from = given->srcMemoryType == CU_MEMORYTYPE_HOST ? reinterpret_cast<uintptr_t>(given->srcHost) : given->srcDevice;
  const uintptr_t to = given->dstMemoryType == CU_MEMORYTYPE_HOST ? reinterpret_cast<uintptr_t>(given->dstHost) : given->dstDevice;
  CopyRequest request;
  request.copy.bytes = given->WidthInBytes;
  request.copy.rows = given->Height;
  request.ends = {end_of(given->dstMemoryType), end_of(given->srcMemoryType)};
  request.waits = waits;
  return enqueue(entry, request, to + given->dstY * to_pitch + given->dstXInBytes, to_pitch, from + given->srcY * from_pitch + given->srcXInBytes, from_pitch,
                 stream);
}

CUresult copy_between(Entry& entry, CUdeviceptr to, CUcontext to_context, CUdeviceptr from, CUcontext from_context, size_t bytes, CUstream stream, bool waits) {
  if (entry.driver.contexts.find(to_context) == nullptr || entry.driver.contexts.find(from_context) == nullptr) return CUDA_ERROR_INVALID_CONTEXT;
  // Work of either context would otherwise have to wait for the copy.
  CopyRequest request;
  request.copy.bytes = bytes;
  request.ends = {End::device, End::device};
  request.waits = request.whole = waits;
  return enqueue(entry, request, to, bytes, from, bytes, stream);
}

CUresult fill(Entry& entry, CUdeviceptr to, uint32_t value, unsigned value_bytes, size_t count, CUstream stream, bool waits) {
  const auto on = stream_of(entry, stream);
  if (on == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (count == 0) return CUDA_SUCCESS;
  if (to % value_bytes != 0 || count > SIZE_MAX / value_bytes) return CUDA_ERROR_INVALID_VALUE;
  Fill what;
  what.value = value;
  what.value_bytes = value_bytes;
  what.bytes = count * value_bytes;
  if (!locate(what.to, to, what.bytes, what.bytes, 1, End::device)) return CUDA_ERROR_INVALID_VALUE;
  const bool host_waits = waits && what.to.block->host;
  std::shared_ptr<Operation> operation;
  const CUresult result = submit(entry, *on, action(what), &operation);
  if (result != CUDA_SUCCESS || !host_waits || operation == nullptr) return result;
  entry.driver.scheduler.wait(entry.lock, operation);
  return entry.answer();
}

uintptr_t address_of(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

}  // namespace

GATUN_DRIVER_FUNCTION(cuMemcpy, (CUdeviceptr to, CUdeviceptr from, size_t bytes)) {
  GATUN_ENTER(cuMemcpy, needs_context | unsafe_in_capture);
  return copy_row(entry, {End::any, End::any}, to, from, bytes, nullptr, true);
}

GATUN_DRIVER_FUNCTION(cuMemcpyAsync, (CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream)) {
  GATUN_ENTER(cuMemcpyAsync, needs_context);
  return copy_row(entry, {End::any, End::any}, to, from, bytes, stream, false);
}

GATUN_DRIVER_FUNCTION(cuMemcpyHtoD_v2, (CUdeviceptr to, const void* from, size_t bytes)) {
  GATUN_ENTER(cuMemcpyHtoD_v2, needs_context | unsafe_in_capture);
  return copy_row(entry, {End::device, End::any}, to, address_of(from), bytes, nullptr, true);
}

GATUN_DRIVER_FUNCTION(cuMemcpyHtoDAsync_v2, (CUdeviceptr to, const void* from, size_t bytes, CUstream stream)) {
  GATUN_ENTER(cuMemcpyHtoDAsync_v2, needs_context);
  return copy_row(entry, {End::device, End::any}, to, address_of(from), bytes, stream, false);
}

GATUN_DRIVER_FUNCTION(cuMemcpyDtoH_v2, (void* to, CUdeviceptr from, size_t bytes)) {
  GATUN_ENTER(cuMemcpyDtoH_v2, needs_context | unsafe_in_capture);
  return copy_row(entry, {End::any, End::device}, address_of(to), from, bytes, nullptr, true);
}

GATUN_DRIVER_FUNCTION(cuMemcpyDtoHAsync_v2, (void* to, CUdeviceptr from, size_t bytes, CUstream stream)) {
  GATUN_ENTER(cuMemcpyDtoHAsync_v2, needs_context);
  return copy_row(entry, {End::any, End::device}, address_of(to), from, bytes, stream, false);
}

GATUN_DRIVER_FUNCTION(cuMemcpyDtoD_v2, (CUdeviceptr to, CUdeviceptr from, size_t bytes)) {
  GATUN_ENTER(cuMemcpyDtoD_v2, needs_context | unsafe_in_capture);
  return copy_row(entry, {End::device, End::device}, to, from, bytes, nullptr, true);
}

GATUN_DRIVER_FUNCTION(cuMemcpyDtoDAsync_v2, (CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream)) {
  GATUN_ENTER(cuMemcpyDtoDAsync_v2, needs_context);
  return copy_row(entry, {End::device, End::device}, to, from, bytes, stream, false);
}

GATUN_DRIVER_FUNCTION(cuMemcpyPeer, (CUdeviceptr to, CUcontext to_context, CUdeviceptr from, CUcontext from_context, size_t bytes)) {
  GATUN_ENTER(cuMemcpyPeer, needs_context | unsafe_in_capture);
  return copy_between(entry, to, to_context, from, from_context, bytes, nullptr, true);
}

GATUN_DRIVER_FUNCTION(cuMemcpyPeerAsync, (CUdeviceptr to, CUcontext to_context, CUdeviceptr from, CUcontext from_context, size_t bytes, CUstream stream)) {
  GATUN_ENTER(cuMemcpyPeerAsync, needs_context);
  return copy_between(entry, to, to_context, from, from_context, bytes, stream, false);
}

GATUN_DRIVER_FUNCTION(cuMemcpy2D_v2, (const CUDA_MEMCPY2D* copy)) {
  GATUN_ENTER(cuMemcpy2D_v2, needs_context | unsafe_in_capture);
  return copy_rectangle(entry, copy, nullptr, true);
}

GATUN_DRIVER_FUNCTION(cuMemcpy2DUnaligned_v2, (const CUDA_MEMCPY2D* copy)) {
  GATUN_ENTER(cuMemcpy2DUnaligned_v2, needs_context | unsafe_in_capture);
  return copy_rectangle(entry, copy, nullptr, true);
}

GATUN_DRIVER_FUNCTION(cuMemcpy2DAsync_v2, (const CUDA_MEMCPY2D* copy, CUstream stream)) {
  GATUN_ENTER(cuMemcpy2DAsync_v2, needs_context);
  return copy_rectangle(entry, copy, stream, false);
}

GATUN_DRIVER_FUNCTION(cuMemsetD8_v2, (CUdeviceptr to, unsigned char value, size_t count)) {
  GATUN_ENTER(cuMemsetD8_v2, needs_context | unsafe_in_capture);
  return fill(entry, to, value, 1, count, nullptr, true);
}

GATUN_DRIVER_FUNCTION(cuMemsetD16_v2, (CUdeviceptr to, unsigned short value, size_t count)) {
  GATUN_ENTER(cuMemsetD16_v2, needs_context | unsafe_in_capture);
  return fill(entry, to, value, 2, count, nullptr, true);
}

GATUN_DRIVER_FUNCTION(cuMemsetD32_v2, (CUdeviceptr to, unsigned value, size_t count)) {
  GATUN_ENTER(cuMemsetD32_v2, needs_context | unsafe_in_capture);
  return fill(entry, to, value, 4, count, nullptr, true);
}

GATUN_DRIVER_FUNCTION(cuMemsetD8Async, (CUdeviceptr to, unsigned char value, size_t count, CUstream stream)) {
  GATUN_ENTER(cuMemsetD8Async, needs_context);
  return fill(entry, to, value, 1, count, stream, false);
}

GATUN_DRIVER_FUNCTION(cuMemsetD16Async, (CUdeviceptr to, unsigned short value, size_t count, CUstream stream)) {
  GATUN_ENTER(cuMemsetD16Async, needs_context);
  return fill(entry, to, value, 2, count, stream, false);
}

GATUN_DRIVER_FUNCTION(cuMemsetD32Async, (CUdeviceptr to, unsigned value, size_t count, CUstream stream)) {
  GATUN_ENTER(cuMemsetD32Async, needs_context);
  return fill(entry, to, value, 4, count, stream, false);
}
