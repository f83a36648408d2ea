// Launches of kernels and host functions.
#include <algorithm>
#include <cstring>

#include "launch.h"
#include "limits.h"

using namespace gatun::emulator;
using namespace gatun::emulator::driver;

namespace {

CUresult copy_params(const KernelEntry& kernel, void** parameters, void** extra, std::vector<unsigned char>* params) {
  params->resize(kernel.params_size);
  if (extra != nullptr) {
    if (parameters != nullptr) return CUDA_ERROR_INVALID_VALUE;
    const void* buffer = nullptr;
    const size_t* bytes = nullptr;
    for (; extra[0] != CU_LAUNCH_PARAM_END; extra += 2) {
      if (extra[0] == CU_LAUNCH_PARAM_BUFFER_POINTER) buffer = extra[1];
      else if (extra[0] == CU_LAUNCH_PARAM_BUFFER_SIZE) bytes = static_cast<const size_t*>(extra[1]);
      else return CUDA_ERROR_INVALID_VALUE;
    }
    if (buffer == nullptr || bytes == nullptr || *bytes != kernel.params_size) return CUDA_ERROR_INVALID_VALUE;
    memcpy(params->data(), buffer, kernel.params_size);
    return CUDA_SUCCESS;
  }
  if (kernel.params_size == 0) return CUDA_SUCCESS;
  if (parameters == nullptr || parameters[0] == nullptr) return CUDA_ERROR_INVALID_VALUE;
  memcpy(params->data(), parameters[0], kernel.params_size);
  return CUDA_SUCCESS;
}

CUresult launch(Entry& entry, void* function, const CUlaunchConfig& config, void** parameters, void** extra) {
  const auto stream = stream_of(entry, config.hStream);
  if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  KernelLaunch what;
  const CUresult result = make_launch(entry, function, config, parameters, extra, &what);
  if (result != CUDA_SUCCESS) return result;
  return submit(entry, *stream, action(std::move(what)));
}

CUlaunchConfig config_of(unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y, unsigned block_z, unsigned dynamic_shared,
                         CUstream stream) {
  CUlaunchConfig config = {};
  config.gridDimX = grid_x;
  config.gridDimY = grid_y;
  config.gridDimZ = grid_z;
  config.blockDimX = block_x;
  config.blockDimY = block_y;
  config.blockDimZ = block_z;
  config.sharedMemBytes = dynamic_shared;
  config.hStream = stream;
  return config;
}

}  // namespace

namespace gatun::emulator::driver {

CUresult make_launch(Entry& entry, void* handle, const CUlaunchConfig& config, void** parameters, void** extra, KernelLaunch* launch) {
  const auto function = entry.driver.functions.find(handle);
  if (function == nullptr || function->context != entry.context) return CUDA_ERROR_INVALID_HANDLE;
  const KernelEntry& kernel = *function->kernel;
  const uint64_t threads = uint64_t(config.blockDimX) * config.blockDimY * config.blockDimZ;
  if (config.gridDimX == 0 || config.gridDimY == 0 || config.gridDimZ == 0 || threads == 0) return CUDA_ERROR_INVALID_VALUE;
  if (config.gridDimX > 0x7FFFFFFFu || config.gridDimY > 65535 || config.gridDimZ > 65535) return CUDA_ERROR_INVALID_VALUE;
  if (threads > limits::threads_per_block || config.blockDimY > 1 || config.blockDimZ > 1) return CUDA_ERROR_INVALID_VALUE;
  if (threads > kernel.threads) return CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES;
  if (threads < kernel.threads) return CUDA_ERROR_INVALID_VALUE;
  if (config.sharedMemBytes > function->max_dynamic_shared) return CUDA_ERROR_INVALID_VALUE;
  if (config.numAttrs > 0 && config.attrs == nullptr) return CUDA_ERROR_INVALID_VALUE;
  LaunchSpec& spec = launch->spec;
  for (unsigned i = 0; i < config.numAttrs; i++) {
    const CUlaunchAttributeValue& value = config.attrs[i].value;
    switch (config.attrs[i].id) {
      case CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION: {
        const auto& [x, y, z] = value.clusterDim;
        if (x == 0 || y == 0 || z == 0) return CUDA_ERROR_INVALID_VALUE;
        const uint64_t blocks = uint64_t(x) * y * z;
        const unsigned most = entry.driver.architecture < 90 ? 1 : function->big_clusters ? limits::largest_cluster : limits::portable_cluster;
        if (blocks > most) return CUDA_ERROR_INVALID_CLUSTER_SIZE;
        if (config.gridDimX % x != 0 || config.gridDimY % y != 0 || config.gridDimZ % z != 0) return CUDA_ERROR_INVALID_VALUE;
        spec.cluster = {x, y, z};
        break;
      }
      case CU_LAUNCH_ATTRIBUTE_COOPERATIVE: {
        if (value.cooperative == 0) break;
        const uint64_t blocks = uint64_t(config.gridDimX) * config.gridDimY * config.gridDimZ;
        const size_t kept = 1024, shared = config.sharedMemBytes + kept;
        const uint64_t by_threads = static_cast<uint64_t>(limits::threads_per_multiprocessor(entry.driver.architecture)) / threads;
        const uint64_t by_shared = limits::shared_per_multiprocessor(entry.driver.architecture) / shared;
        const uint64_t resident = std::min({by_threads, by_shared, uint64_t(limits::blocks_per_multiprocessor)});
        if (blocks > resident * limits::multiprocessors) return CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE;
        break;
      }
      case CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION:
        launch->programmatic = entry.driver.architecture >= 90 && value.programmaticStreamSerializationAllowed != 0;
        break;
      default:
        // Hints.
        if (config.attrs[i].id < 0 || config.attrs[i].id > 16) return CUDA_ERROR_INVALID_VALUE;
    }
  }
  spec.kernel = &kernel;
  spec.grid = {config.gridDimX, config.gridDimY, config.gridDimZ};
  spec.block = {config.blockDimX, config.blockDimY, config.blockDimZ};
  spec.dynamic_shared = config.sharedMemBytes;
  launch->function = handle;
  launch->capability = function->capability > entry.driver.architecture ? function->capability : 0;
  return copy_params(kernel, parameters, extra, &spec.params);
}

}  // namespace gatun::emulator::driver

GATUN_DRIVER_FUNCTION(cuLaunchKernelEx, (const CUlaunchConfig* config, CUfunction function, void** parameters, void** extra)) {
  GATUN_ENTER(cuLaunchKernelEx, needs_context);
  if (config == nullptr) return CUDA_ERROR_INVALID_VALUE;
  return launch(entry, function, *config, parameters, extra);
}

GATUN_DRIVER_FUNCTION(cuLaunchKernel, (CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y,
                                       unsigned block_z, unsigned dynamic_shared, CUstream stream, void** parameters, void** extra)) {
  GATUN_ENTER(cuLaunchKernel, needs_context);
  return launch(entry, function, config_of(grid_x, grid_y, grid_z, block_x, block_y, block_z, dynamic_shared, stream), parameters, extra);
}

GATUN_DRIVER_FUNCTION(cuLaunchCooperativeKernel, (CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y,
                                                  unsigned block_z, unsigned dynamic_shared, CUstream stream, void** parameters)) {
  GATUN_ENTER(cuLaunchCooperativeKernel, needs_context);
  CUlaunchConfig config = config_of(grid_x, grid_y, grid_z, block_x, block_y, block_z, dynamic_shared, stream);
  CUlaunchAttribute cooperative = {};
  cooperative.id = CU_LAUNCH_ATTRIBUTE_COOPERATIVE;
  cooperative.value.cooperative = 1;
  config.attrs = &cooperative;
  config.numAttrs = 1;
  return launch(entry, function, config, parameters, nullptr);
}

GATUN_DRIVER_FUNCTION(cuLaunchHostFunc, (CUstream stream, CUhostFn function, void* data)) {
  GATUN_ENTER(cuLaunchHostFunc, needs_context);
  if (function == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const auto on = stream_of(entry, stream);
  if (on == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  return submit(entry, *on, action(HostCall{function, data}));
}
