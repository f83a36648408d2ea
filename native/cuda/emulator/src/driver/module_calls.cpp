// Modules, libraries and functions. The image of a unit is the text "gatun-emulated <unit>\n"; its kernels are linked into this library.
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "driver.h"
#include "limits.h"

using namespace gatun::emulator;
using namespace gatun::emulator::driver;

namespace {

CUresult load(Entry& entry, void** handle, const void* image) {
  if (handle == nullptr || image == nullptr) return CUDA_ERROR_INVALID_VALUE;
  static const char magic[] = "gatun-emulated ";
  const char* text = static_cast<const char*>(image);
  if (strncmp(text, magic, sizeof magic - 1) != 0) return CUDA_ERROR_NO_BINARY_FOR_GPU;
  text += sizeof magic - 1;
  const size_t length = strnlen(text, 256), end = std::min<size_t>(strcspn(text, "\n"), length);
  if (end == 256) return CUDA_ERROR_INVALID_IMAGE;
  const std::string unit(text, end);
  const auto& all = kernels();
  if (std::none_of(all.begin(), all.end(), [&](const KernelEntry* kernel) { return unit == kernel->unit; })) return CUDA_ERROR_NO_BINARY_FOR_GPU;
  auto module = std::make_shared<Module>();
  module->context = entry.context;
  module->unit = unit;
  *handle = entry.driver.modules.add(module);
  return CUDA_SUCCESS;
}

CUresult load_file(Entry& entry, void** handle, const char* path) {
  if (path == nullptr) return CUDA_ERROR_INVALID_VALUE;
  FILE* file = fopen(path, "rb");
  if (file == nullptr) return CUDA_ERROR_FILE_NOT_FOUND;
  char text[512] = {};
  const size_t length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  return length == 0 ? CUDA_ERROR_INVALID_IMAGE : load(entry, handle, text);
}

CUresult unload(Entry& entry, void* handle) {
  const auto module = entry.driver.modules.find(handle);
  if (module == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  for (const auto& [name, function] : module->functions) entry.driver.functions.remove(function);
  entry.driver.modules.remove(handle);
  return entry.answer();
}

CUresult find_function(Entry& entry, void** function, void* handle, const char* name) {
  if (function == nullptr || name == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const auto module = entry.driver.modules.find(handle);
  if (module == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  const auto known = module->functions.find(name);
  if (known != module->functions.end()) {
    *function = known->second;
    return CUDA_SUCCESS;
  }
  for (const KernelEntry* kernel : kernels()) {
    if (module->unit != kernel->unit || strcmp(kernel->symbol, name) != 0) continue;
    auto made = std::make_shared<Function>();
    made->kernel = kernel;
    made->context = module->context;
    made->module = handle;
    for (const TileEntry* tile : tiles()) {
      if (strcmp(tile->symbol, name) == 0 && strcmp(tile->key, "capability") == 0) made->capability = static_cast<int>(tile->value);
    }
    *function = module->functions[name] = entry.driver.functions.add(made);
    return CUDA_SUCCESS;
  }
  return CUDA_ERROR_NOT_FOUND;
}

CUresult count_functions(Entry& entry, unsigned* count, void* handle) {
  const auto module = entry.driver.modules.find(handle);
  if (module == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (count == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const auto& all = kernels();
  *count = static_cast<unsigned>(std::count_if(all.begin(), all.end(), [&](const KernelEntry* kernel) { return module->unit == kernel->unit; }));
  return CUDA_SUCCESS;
}

CUresult get_attribute(Entry& entry, int* value, int attribute, void* handle) {
  const auto function = entry.driver.functions.find(handle);
  if (function == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (value == nullptr) return CUDA_ERROR_INVALID_VALUE;
  switch (attribute) {
    case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK: *value = static_cast<int>(function->kernel->threads); break;
    case CU_FUNC_ATTRIBUTE_NUM_REGS: *value = 32; break;
    case CU_FUNC_ATTRIBUTE_PTX_VERSION:
    case CU_FUNC_ATTRIBUTE_BINARY_VERSION: *value = entry.driver.architecture; break;
    case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES: *value = static_cast<int>(function->max_dynamic_shared); break;
    case CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT: *value = function->carveout; break;
    case CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED: *value = function->big_clusters; break;
    default:
      if (attribute < 0 || attribute > CU_FUNC_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE) return CUDA_ERROR_INVALID_VALUE;
      *value = 0;
  }
  return CUDA_SUCCESS;
}

CUresult set_attribute(Entry& entry, void* handle, int attribute, int value) {
  const auto function = entry.driver.functions.find(handle);
  if (function == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  switch (attribute) {
    case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
      if (value < 0 || static_cast<size_t>(value) > limits::opt_in_shared(entry.driver.architecture)) return CUDA_ERROR_INVALID_VALUE;
      function->max_dynamic_shared = static_cast<size_t>(value);
      return CUDA_SUCCESS;
    case CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
      if (value < -1 || value > 100) return CUDA_ERROR_INVALID_VALUE;
      function->carveout = value;
      return CUDA_SUCCESS;
    case CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED:
      if (entry.driver.architecture < 90) return CUDA_ERROR_NOT_SUPPORTED;
      function->big_clusters = value != 0;
      return CUDA_SUCCESS;
    default: return CUDA_ERROR_INVALID_VALUE;
  }
}

// Blocks that fit into a multiprocessor at once, by threads, shared memory and the registers (32 a thread) that the emulator claims.
int fitting_blocks(const Driver& driver, int threads, size_t dynamic_shared) {
  const size_t by_threads = static_cast<size_t>(limits::threads_per_multiprocessor(driver.architecture) / ((threads + 31) / 32 * 32));
  const size_t kept = driver.architecture >= 80 ? 1024 : 0;
  const size_t shared = dynamic_shared + kept;
  const size_t by_shared = shared == 0 ? by_threads : limits::shared_per_multiprocessor(driver.architecture) / shared;
  return static_cast<int>(std::min({by_threads, by_shared, size_t(limits::blocks_per_multiprocessor)}));
}

CUresult occupancy(Entry& entry, int* blocks, void* handle, int threads, size_t dynamic_shared) {
  const auto function = entry.driver.functions.find(handle);
  if (function == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (blocks == nullptr || threads <= 0) return CUDA_ERROR_INVALID_VALUE;
  const bool fits = threads <= static_cast<int>(function->kernel->threads) && dynamic_shared <= function->max_dynamic_shared;
  *blocks = fits ? fitting_blocks(entry.driver, threads, dynamic_shared) : 0;
  return CUDA_SUCCESS;
}

}  // namespace

GATUN_DRIVER_FUNCTION(cuModuleLoad, (CUmodule * module, const char* file)) {
  GATUN_ENTER(cuModuleLoad, needs_context | unsafe_in_capture);
  return load_file(entry, reinterpret_cast<void**>(module), file);
}

GATUN_DRIVER_FUNCTION(cuModuleLoadData, (CUmodule * module, const void* image)) {
  GATUN_ENTER(cuModuleLoadData, needs_context | unsafe_in_capture);
  return load(entry, reinterpret_cast<void**>(module), image);
}

GATUN_DRIVER_FUNCTION(cuModuleLoadDataEx, (CUmodule * module, const void* image, unsigned options, int* names, void** values)) {
  GATUN_ENTER(cuModuleLoadDataEx, needs_context | unsafe_in_capture);
  if (options > 0 && (names == nullptr || values == nullptr)) return CUDA_ERROR_INVALID_VALUE;
  return load(entry, reinterpret_cast<void**>(module), image);
}

GATUN_DRIVER_FUNCTION(cuModuleLoadFatBinary, (CUmodule * module, const void* image)) {
  GATUN_ENTER(cuModuleLoadFatBinary, needs_context | unsafe_in_capture);
  return load(entry, reinterpret_cast<void**>(module), image);
}

GATUN_DRIVER_FUNCTION(cuModuleUnload, (CUmodule module)) {
  GATUN_ENTER(cuModuleUnload, needs_context | unsafe_in_capture | gives_back);
  return unload(entry, module);
}

GATUN_DRIVER_FUNCTION(cuModuleGetFunction, (CUfunction * function, CUmodule module, const char* name)) {
  GATUN_ENTER(cuModuleGetFunction, needs_context);
  return find_function(entry, reinterpret_cast<void**>(function), module, name);
}

GATUN_DRIVER_FUNCTION(cuModuleGetGlobal_v2, (CUdeviceptr*, size_t*, CUmodule module, const char* name)) {
  GATUN_ENTER(cuModuleGetGlobal_v2, needs_context);
  if (entry.driver.modules.find(module) == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (name == nullptr) return CUDA_ERROR_INVALID_VALUE;
  // The dialect has no variables of a module.
  return CUDA_ERROR_NOT_FOUND;
}

GATUN_DRIVER_FUNCTION(cuModuleGetFunctionCount, (unsigned* count, CUmodule module)) {
  GATUN_ENTER(cuModuleGetFunctionCount, needs_context);
  return count_functions(entry, count, module);
}

GATUN_DRIVER_FUNCTION(cuLibraryLoadData, (CUlibrary * library, const void* code, int* jit_options, void** jit_values, unsigned jit_count,
                                          int* library_options, void** library_values, unsigned library_count)) {
  GATUN_ENTER(cuLibraryLoadData, needs_context | unsafe_in_capture);
  if (jit_count > 0 && (jit_options == nullptr || jit_values == nullptr)) return CUDA_ERROR_INVALID_VALUE;
  if (library_count > 0 && (library_options == nullptr || library_values == nullptr)) return CUDA_ERROR_INVALID_VALUE;
  return load(entry, reinterpret_cast<void**>(library), code);
}

GATUN_DRIVER_FUNCTION(cuLibraryUnload, (CUlibrary library)) {
  GATUN_ENTER(cuLibraryUnload, needs_context | unsafe_in_capture | gives_back);
  return unload(entry, library);
}

GATUN_DRIVER_FUNCTION(cuLibraryGetKernel, (CUkernel * kernel, CUlibrary library, const char* name)) {
  GATUN_ENTER(cuLibraryGetKernel, needs_context);
  return find_function(entry, reinterpret_cast<void**>(kernel), library, name);
}

GATUN_DRIVER_FUNCTION(cuLibraryGetKernelCount, (unsigned* count, CUlibrary library)) {
  GATUN_ENTER(cuLibraryGetKernelCount, needs_context);
  return count_functions(entry, count, library);
}

GATUN_DRIVER_FUNCTION(cuLibraryGetModule, (CUmodule * module, CUlibrary library)) {
  GATUN_ENTER(cuLibraryGetModule, needs_context);
  if (module == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (entry.driver.modules.find(library) == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  *module = reinterpret_cast<CUmodule>(library);
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuKernelGetFunction, (CUfunction * function, CUkernel kernel)) {
  GATUN_ENTER(cuKernelGetFunction, needs_context);
  if (function == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (entry.driver.functions.find(kernel) == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  *function = reinterpret_cast<CUfunction>(kernel);
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuKernelGetAttribute, (int* value, CUfunction_attribute attribute, CUkernel kernel, CUdevice device)) {
  GATUN_ENTER(cuKernelGetAttribute, needs_context);
  if (entry.driver.device(device) == nullptr) return CUDA_ERROR_INVALID_DEVICE;
  return get_attribute(entry, value, attribute, kernel);
}

GATUN_DRIVER_FUNCTION(cuKernelSetAttribute, (CUfunction_attribute attribute, int value, CUkernel kernel, CUdevice device)) {
  GATUN_ENTER(cuKernelSetAttribute, needs_context);
  if (entry.driver.device(device) == nullptr) return CUDA_ERROR_INVALID_DEVICE;
  return set_attribute(entry, kernel, attribute, value);
}

GATUN_DRIVER_FUNCTION(cuFuncGetAttribute, (int* value, CUfunction_attribute attribute, CUfunction function)) {
  GATUN_ENTER(cuFuncGetAttribute, needs_context);
  return get_attribute(entry, value, attribute, function);
}

GATUN_DRIVER_FUNCTION(cuFuncSetAttribute, (CUfunction function, CUfunction_attribute attribute, int value)) {
  GATUN_ENTER(cuFuncSetAttribute, needs_context);
  return set_attribute(entry, function, attribute, value);
}

GATUN_DRIVER_FUNCTION(cuFuncGetName, (const char** name, CUfunction handle)) {
  GATUN_ENTER(cuFuncGetName, needs_context);
  const auto function = entry.driver.functions.find(handle);
  if (function == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (name == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *name = function->kernel->symbol;
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuFuncGetModule, (CUmodule * module, CUfunction handle)) {
  GATUN_ENTER(cuFuncGetModule, needs_context);
  const auto function = entry.driver.functions.find(handle);
  if (function == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (module == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *module = static_cast<CUmodule>(function->module);
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuFuncGetParamInfo, (CUfunction handle, size_t index, size_t* offset, size_t* bytes)) {
  GATUN_ENTER(cuFuncGetParamInfo, needs_context);
  const auto function = entry.driver.functions.find(handle);
  if (function == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (offset == nullptr || index > 0) return CUDA_ERROR_INVALID_VALUE;
  *offset = 0;
  if (bytes != nullptr) *bytes = function->kernel->params_size;
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuFuncLoad, (CUfunction function)) {
  GATUN_ENTER(cuFuncLoad, needs_context);
  return entry.driver.functions.find(function) == nullptr ? CUDA_ERROR_INVALID_HANDLE : CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuFuncIsLoaded, (int* state, CUfunction function)) {
  GATUN_ENTER(cuFuncIsLoaded, needs_context);
  if (entry.driver.functions.find(function) == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (state == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *state = 1;
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuFuncSetCacheConfig, (CUfunction function, int config)) {
  GATUN_ENTER(cuFuncSetCacheConfig, needs_context);
  if (config < 0 || config > 3) return CUDA_ERROR_INVALID_VALUE;
  return entry.driver.functions.find(function) == nullptr ? CUDA_ERROR_INVALID_HANDLE : CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuOccupancyMaxActiveBlocksPerMultiprocessor, (int* blocks, CUfunction function, int threads, size_t dynamic_shared)) {
  GATUN_ENTER(cuOccupancyMaxActiveBlocksPerMultiprocessor, needs_context);
  return occupancy(entry, blocks, function, threads, dynamic_shared);
}

GATUN_DRIVER_FUNCTION(cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags,
                      (int* blocks, CUfunction function, int threads, size_t dynamic_shared, unsigned flags)) {
  GATUN_ENTER(cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags, needs_context);
  if (flags > 1) return CUDA_ERROR_INVALID_VALUE;
  return occupancy(entry, blocks, function, threads, dynamic_shared);
}

// A kernel of the dialect has one number of threads.
GATUN_DRIVER_FUNCTION(cuOccupancyMaxPotentialBlockSize,
                      (int* grid, int* threads, CUfunction handle, size_t (*shared_of_threads)(int), size_t dynamic_shared, int limit)) {
  GATUN_ENTER(cuOccupancyMaxPotentialBlockSize, needs_context);
  const auto function = entry.driver.functions.find(handle);
  if (function == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (grid == nullptr || threads == nullptr || limit < 0) return CUDA_ERROR_INVALID_VALUE;
  *threads = static_cast<int>(function->kernel->threads);
  const size_t shared = shared_of_threads == nullptr ? dynamic_shared : shared_of_threads(*threads);
  *grid = fitting_blocks(entry.driver, *threads, shared) * limits::multiprocessors;
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuOccupancyAvailableDynamicSMemPerBlock, (size_t * bytes, CUfunction function, int blocks, int threads)) {
  GATUN_ENTER(cuOccupancyAvailableDynamicSMemPerBlock, needs_context);
  if (entry.driver.functions.find(function) == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (bytes == nullptr || blocks <= 0 || threads <= 0) return CUDA_ERROR_INVALID_VALUE;
  const int architecture = entry.driver.architecture;
  const size_t each = limits::shared_per_multiprocessor(architecture) / static_cast<size_t>(blocks), kept = architecture >= 80 ? 1024 : 0;
  *bytes = std::min(limits::opt_in_shared(architecture), each > kept ? each - kept : 0);
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuOccupancyMaxActiveClusters, (int* clusters, CUfunction handle, const CUlaunchConfig* config)) {
  GATUN_ENTER(cuOccupancyMaxActiveClusters, needs_context);
  const auto function = entry.driver.functions.find(handle);
  if (function == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (clusters == nullptr || config == nullptr || config->blockDimX == 0) return CUDA_ERROR_INVALID_VALUE;
  if (entry.driver.architecture < 90) return CUDA_ERROR_NOT_SUPPORTED;
  unsigned size = 1;
  for (unsigned i = 0; i < config->numAttrs; i++) {
    const auto& attribute = config->attrs[i];
    if (attribute.id == CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION) size = attribute.value.clusterDim.x * attribute.value.clusterDim.y * attribute.value.clusterDim.z;
  }
  if (size == 0) return CUDA_ERROR_INVALID_VALUE;
  const int blocks = fitting_blocks(entry.driver, static_cast<int>(config->blockDimX), config->sharedMemBytes) * limits::multiprocessors;
  *clusters = blocks / static_cast<int>(size);
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuOccupancyMaxPotentialClusterSize, (int* size, CUfunction handle, const CUlaunchConfig* config)) {
  GATUN_ENTER(cuOccupancyMaxPotentialClusterSize, needs_context);
  const auto function = entry.driver.functions.find(handle);
  if (function == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (size == nullptr || config == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (entry.driver.architecture < 90) return CUDA_ERROR_NOT_SUPPORTED;
  *size = static_cast<int>(function->big_clusters ? limits::largest_cluster : limits::portable_cluster);
  return CUDA_SUCCESS;
}
