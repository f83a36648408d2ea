// Errors' names and texts, and the functions that say what the driver is.
#include <algorithm>
#include <cstring>
#include <string>

#include "driver.h"

using namespace gatun::emulator::driver;

namespace {

struct ErrorText {
  int code;
  const char* name;
  const char* text;
};

constexpr ErrorText errors[] = {
    {0, "CUDA_SUCCESS", "no error"},
    {1, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {2, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {3, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {4, "CUDA_ERROR_DEINITIALIZED", "driver shutting down"},
    {34, "CUDA_ERROR_STUB_LIBRARY", "CUDA driver is a stub library"},
    {36, "CUDA_ERROR_CALL_REQUIRES_NEWER_DRIVER", "API call is not supported in the installed CUDA driver"},
    {46, "CUDA_ERROR_DEVICE_UNAVAILABLE", "CUDA-capable device(s) is/are busy or unavailable"},
    {100, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {101, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {200, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
    {201, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {209, "CUDA_ERROR_NO_BINARY_FOR_GPU", "no kernel image is available for execution on the device"},
    {214, "CUDA_ERROR_ECC_UNCORRECTABLE", "uncorrectable ECC error encountered"},
    {215, "CUDA_ERROR_UNSUPPORTED_LIMIT", "limit is not supported on this architecture"},
    {217, "CUDA_ERROR_PEER_ACCESS_UNSUPPORTED", "peer access is not supported between these two devices"},
    {218, "CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"},
    {222, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION", "the provided PTX was compiled with an unsupported toolchain."},
    {300, "CUDA_ERROR_INVALID_SOURCE", "device kernel image is invalid"},
    {301, "CUDA_ERROR_FILE_NOT_FOUND", "file not found"},
    {304, "CUDA_ERROR_OPERATING_SYSTEM", "OS call failed or operation not supported on this OS"},
    {400, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    {401, "CUDA_ERROR_ILLEGAL_STATE", "the operation cannot be performed in the present state"},
    {500, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {600, "CUDA_ERROR_NOT_READY", "device not ready"},
    {700, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
    {701, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too many resources requested for launch"},
    {702, "CUDA_ERROR_LAUNCH_TIMEOUT", "the launch timed out and was terminated"},
    {704, "CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED", "peer access is already enabled"},
    {705, "CUDA_ERROR_PEER_ACCESS_NOT_ENABLED", "peer access has not been enabled"},
    {708, "CUDA_ERROR_PRIMARY_CONTEXT_ACTIVE", "cannot set while device is active in this process"},
    {709, "CUDA_ERROR_CONTEXT_IS_DESTROYED", "context is destroyed"},
    {710, "CUDA_ERROR_ASSERT", "device-side assert triggered"},
    {712, "CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED", "part or all of the requested memory range is already mapped"},
    {713, "CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED", "pointer does not correspond to a registered memory region"},
    {714, "CUDA_ERROR_HARDWARE_STACK_ERROR", "hardware stack error"},
    {715, "CUDA_ERROR_ILLEGAL_INSTRUCTION", "an illegal instruction was encountered"},
    {716, "CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address"},
    {717, "CUDA_ERROR_INVALID_ADDRESS_SPACE", "operation not supported on global/shared address space"},
    {718, "CUDA_ERROR_INVALID_PC", "invalid program counter"},
    {719, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {720, "CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE", "too many blocks in cooperative launch"},
    {800, "CUDA_ERROR_NOT_PERMITTED", "operation not permitted"},
    {801, "CUDA_ERROR_NOT_SUPPORTED", "operation not supported"},
    {802, "CUDA_ERROR_SYSTEM_NOT_READY", "system not yet initialized"},
    {803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", "system has unsupported display driver / cuda driver combination"},
    {900, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "operation not permitted when stream is capturing"},
    {901, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", "operation failed due to a previous error during capture"},
    {902, "CUDA_ERROR_STREAM_CAPTURE_MERGE", "operation would result in a merge of separate capture sequences"},
    {903, "CUDA_ERROR_STREAM_CAPTURE_UNMATCHED", "capture was not ended in the same stream as it began"},
    {904, "CUDA_ERROR_STREAM_CAPTURE_UNJOINED", "capturing stream has unjoined work"},
    {905, "CUDA_ERROR_STREAM_CAPTURE_ISOLATION", "dependency created on uncaptured work in another stream"},
    {906, "CUDA_ERROR_STREAM_CAPTURE_IMPLICIT", "operation would make the legacy stream depend on a capturing blocking stream"},
    {907, "CUDA_ERROR_CAPTURED_EVENT", "operation not permitted on an event last recorded in a capturing stream"},
    {908, "CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD", "attempt to terminate a thread-local capture sequence from another thread"},
    {909, "CUDA_ERROR_TIMEOUT", "wait operation timed out"},
    {910, "CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE", "the graph update was not performed because it included changes which violated constraints specific to "
                                                  "instantiated graph update"},
    {912, "CUDA_ERROR_INVALID_CLUSTER_SIZE", "cluster misconfiguration"},
    {999, "CUDA_ERROR_UNKNOWN", "unknown error"},
};

const ErrorText* find(int code) {
  const auto* found = std::find_if(std::begin(errors), std::end(errors), [&](const ErrorText& error) { return error.code == code; });
  return found == std::end(errors) ? nullptr : found;
}

CUresult look_up(const char* symbol, void** function, int* status) {
  if (symbol == nullptr || function == nullptr) return CUDA_ERROR_INVALID_VALUE;
  // Asked for a bare name, give the newest version of it that there is.
  const Call* best = nullptr;
  const size_t length = strlen(symbol);
  for (const Call* call : Driver::calls()) {
    if (strncmp(call->name, symbol, length) != 0) continue;
    const char* rest = call->name + length;
    const bool version = strncmp(rest, "_v", 2) == 0 && strspn(rest + 2, "0123456789") == strlen(rest + 2);
    if ((*rest == 0 || version) && (best == nullptr || strcmp(call->name, best->name) > 0)) best = call;
  }
  *function = best == nullptr ? nullptr : best->address;
  if (status != nullptr) *status = best == nullptr ? CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND : CU_GET_PROC_ADDRESS_SUCCESS;
  return best == nullptr && status == nullptr ? CUDA_ERROR_NOT_FOUND : CUDA_SUCCESS;
}

}  // namespace

GATUN_DRIVER_FUNCTION(cuGetErrorName, (CUresult error, const char** text)) {
  GATUN_ENTER(cuGetErrorName, needs_nothing);
  if (text == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const ErrorText* found = find(error);
  *text = found == nullptr ? nullptr : found->name;
  return found == nullptr ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
}

// CUDA's text, and for what a kernel did wrong also where and how: the driver API has no other place for it.
GATUN_DRIVER_FUNCTION(cuGetErrorString, (CUresult error, const char** text)) {
  GATUN_ENTER(cuGetErrorString, needs_nothing);
  if (text == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const ErrorText* found = find(error);
  *text = found == nullptr ? nullptr : found->text;
  if (found == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const auto fault = entry.driver.fault_texts.find(error);
  if (fault != entry.driver.fault_texts.end()) {
    static thread_local std::string whole;
    whole = std::string(found->text) + ": " + fault->second;
    *text = whole.c_str();
  }
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuInit, (unsigned flags)) {
  GATUN_ENTER(cuInit, needs_nothing);
  if (flags != 0) return CUDA_ERROR_INVALID_VALUE;
  if (entry.driver.devices.empty()) return CUDA_ERROR_NO_DEVICE;
  if (Arena::get().addresses().begin == 0) return CUDA_ERROR_OUT_OF_MEMORY;
  entry.driver.initialized = true;
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuDriverGetVersion, (int* version)) {
  GATUN_ENTER(cuDriverGetVersion, needs_nothing);
  if (version == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *version = 13000;
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuGetProcAddress, (const char* symbol, void** function, int, uint64_t)) {
  GATUN_ENTER(cuGetProcAddress, needs_nothing);
  return look_up(symbol, function, nullptr);
}

GATUN_DRIVER_FUNCTION(cuGetProcAddress_v2, (const char* symbol, void** function, int, uint64_t, int* status)) {
  GATUN_ENTER(cuGetProcAddress_v2, needs_nothing);
  return look_up(symbol, function, status);
}

GATUN_DRIVER_FUNCTION(cuProfilerStart, ()) {
  GATUN_ENTER(cuProfilerStart, needs_context);
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuProfilerStop, ()) {
  GATUN_ENTER(cuProfilerStop, needs_context);
  return CUDA_SUCCESS;
}
