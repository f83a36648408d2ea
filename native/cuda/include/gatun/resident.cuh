// Kernels that several blocks of are to run on a multiprocessor at a time.
#pragma once

#include "gatun/platform.cuh"

// As GATUN_KERNEL, for which no more registers are used than let BLOCKS blocks be on a multiprocessor.
#if defined(__CUDACC__)
#define GATUN_RESIDENT_KERNEL(NAME, PARAMS, THREADS, BLOCKS, ...)                                                           \
  extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS) gatun_##NAME(const __grid_constant__ PARAMS gatun_params) { \
    __VA_ARGS__(gatun_params);                                                                                              \
  }
#else
#define GATUN_RESIDENT_KERNEL(NAME, PARAMS, THREADS, BLOCKS, ...) GATUN_KERNEL(NAME, PARAMS, THREADS, __VA_ARGS__)
#endif
