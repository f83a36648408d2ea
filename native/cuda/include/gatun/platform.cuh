// The dialect that kernels are written in: CUDA C++ on a device, and the same names on the host, where the emulator gives them their meaning.
// A kernel includes this file and nothing of CUDA's own.
#pragma once

#include <stdint.h>

#if defined(__CUDACC__)
#include "gatun/device.cuh"
#else
#include "gatun/emulator/host.h"
#endif

#include "gatun/types.cuh"

// Parameters of a kernel are one struct, passed by value. LIST is a macro that applies its argument to (type, name) for every field, so that the same list
// also tells the manifest names, types and offsets:
//   #define SCALE_PARAMS(FIELD) FIELD(gatun::Rows, x) FIELD(gatun::Rows, y) FIELD(int, width) FIELD(float, factor)
//   GATUN_PARAMS(ScaleParams, SCALE_PARAMS)
#define GATUN_FIELD(type, name) type name;
#if defined(__CUDACC__)
#define GATUN_PARAMS(NAME, LIST) \
  struct NAME {                  \
    LIST(GATUN_FIELD)            \
  };
#else
#define GATUN_PARAMS(NAME, LIST)                                         \
  struct NAME {                                                          \
    LIST(GATUN_FIELD)                                                    \
    static std::vector<gatun::emulator::Field> gatun_fields() {          \
      using Self = NAME;                                                 \
      std::vector<gatun::emulator::Field> fields;                        \
      LIST(GATUN_DESCRIBE_FIELD)                                         \
      return fields;                                                     \
    }                                                                    \
  };
#endif

// A kernel that Java can launch: its name, its parameters' struct, the threads of a block (one-dimensional) and the function that is its body, an
// instance of a template as a rule: GATUN_KERNEL(scale_f32, ScaleParams, 256, gatun::scale<float>)
// The body takes `const Params&`. The symbol is the name with gatun_ before it; names are unique over all units.
#if defined(__CUDACC__)
#define GATUN_KERNEL(NAME, PARAMS, THREADS, ...)                                                                     \
  extern "C" __global__ void __launch_bounds__(THREADS, 1) gatun_##NAME(const __grid_constant__ PARAMS gatun_params) { \
    __VA_ARGS__(gatun_params);                                                                                       \
  }
#define GATUN_TILE(NAME, KEY, VALUE)
#else
#define GATUN_KERNEL(NAME, PARAMS, THREADS, ...)                                                                                              \
  static void gatun_body_##NAME(const void* params) { __VA_ARGS__(*static_cast<const PARAMS*>(params)); }                                     \
  static const gatun::emulator::KernelEntry gatun_kernel_##NAME{"gatun_" #NAME, GATUN_UNIT, sizeof(PARAMS), alignof(PARAMS), THREADS,         \
                                                                PARAMS::gatun_fields(), gatun_body_##NAME};
// A number that the host must know to launch a kernel, for example how many rows a block does; it goes into the manifest.
#define GATUN_TILE(NAME, KEY, VALUE) static const gatun::emulator::TileEntry gatun_tile_##NAME##_##KEY{"gatun_" #NAME, #KEY, VALUE};
#endif
