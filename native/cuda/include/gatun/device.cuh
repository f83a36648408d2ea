// The device form of the dialect: CUDA's own names, and the few that kernels need beyond them.
#pragma once

namespace gatun {

template <class T>
using Self = T;

// Shared memory of fixed size: GATUN_SHARED(float[256], sums) declares `sums`. Contents are undefined at first.
#define GATUN_SHARED(TYPE, NAME) __shared__ ::gatun::Self<TYPE> NAME

// The launch's dynamic shared memory, 128-byte aligned, as a pointer: GATUN_DYNAMIC_SHARED(float, tile); at most one in a kernel.
#define GATUN_DYNAMIC_SHARED(TYPE, NAME)                              \
  extern __shared__ __align__(128) unsigned char gatun_dynamic_shared[]; \
  TYPE* const NAME = reinterpret_cast<TYPE*>(gatun_dynamic_shared)

// Named barrier `id` (1 to 15) for `threads` threads of the block, a multiple of 32.
__device__ __forceinline__ void barrier(int id, int threads) {
  asm volatile("bar.sync %0, %1;" ::"r"(id), "r"(threads) : "memory");
}

// Waits until the kernels that this one depends on have finished, under programmatic dependent launch; nothing before sm_90.
__device__ __forceinline__ void wait_for_prior_kernels() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

// Lets dependent kernels start, under programmatic dependent launch.
__device__ __forceinline__ void launch_dependent_kernels() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

// 16 bytes from global to shared memory, both 16-byte aligned; lands at some time before the cp_async_wait that covers its group returns. `bytes` of the
// source are read (0 to 16), the rest is zero.
__device__ __forceinline__ void cp_async16(void* shared, const void* global, int bytes = 16) {
#if __CUDA_ARCH__ >= 800
  const unsigned to = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(global), "r"(bytes) : "memory");
#else
  uint4 value = make_uint4(0, 0, 0, 0);
  if (bytes == 16) {
    value = *static_cast<const uint4*>(global);
  } else {
    for (int i = 0; i < bytes; i++) {
      reinterpret_cast<unsigned char*>(&value)[i] = static_cast<const unsigned char*>(global)[i];
    }
  }
  *static_cast<uint4*>(shared) = value;
#endif
}

// Closes this thread's group of copies.
__device__ __forceinline__ void cp_async_commit() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

// Waits until at most N of this thread's groups are under way. Other threads see the copies after a barrier.
template <int N>
__device__ __forceinline__ void cp_async_wait() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory");
#endif
}

// Four 8x8 matrices of 16-bit elements from shared memory, one row address (16-byte aligned) a lane: lanes 0-7 give matrix 0, 8-15 matrix 1, and so on.
// Lane l receives in r[i] the elements 2(l%4), 2(l%4)+1 of row l/4 of matrix i.
__device__ __forceinline__ void ldmatrix4(uint32_t (&r)[4], const void* shared_row) {
  const unsigned from = static_cast<unsigned>(__cvta_generic_to_shared(shared_row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(from)
               : "memory");
}

// As ldmatrix4, each matrix transposed.
__device__ __forceinline__ void ldmatrix4_transposed(uint32_t (&r)[4], const void* shared_row) {
  const unsigned from = static_cast<unsigned>(__cvta_generic_to_shared(shared_row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(from)
               : "memory");
}

// d = a·b + d for one warp, 16x8x16, f16 in, f32 sums; fragments as PTX lays out mma.m16n8k16. sm_80.
__device__ __forceinline__ void mma_f16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
#if __CUDA_ARCH__ >= 800
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  __trap();
#endif
}

// As mma_f16 with bf16 in. sm_80.
__device__ __forceinline__ void mma_bf16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
#if __CUDA_ARCH__ >= 800
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  __trap();
#endif
}

// d = a·b + d for one warp, 16x8x32, signed 8-bit in, 32-bit sums; fragments as PTX lays out mma.m16n8k32. sm_80.
__device__ __forceinline__ void mma_s8(int32_t (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
#if __CUDA_ARCH__ >= 800
  asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+r"(d[0]), "+r"(d[1]), "+r"(d[2]), "+r"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  __trap();
#endif
}

// Bit patterns and the hardware's own conversions.
__device__ __forceinline__ float f16_to_float(uint16_t bits) {
  float value;
  asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
  return value;
}

__device__ __forceinline__ uint16_t float_to_f16(float value) {
  uint16_t bits;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return bits;
}

// Two floats rounded to BF16, to nearest even, the first in the lower half; NaN stays NaN.
__device__ __forceinline__ uint32_t floats_to_bf16x2(float low, float high) {
#if __CUDA_ARCH__ >= 800
  uint32_t bits;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(high), "f"(low));
  return bits;
#else
  const auto rounded = [](float value) {
    const uint32_t bits = __float_as_uint(value);
    return (bits & 0x7FFFFFFFu) > 0x7F800000u ? bits >> 16 | 0x40u : (bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16;
  };
  return rounded(low) | rounded(high) << 16;
#endif
}

}  // namespace gatun
