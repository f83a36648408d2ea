// The activations of gated units.
#pragma once

#include "gatun/platform.cuh"

namespace gatun {

struct SiluMulOf {
  static constexpr bool two = true;
  __device__ __forceinline__ static float of(float a, float b, float) { return a / (1.0f + expf(-a)) * b; }
};

struct GeluErf {
  static constexpr bool two = false;
  // erfc keeps its precision where 1 + erf would cancel.
  __device__ __forceinline__ static float of(float a, float, float) { return 0.5f * a * erfcf(-0.70710678118654752f * a); }
};

struct GeluTanh {
  static constexpr bool two = false;
  // (1 + tanh(u)) / 2 = 1 / (1 + exp(-2u)), which loses nothing where tanh is close to -1.
  __device__ __forceinline__ static float of(float a, float, float) {
    const float u = 0.79788456080286536f * (a + 0.044715f * a * a * a);
    return a / (1.0f + expf(-2.0f * u));
  }
};

struct GeluErfMul {
  static constexpr bool two = true;
  __device__ __forceinline__ static float of(float a, float b, float) { return GeluErf::of(a, 0, 0) * b; }
};

struct GeluTanhMul {
  static constexpr bool two = true;
  __device__ __forceinline__ static float of(float a, float b, float) { return GeluTanh::of(a, 0, 0) * b; }
};

}  // namespace gatun
