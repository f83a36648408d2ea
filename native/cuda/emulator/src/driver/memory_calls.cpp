// Memory of the device and of the host, and pools.
#include <algorithm>

#include "driver.h"

using namespace gatun::emulator::driver;

namespace {

Block* live_block(CUdeviceptr address) {
  Block* block = Arena::get().find(address);
  return block != nullptr && block->owned && (block->holds(address, 1) || block->base == address) ? block : nullptr;
}

CUresult allocate_host(Entry& entry, void** address, size_t bytes, unsigned flags) {
  if (address == nullptr || bytes == 0 || flags > 7) return CUDA_ERROR_INVALID_VALUE;
  Block* block = entry.driver.allocate(*entry.context, bytes, BlockKind::pinned);
  if (block == nullptr) return CUDA_ERROR_OUT_OF_MEMORY;
  block->host_flags = flags;
  *address = reinterpret_cast<void*>(block->base);
  return CUDA_SUCCESS;
}

CUresult allocate_in_order(Entry& entry, CUdeviceptr* address, size_t bytes, const std::shared_ptr<Pool>& pool, CUstream stream) {
  if (address == nullptr || bytes == 0) return CUDA_ERROR_INVALID_VALUE;
  const auto on = stream_of(entry, stream);
  if (on == nullptr || on->context != entry.context) return CUDA_ERROR_INVALID_HANDLE;
  // A node that allocates needs the graph to own the memory.
  if (on->capture != nullptr) return CUDA_ERROR_NOT_SUPPORTED;
  if (pool->max_bytes != 0 && bytes > pool->max_bytes - std::min<size_t>(pool->max_bytes, pool->held)) return CUDA_ERROR_OUT_OF_MEMORY;
  Block* block = entry.driver.allocate(*entry.context, bytes, BlockKind::stream_ordered);
  if (block == nullptr) return CUDA_ERROR_OUT_OF_MEMORY;
  const CUresult result = submit(entry, *on, action(Reach{block, block->id}));
  if (result != CUDA_SUCCESS) {
    entry.driver.release(block);
    return result;
  }
  block->pool = pool;
  pool->held += bytes;
  pool->held_high = std::max(pool->held_high, pool->held);
  pool->reserved = std::max(pool->reserved, pool->held);
  pool->reserved_high = std::max(pool->reserved_high, pool->reserved);
  *address = block->base;
  return CUDA_SUCCESS;
}

}  // namespace

GATUN_DRIVER_FUNCTION(cuMemGetInfo_v2, (size_t * free, size_t* total)) {
  GATUN_ENTER(cuMemGetInfo_v2, needs_context);
  if (free == nullptr || total == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *total = entry.context->device->memory;
  *free = entry.context->device->memory - entry.context->device->used;
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuMemAlloc_v2, (CUdeviceptr * address, size_t bytes)) {
  GATUN_ENTER(cuMemAlloc_v2, needs_context | unsafe_in_capture);
  if (address == nullptr || bytes == 0) return CUDA_ERROR_INVALID_VALUE;
  Block* block = entry.driver.allocate(*entry.context, bytes, BlockKind::device);
  if (block == nullptr) return CUDA_ERROR_OUT_OF_MEMORY;
  *address = block->base;
  return CUDA_SUCCESS;
}

// Waits for the work of the context first, as CUDA does for memory of cuMemAlloc; memory allocated in stream order is freed under what still runs, which the
// driver API forbids and the emulator therefore finds.
GATUN_DRIVER_FUNCTION(cuMemFree_v2, (CUdeviceptr address)) {
  GATUN_ENTER(cuMemFree_v2, needs_context | unsafe_in_capture | gives_back);
  if (address == 0) return entry.answer();
  Block* block = Arena::get().find(address);
  if (block == nullptr || !block->owned || block->base != address || block->host) return CUDA_ERROR_INVALID_VALUE;
  if (block->kind == BlockKind::device) {
    const uint64_t id = block->id;
    entry.driver.scheduler.drain(entry.lock, *block->context);
    if (block->id != id || !block->owned) return CUDA_ERROR_INVALID_VALUE;
  }
  entry.driver.release(block);
  return entry.answer();
}

GATUN_DRIVER_FUNCTION(cuMemGetAddressRange_v2, (CUdeviceptr * base, size_t* bytes, CUdeviceptr address)) {
  GATUN_ENTER(cuMemGetAddressRange_v2, needs_context);
  const Block* block = live_block(address);
  if (block == nullptr) return CUDA_ERROR_NOT_FOUND;
  if (base != nullptr) *base = block->base;
  if (bytes != nullptr) *bytes = block->bytes;
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuMemHostAlloc, (void** address, size_t bytes, unsigned flags)) {
  GATUN_ENTER(cuMemHostAlloc, needs_context | unsafe_in_capture);
  return allocate_host(entry, address, bytes, flags);
}

GATUN_DRIVER_FUNCTION(cuMemAllocHost_v2, (void** address, size_t bytes)) {
  GATUN_ENTER(cuMemAllocHost_v2, needs_context | unsafe_in_capture);
  return allocate_host(entry, address, bytes, 0);
}

GATUN_DRIVER_FUNCTION(cuMemFreeHost, (void* address)) {
  GATUN_ENTER(cuMemFreeHost, needs_context | unsafe_in_capture | gives_back);
  Block* block = Arena::get().find(reinterpret_cast<uintptr_t>(address));
  if (block == nullptr || !block->owned || block->kind != BlockKind::pinned || block->base != reinterpret_cast<uintptr_t>(address)) {
    return CUDA_ERROR_INVALID_VALUE;
  }
  const uint64_t id = block->id;
  entry.driver.scheduler.drain(entry.lock, *block->context);
  if (block->id != id || !block->owned) return CUDA_ERROR_INVALID_VALUE;
  entry.driver.release(block);
  return entry.answer();
}

GATUN_DRIVER_FUNCTION(cuMemHostGetDevicePointer_v2, (CUdeviceptr * device, void* host, unsigned flags)) {
  GATUN_ENTER(cuMemHostGetDevicePointer_v2, needs_context);
  const Block* block = live_block(reinterpret_cast<CUdeviceptr>(host));
  if (device == nullptr || flags != 0 || block == nullptr || !block->host) return CUDA_ERROR_INVALID_VALUE;
  *device = reinterpret_cast<CUdeviceptr>(host);
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuMemHostGetFlags, (unsigned* flags, void* host)) {
  GATUN_ENTER(cuMemHostGetFlags, needs_context);
  const Block* block = live_block(reinterpret_cast<CUdeviceptr>(host));
  if (flags == nullptr || block == nullptr || !block->host) return CUDA_ERROR_INVALID_VALUE;
  *flags = block->host_flags;
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuMemHostRegister_v2, (void* address, size_t bytes, unsigned flags)) {
  GATUN_ENTER(cuMemHostRegister_v2, needs_context | unsafe_in_capture);
  const uintptr_t base = reinterpret_cast<uintptr_t>(address);
  if (address == nullptr || bytes == 0 || flags > 15 || base + bytes < base) return CUDA_ERROR_INVALID_VALUE;
  const auto [begin, end] = Arena::get().addresses();
  if (base < end && base + bytes > begin) return CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED;
  Block* block = Arena::get().enter_registered(base, bytes);
  if (block == nullptr) return CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED;
  block->context = entry.context;
  block->host_flags = flags;
  entry.context->blocks.insert(block);
  entry.driver.live_host++;
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuMemHostUnregister, (void* address)) {
  GATUN_ENTER(cuMemHostUnregister, needs_context | unsafe_in_capture | gives_back);
  Block* block = live_block(reinterpret_cast<CUdeviceptr>(address));
  if (block == nullptr || block->kind != BlockKind::registered) return CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED;
  if (block->base != reinterpret_cast<uintptr_t>(address)) return CUDA_ERROR_INVALID_VALUE;
  const uint64_t id = block->id;
  entry.driver.scheduler.drain(entry.lock, *block->context);
  if (block->id != id || !block->owned) return CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED;
  entry.driver.release(block);
  return entry.answer();
}

GATUN_DRIVER_FUNCTION(cuPointerGetAttribute, (void* data, CUpointer_attribute attribute, CUdeviceptr address)) {
  GATUN_ENTER(cuPointerGetAttribute, needs_context);
  const Block* block = live_block(address);
  if (data == nullptr || block == nullptr) return CUDA_ERROR_INVALID_VALUE;
  switch (attribute) {
    case CU_POINTER_ATTRIBUTE_CONTEXT: *static_cast<void**>(data) = block->context->handle; break;
    case CU_POINTER_ATTRIBUTE_MEMORY_TYPE: *static_cast<unsigned*>(data) = block->host ? CU_MEMORYTYPE_HOST : CU_MEMORYTYPE_DEVICE; break;
    case CU_POINTER_ATTRIBUTE_DEVICE_POINTER: *static_cast<CUdeviceptr*>(data) = address; break;
    case CU_POINTER_ATTRIBUTE_HOST_POINTER:
      if (!block->host) return CUDA_ERROR_INVALID_VALUE;
      *static_cast<CUdeviceptr*>(data) = address;
      break;
    case CU_POINTER_ATTRIBUTE_BUFFER_ID: *static_cast<unsigned long long*>(data) = block->id; break;
    case CU_POINTER_ATTRIBUTE_IS_MANAGED: *static_cast<bool*>(data) = false; break;
    case CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL: *static_cast<int*>(data) = block->context->device->ordinal; break;
    case CU_POINTER_ATTRIBUTE_RANGE_START_ADDR: *static_cast<CUdeviceptr*>(data) = block->base; break;
    case CU_POINTER_ATTRIBUTE_RANGE_SIZE: *static_cast<size_t*>(data) = block->bytes; break;
    case CU_POINTER_ATTRIBUTE_MAPPED: *static_cast<bool*>(data) = true; break;
    default: return CUDA_ERROR_NOT_SUPPORTED;
  }
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuMemAllocAsync, (CUdeviceptr * address, size_t bytes, CUstream stream)) {
  GATUN_ENTER(cuMemAllocAsync, needs_context);
  return allocate_in_order(entry, address, bytes, entry.context->device->pool, stream);
}

GATUN_DRIVER_FUNCTION(cuMemAllocFromPoolAsync, (CUdeviceptr * address, size_t bytes, CUmemoryPool pool, CUstream stream)) {
  GATUN_ENTER(cuMemAllocFromPoolAsync, needs_context);
  const auto from = entry.driver.pools.find(pool);
  if (from == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (from->device != entry.context->device->ordinal) return CUDA_ERROR_INVALID_VALUE;
  return allocate_in_order(entry, address, bytes, from, stream);
}

GATUN_DRIVER_FUNCTION(cuMemFreeAsync, (CUdeviceptr address, CUstream stream)) {
  GATUN_ENTER(cuMemFreeAsync, needs_context | gives_back);
  Block* block = Arena::get().find(address);
  if (block == nullptr || !block->owned || block->base != address || block->host) return CUDA_ERROR_INVALID_VALUE;
  const auto on = stream_of(entry, stream);
  if (on == nullptr || on->context != entry.context) return CUDA_ERROR_INVALID_HANDLE;
  if (on->capture != nullptr) return CUDA_ERROR_NOT_SUPPORTED;
  const CUresult result = submit(entry, *on, action(Release{block, block->id}));
  if (result != CUDA_SUCCESS) return result;
  // The books give the bytes back at once: a later allocation of the same stream may use them.
  block->owned = false;
  entry.driver.devices[block->device].used -= block->bytes;
  entry.driver.live_blocks--;
  entry.driver.live_bytes -= block->bytes;
  if (block->pool != nullptr) block->pool->held -= block->bytes;
  return entry.answer();
}

GATUN_DRIVER_FUNCTION(cuDeviceGetDefaultMemPool, (CUmemoryPool * pool, CUdevice device)) {
  GATUN_ENTER(cuDeviceGetDefaultMemPool, needs_init);
  const Device* of = entry.driver.device(device);
  if (pool == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (of == nullptr) return CUDA_ERROR_INVALID_DEVICE;
  *pool = static_cast<CUmemoryPool>(of->default_pool_handle);
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuDeviceGetMemPool, (CUmemoryPool * pool, CUdevice device)) {
  GATUN_ENTER(cuDeviceGetMemPool, needs_init);
  const Device* of = entry.driver.device(device);
  if (pool == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (of == nullptr) return CUDA_ERROR_INVALID_DEVICE;
  for (const auto& [handle, other] : entry.driver.pools.all()) {
    if (other == of->pool) *pool = reinterpret_cast<CUmemoryPool>(handle);
  }
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuDeviceSetMemPool, (CUdevice device, CUmemoryPool pool)) {
  GATUN_ENTER(cuDeviceSetMemPool, needs_init);
  Device* of = entry.driver.device(device);
  const auto set = entry.driver.pools.find(pool);
  if (of == nullptr) return CUDA_ERROR_INVALID_DEVICE;
  if (set == nullptr || set->device != device) return CUDA_ERROR_INVALID_VALUE;
  of->pool = set;
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuMemPoolCreate, (CUmemoryPool * pool, const CUmemPoolProps* properties)) {
  GATUN_ENTER(cuMemPoolCreate, needs_init);
  if (pool == nullptr || properties == nullptr || properties->allocType != CU_MEM_ALLOCATION_TYPE_PINNED) return CUDA_ERROR_INVALID_VALUE;
  if (properties->location.type != CU_MEM_LOCATION_TYPE_DEVICE) return CUDA_ERROR_NOT_SUPPORTED;
  if (properties->handleTypes != 0) return CUDA_ERROR_NOT_SUPPORTED;
  if (entry.driver.device(properties->location.id) == nullptr) return CUDA_ERROR_INVALID_DEVICE;
  auto created = std::make_shared<Pool>();
  created->device = properties->location.id;
  created->max_bytes = properties->maxSize;
  *pool = static_cast<CUmemoryPool>(entry.driver.pools.add(created));
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuMemPoolDestroy, (CUmemoryPool pool)) {
  GATUN_ENTER(cuMemPoolDestroy, needs_init);
  const auto found = entry.driver.pools.find(pool);
  if (found == nullptr || found->of_device) return CUDA_ERROR_INVALID_VALUE;
  Device& device = entry.driver.devices[found->device];
  if (device.pool == found) device.pool = device.default_pool;
  entry.driver.pools.remove(pool);
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuMemPoolSetAttribute, (CUmemoryPool pool, CUmemPool_attribute attribute, void* value)) {
  GATUN_ENTER(cuMemPoolSetAttribute, needs_init);
  const auto found = entry.driver.pools.find(pool);
  if (found == nullptr || value == nullptr) return CUDA_ERROR_INVALID_VALUE;
  switch (attribute) {
    case CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES:
    case CU_MEMPOOL_ATTR_REUSE_ALLOW_OPPORTUNISTIC:
    case CU_MEMPOOL_ATTR_REUSE_ALLOW_INTERNAL_DEPENDENCIES: found->reuse[attribute - 1] = *static_cast<int*>(value); return CUDA_SUCCESS;
    case CU_MEMPOOL_ATTR_RELEASE_THRESHOLD: found->threshold = *static_cast<uint64_t*>(value); return CUDA_SUCCESS;
    case CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH:
      if (*static_cast<uint64_t*>(value) != 0) return CUDA_ERROR_INVALID_VALUE;
      found->reserved_high = found->reserved;
      return CUDA_SUCCESS;
    case CU_MEMPOOL_ATTR_USED_MEM_HIGH:
      if (*static_cast<uint64_t*>(value) != 0) return CUDA_ERROR_INVALID_VALUE;
      found->held_high = found->held;
      return CUDA_SUCCESS;
    default: return CUDA_ERROR_INVALID_VALUE;
  }
}

GATUN_DRIVER_FUNCTION(cuMemPoolGetAttribute, (CUmemoryPool pool, CUmemPool_attribute attribute, void* value)) {
  GATUN_ENTER(cuMemPoolGetAttribute, needs_init);
  const auto found = entry.driver.pools.find(pool);
  if (found == nullptr || value == nullptr) return CUDA_ERROR_INVALID_VALUE;
  switch (attribute) {
    case CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES:
    case CU_MEMPOOL_ATTR_REUSE_ALLOW_OPPORTUNISTIC:
    case CU_MEMPOOL_ATTR_REUSE_ALLOW_INTERNAL_DEPENDENCIES: *static_cast<int*>(value) = found->reuse[attribute - 1]; return CUDA_SUCCESS;
    case CU_MEMPOOL_ATTR_RELEASE_THRESHOLD: *static_cast<uint64_t*>(value) = found->threshold; return CUDA_SUCCESS;
    case CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT: *static_cast<uint64_t*>(value) = found->reserved; return CUDA_SUCCESS;
    case CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH: *static_cast<uint64_t*>(value) = found->reserved_high; return CUDA_SUCCESS;
    case CU_MEMPOOL_ATTR_USED_MEM_CURRENT: *static_cast<uint64_t*>(value) = found->held; return CUDA_SUCCESS;
    case CU_MEMPOOL_ATTR_USED_MEM_HIGH: *static_cast<uint64_t*>(value) = found->held_high; return CUDA_SUCCESS;
    default: return CUDA_ERROR_INVALID_VALUE;
  }
}

GATUN_DRIVER_FUNCTION(cuMemPoolSetAccess, (CUmemoryPool pool, const CUmemAccessDesc* access, size_t count)) {
  GATUN_ENTER(cuMemPoolSetAccess, needs_init);
  if (entry.driver.pools.find(pool) == nullptr || (access == nullptr && count > 0)) return CUDA_ERROR_INVALID_VALUE;
  for (size_t i = 0; i < count; i++) {
    if (access[i].location.type != CU_MEM_LOCATION_TYPE_DEVICE || entry.driver.device(access[i].location.id) == nullptr) return CUDA_ERROR_INVALID_DEVICE;
  }
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuMemPoolTrimTo, (CUmemoryPool pool, size_t bytes)) {
  GATUN_ENTER(cuMemPoolTrimTo, needs_init);
  const auto found = entry.driver.pools.find(pool);
  if (found == nullptr) return CUDA_ERROR_INVALID_VALUE;
  found->reserved = std::max(found->held, std::min(found->reserved, bytes));
  return CUDA_SUCCESS;
}
