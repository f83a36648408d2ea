// Contexts: the primary one of a device, own ones, and which is current on a host thread.
#include "driver.h"

using namespace gatun::emulator::driver;

namespace {

CUresult create(Entry& entry, CUcontext* context, unsigned flags, CUdevice device) {
  Device* on = entry.driver.device(device);
  if (context == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (on == nullptr) return CUDA_ERROR_INVALID_DEVICE;
  const auto created = entry.driver.create_context(*on, flags, false);
  current_contexts().push_back(created);
  *context = static_cast<CUcontext>(created->handle);
  return CUDA_SUCCESS;
}

CUresult release_primary(Entry& entry, CUdevice device) {
  Device* on = entry.driver.device(device);
  if (on == nullptr) return CUDA_ERROR_INVALID_DEVICE;
  if (on->primary_count == 0) return CUDA_ERROR_INVALID_CONTEXT;
  if (--on->primary_count > 0) return CUDA_SUCCESS;
  const auto primary = on->primary;
  entry.driver.destroy_context(entry.lock, primary);
  // A poisoned primary context stays so: only a new process is promised to work.
  if (primary->sticky == CUDA_SUCCESS) on->primary.reset();
  return CUDA_SUCCESS;
}

CUresult set_current(Entry& entry, CUcontext handle, bool push) {
  auto& stack = current_contexts();
  if (handle == nullptr && !push) {
    if (!stack.empty()) stack.pop_back();
    return CUDA_SUCCESS;
  }
  const auto context = entry.driver.contexts.find(handle);
  if (context == nullptr) return CUDA_ERROR_INVALID_CONTEXT;
  if (push || stack.empty()) {
    stack.push_back(context);
  } else {
    stack.back() = context;
  }
  return CUDA_SUCCESS;
}

}  // namespace

GATUN_DRIVER_FUNCTION(cuDevicePrimaryCtxRetain, (CUcontext * context, CUdevice device)) {
  GATUN_ENTER(cuDevicePrimaryCtxRetain, needs_init);
  Device* on = entry.driver.device(device);
  if (context == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (on == nullptr) return CUDA_ERROR_INVALID_DEVICE;
  if (on->primary != nullptr && on->primary->sticky != CUDA_SUCCESS) return on->primary->sticky;
  if (on->primary == nullptr) on->primary = entry.driver.create_context(*on, on->primary_flags, true);
  on->primary_count++;
  *context = static_cast<CUcontext>(on->primary->handle);
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuDevicePrimaryCtxRelease, (CUdevice device)) {
  GATUN_ENTER(cuDevicePrimaryCtxRelease, needs_init);
  return release_primary(entry, device);
}

GATUN_DRIVER_FUNCTION(cuDevicePrimaryCtxRelease_v2, (CUdevice device)) {
  GATUN_ENTER(cuDevicePrimaryCtxRelease_v2, needs_init);
  return release_primary(entry, device);
}

GATUN_DRIVER_FUNCTION(cuDevicePrimaryCtxReset_v2, (CUdevice device)) {
  GATUN_ENTER(cuDevicePrimaryCtxReset_v2, needs_init);
  Device* on = entry.driver.device(device);
  if (on == nullptr) return CUDA_ERROR_INVALID_DEVICE;
  if (on->primary_count == 0) return CUDA_SUCCESS;
  on->primary_count = 1;
  return release_primary(entry, device);
}

GATUN_DRIVER_FUNCTION(cuDevicePrimaryCtxGetState, (CUdevice device, unsigned* flags, int* active)) {
  GATUN_ENTER(cuDevicePrimaryCtxGetState, needs_init);
  const Device* on = entry.driver.device(device);
  if (flags == nullptr || active == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (on == nullptr) return CUDA_ERROR_INVALID_DEVICE;
  *flags = on->primary_flags;
  *active = on->primary_count > 0;
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuDevicePrimaryCtxSetFlags_v2, (CUdevice device, unsigned flags)) {
  GATUN_ENTER(cuDevicePrimaryCtxSetFlags_v2, needs_init);
  Device* on = entry.driver.device(device);
  if (on == nullptr) return CUDA_ERROR_INVALID_DEVICE;
  on->primary_flags = flags;
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuCtxCreate_v2, (CUcontext * context, unsigned flags, CUdevice device)) {
  GATUN_ENTER(cuCtxCreate_v2, needs_init);
  return create(entry, context, flags, device);
}

GATUN_DRIVER_FUNCTION(cuCtxCreate_v4, (CUcontext * context, const void* parameters, unsigned flags, CUdevice device)) {
  GATUN_ENTER(cuCtxCreate_v4, needs_init);
  if (parameters != nullptr) return CUDA_ERROR_NOT_SUPPORTED;
  return create(entry, context, flags, device);
}

GATUN_DRIVER_FUNCTION(cuCtxDestroy_v2, (CUcontext handle)) {
  GATUN_ENTER(cuCtxDestroy_v2, needs_init);
  const auto context = entry.driver.contexts.find(handle);
  if (context == nullptr) return CUDA_ERROR_INVALID_CONTEXT;
  if (context->primary) return CUDA_ERROR_INVALID_CONTEXT;
  entry.driver.destroy_context(entry.lock, context);
  auto& stack = current_contexts();
  if (!stack.empty() && stack.back() == context) stack.pop_back();
  return context->sticky;
}

GATUN_DRIVER_FUNCTION(cuCtxSetCurrent, (CUcontext context)) {
  GATUN_ENTER(cuCtxSetCurrent, needs_init);
  return set_current(entry, context, false);
}

GATUN_DRIVER_FUNCTION(cuCtxPushCurrent_v2, (CUcontext context)) {
  GATUN_ENTER(cuCtxPushCurrent_v2, needs_init);
  return set_current(entry, context, true);
}

GATUN_DRIVER_FUNCTION(cuCtxPopCurrent_v2, (CUcontext * context)) {
  GATUN_ENTER(cuCtxPopCurrent_v2, needs_init);
  auto& stack = current_contexts();
  if (stack.empty()) return CUDA_ERROR_INVALID_CONTEXT;
  if (context != nullptr) *context = static_cast<CUcontext>(stack.back()->handle);
  stack.pop_back();
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuCtxGetCurrent, (CUcontext * context)) {
  GATUN_ENTER(cuCtxGetCurrent, needs_init);
  if (context == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *context = entry.context == nullptr ? nullptr : static_cast<CUcontext>(entry.context->handle);
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuCtxGetDevice, (CUdevice * device)) {
  GATUN_ENTER(cuCtxGetDevice, needs_init);
  if (device == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (entry.context == nullptr) return CUDA_ERROR_INVALID_CONTEXT;
  *device = entry.context->device->ordinal;
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuCtxGetFlags, (unsigned* flags)) {
  GATUN_ENTER(cuCtxGetFlags, needs_context);
  if (flags == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *flags = entry.context->flags;
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuCtxGetId, (CUcontext handle, unsigned long long* id)) {
  GATUN_ENTER(cuCtxGetId, needs_init);
  const auto context = handle == nullptr ? (entry.context == nullptr ? nullptr : entry.driver.contexts.find(entry.context->handle))
                                         : entry.driver.contexts.find(handle);
  if (id == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (context == nullptr) return CUDA_ERROR_CONTEXT_IS_DESTROYED;
  *id = context->id;
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuCtxGetApiVersion, (CUcontext handle, unsigned* version)) {
  GATUN_ENTER(cuCtxGetApiVersion, needs_init);
  if (version == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (handle != nullptr && entry.driver.contexts.find(handle) == nullptr) return CUDA_ERROR_INVALID_CONTEXT;
  *version = 3020;
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuCtxSynchronize, ()) {
  GATUN_ENTER(cuCtxSynchronize, needs_context | unsafe_in_capture);
  entry.driver.scheduler.drain(entry.lock, *entry.context);
  return entry.answer();
}

GATUN_DRIVER_FUNCTION(cuCtxGetStreamPriorityRange, (int* least, int* greatest)) {
  GATUN_ENTER(cuCtxGetStreamPriorityRange, needs_context);
  if (least != nullptr) *least = 0;
  if (greatest != nullptr) *greatest = -2;
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuCtxEnablePeerAccess, (CUcontext handle, unsigned flags)) {
  GATUN_ENTER(cuCtxEnablePeerAccess, needs_context);
  const auto peer = entry.driver.contexts.find(handle);
  if (flags != 0) return CUDA_ERROR_INVALID_VALUE;
  if (peer == nullptr || peer.get() == entry.context) return CUDA_ERROR_INVALID_CONTEXT;
  if (peer->device == entry.context->device) return CUDA_ERROR_PEER_ACCESS_UNSUPPORTED;
  return entry.context->peers.insert(peer.get()).second ? CUDA_SUCCESS : CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED;
}

GATUN_DRIVER_FUNCTION(cuCtxDisablePeerAccess, (CUcontext handle)) {
  GATUN_ENTER(cuCtxDisablePeerAccess, needs_context);
  const auto peer = entry.driver.contexts.find(handle);
  if (peer == nullptr) return CUDA_ERROR_INVALID_CONTEXT;
  return entry.context->peers.erase(peer.get()) == 1 ? CUDA_SUCCESS : CUDA_ERROR_PEER_ACCESS_NOT_ENABLED;
}
