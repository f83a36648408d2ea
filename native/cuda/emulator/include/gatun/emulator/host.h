// The host form of the dialect: CUDA's names as a kernel unit sees them when g++ compiles it, given their meaning by the machine.
// A kernel reaches it through gatun/platform.cuh, never on its own.
#pragma once

// Every load and store of a kernel is to be seen by the machine as it stands in the source. So nothing may widen, merge or join accesses, and reading a
// block of bytes through another type, as kernels do, must mean what nvcc takes it to mean.
#pragma GCC optimize("no-tree-vectorize", "no-tree-slp-vectorize", "no-tree-loop-distribute-patterns", "no-store-merging", "no-expensive-optimizations", \
                     "no-strict-aliasing", "no-math-errno", "no-trapping-math")

#include <stddef.h>
#include <stdint.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include <math.h>

#include "gatun/dtypes.h"
#include "gatun/emulator/entries.h"

#define __device__
#define __host__
#define __constant__
#define __forceinline__ inline __attribute__((always_inline))
#define __align__(BYTES) alignas(BYTES)

#include "gatun/emulator/host/calls.h"
#include "gatun/emulator/host/vectors.h"

#include "gatun/emulator/host/math.h"

#include "gatun/emulator/host/warp.h"

#include "gatun/emulator/host/atomics.h"

#include "gatun/emulator/host/asynchronous.h"

namespace gatun {

template <class T>
using Self = T;

struct Rows;
struct TensorMap;

namespace emulator {

template <class T>
constexpr const char* field_kind() {
  if constexpr (std::is_pointer_v<T>) {
    return "ptr";
  } else if constexpr (std::is_same_v<T, int32_t>) {
    return "i32";
  } else if constexpr (std::is_same_v<T, uint32_t>) {
    return "u32";
  } else if constexpr (std::is_same_v<T, int64_t> || std::is_same_v<T, long long>) {
    return "i64";
  } else if constexpr (std::is_same_v<T, float>) {
    return "f32";
  } else if constexpr (std::is_same_v<T, double>) {
    return "f64";
  } else if constexpr (std::is_same_v<T, Rows>) {
    return "rows";
  } else if constexpr (std::is_same_v<T, TensorMap>) {
    return "tensor_map";
  } else {
    static_assert(std::is_same_v<T, DType>, "a parameter is a pointer, int32_t, uint32_t, int64_t, float, double, gatun::Rows, gatun::TensorMap or gatun::DType");
    return "dtype";
  }
}

}  // namespace emulator
}  // namespace gatun

#define GATUN_DESCRIBE_FIELD(type, name) fields.push_back({#name, gatun::emulator::field_kind<type>(), offsetof(Self, name), sizeof(type)});

// One object a declaration (and instance of the template around it) stands for the variable; a block gives it room when a thread first comes by.
#define GATUN_SHARED(TYPE, NAME)                                                                                                             \
  static constexpr ::gatun::emulator::SharedVariable gatun_variable_##NAME{#NAME, sizeof(::gatun::Self<TYPE>), alignof(::gatun::Self<TYPE>)}; \
  ::gatun::Self<TYPE>& NAME = *static_cast<::gatun::Self<TYPE>*>(::gatun::emulator::shared_variable(gatun_variable_##NAME))

#define GATUN_DYNAMIC_SHARED(TYPE, NAME) TYPE* const NAME = static_cast<TYPE*>(::gatun::emulator::dynamic_shared())
