// Kernels that the driver's tests launch.
#include "gatun/platform.cuh"

#define DRIVER_TEST_PARAMS(FIELD) \
  FIELD(const float*, x)          \
  FIELD(float*, y)                \
  FIELD(int, count)               \
  FIELD(float, value)
GATUN_PARAMS(DriverTestParams, DRIVER_TEST_PARAMS)

namespace gatun {

// y = x + value.
__device__ inline void driver_add(const DriverTestParams& p) {
  for (int i = blockIdx.x * 32 + threadIdx.x; i < p.count; i += gridDim.x * 32) p.y[i] = p.x[i] + p.value;
}

__device__ inline void driver_set(const DriverTestParams& p) {
  for (int i = blockIdx.x * 32 + threadIdx.x; i < p.count; i += gridDim.x * 32) p.y[i] = p.value;
}

// As driver_add, after the launches before it: LATE lets those after it start only then; ONE lets one thread wait for all.
template <bool LATE, bool ONE>
__device__ inline void driver_add_behind(const DriverTestParams& p) {
  if (!LATE) launch_dependent_kernels();
  if (!ONE || threadIdx.x == 0) wait_for_prior_kernels();
  if (ONE) __syncthreads();
  if (LATE) launch_dependent_kernels();
  driver_add(p);
}

__device__ inline void driver_nothing(const DriverTestParams&) {}

}  // namespace gatun

GATUN_KERNEL(driver_add, DriverTestParams, 32, gatun::driver_add)
GATUN_KERNEL(driver_set, DriverTestParams, 32, gatun::driver_set)
GATUN_KERNEL(driver_add_behind, DriverTestParams, 32, gatun::driver_add_behind<true, false>)
GATUN_KERNEL(driver_add_behind_one, DriverTestParams, 32, gatun::driver_add_behind<true, true>)
GATUN_KERNEL(driver_add_early, DriverTestParams, 32, gatun::driver_add_behind<false, false>)
GATUN_KERNEL(driver_nothing, DriverTestParams, 32, gatun::driver_nothing)
GATUN_KERNEL(driver_nothing_new, DriverTestParams, 32, gatun::driver_nothing)
GATUN_TILE(driver_nothing_new, capability, 90)
