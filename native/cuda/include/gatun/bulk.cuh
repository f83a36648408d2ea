// The copy engine of sm_90 and up (TMA): whole pieces of memory, or boxes of a tensor, from global to shared memory and back, with barriers in shared memory
// (mbarrier) that count threads and bytes. One thread asks for a copy; names of PTX in brackets.
//
// A barrier's phase ends when as many threads as it was made for have arrived and all bytes that were announced have landed; its phases have parity 0, 1, 0, ...
// To fill a stage: one thread announces its bytes (which is an arrival) and asks for the copies; who reads it waits for the phase. To hand a stage back: readers
// arrive at another barrier, for which the filling thread waits.
#pragma once

#include "gatun/platform.cuh"

#if !defined(__CUDACC__)
#include "gatun/emulator/host/bulk.h"
#else

namespace gatun {

__device__ __forceinline__ unsigned shared_address(const void* shared) { return static_cast<unsigned>(__cvta_generic_to_shared(shared)); }

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
#define GATUN_BULK(...) __VA_ARGS__
#else
#define GATUN_BULK(...) __trap()
#endif

// The launch's dynamic shared memory, 1024-byte aligned, as GATUN_DYNAMIC_SHARED; for kernels without shared memory of fixed size, whose barriers lie in it too.
#define GATUN_BULK_SHARED(TYPE, NAME)                                      \
  extern __shared__ __align__(1024) unsigned char gatun_bulk_shared[]; \
  TYPE* const NAME = reinterpret_cast<TYPE*>(gatun_bulk_shared)

// Makes a barrier for `arrivals` threads. [mbarrier.init]
__device__ __forceinline__ void mbarrier_init(uint64_t* barrier, int arrivals) {
  GATUN_BULK(asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared_address(barrier)), "r"(arrivals) : "memory"));
}

// After the inits, by the thread that made them; the block then synchronizes before it uses them. [fence.mbarrier_init, fence.proxy.async]
__device__ __forceinline__ void mbarrier_init_done() {
  GATUN_BULK(asm volatile("fence.mbarrier_init.release.cluster;\n\tfence.proxy.async.shared::cta;" ::: "memory"));
}

// This thread arrives. [mbarrier.arrive]
__device__ __forceinline__ void mbarrier_arrive(uint64_t* barrier) {
  GATUN_BULK(asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(shared_address(barrier)) : "memory"));
}

// This thread arrives and announces `bytes` that copies will bring in this phase. [mbarrier.arrive.expect_tx]
__device__ __forceinline__ void mbarrier_expect(uint64_t* barrier, int bytes) {
  GATUN_BULK(asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(shared_address(barrier)), "r"(bytes) : "memory"));
}

// Waits for the end of the phase of this parity: it returns at once if the barrier is in a phase of the other one. [mbarrier.try_wait.parity]
__device__ __forceinline__ void mbarrier_wait(uint64_t* barrier, int parity) {
  GATUN_BULK(asm volatile(
      "{\n\t"
      ".reg .pred done;\n\t"
      "again:\n\t"
      "mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n\t"
      "@!done bra again;\n\t"
      "}" ::"r"(shared_address(barrier)),
      "r"(parity)
      : "memory"));
}

// By each thread that wrote shared memory by ordinary stores, before the barrier after which the tensor cores (wgmma) or a copy out of it read them.
// [fence.proxy.async]
__device__ __forceinline__ void fence_async_proxy() { GATUN_BULK(asm volatile("fence.proxy.async.shared::cta;" ::: "memory")); }

// `bytes`, a multiple of 16, from global to shared memory, both 16-byte aligned, counted by the barrier. [cp.async.bulk]
__device__ __forceinline__ void bulk_copy(void* shared, const void* global, int bytes, uint64_t* barrier) {
  GATUN_BULK(asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(shared_address(shared)), "l"(global),
                          "r"(bytes), "r"(shared_address(barrier))
                          : "memory"));
}

// How long the L2 cache should keep what a copy reads: the encodings that CUTLASS names TMA::CacheHintSm90.
enum CacheHint : unsigned long long {
  kEvictNormal = 0x1000000000000000ull,
  kEvictFirst = 0x12F0000000000000ull,
  kEvictLast = 0x14F0000000000000ull,
};

// The box of a tensor map (TensorMap of ffi-bindings) that begins at these coordinates, the densest dimension first, into shared memory: 128-byte aligned, with a
// swizzle of 128 bytes 1024-byte aligned. Outside the tensor it reads zeros, which count as bytes. [cp.async.bulk.tensor]
__device__ __forceinline__ void tensor_copy(void* shared, const TensorMap& map, int c0, int c1, uint64_t* barrier, CacheHint hint = kEvictNormal) {
  GATUN_BULK(asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes.L2::cache_hint [%0], [%1, {%2, %3}], [%4], %5;" ::"r"(
                              shared_address(shared)),
                          "l"(&map), "r"(c0), "r"(c1), "r"(shared_address(barrier)), "l"(static_cast<unsigned long long>(hint))
                          : "memory"));
}
__device__ __forceinline__ void tensor_copy(void* shared, const TensorMap& map, int c0, int c1, int c2, uint64_t* barrier, CacheHint hint = kEvictNormal) {
  GATUN_BULK(asm volatile("cp.async.bulk.tensor.3d.shared::cluster.global.tile.mbarrier::complete_tx::bytes.L2::cache_hint [%0], [%1, {%2, %3, %4}], [%5], %6;" ::"r"(
                              shared_address(shared)),
                          "l"(&map), "r"(c0), "r"(c1), "r"(c2), "r"(shared_address(barrier)), "l"(static_cast<unsigned long long>(hint))
                          : "memory"));
}
__device__ __forceinline__ void tensor_copy(void* shared, const TensorMap& map, int c0, int c1, int c2, int c3, uint64_t* barrier,
                                            CacheHint hint = kEvictNormal) {
  GATUN_BULK(
      asm volatile("cp.async.bulk.tensor.4d.shared::cluster.global.tile.mbarrier::complete_tx::bytes.L2::cache_hint [%0], [%1, {%2, %3, %4, %5}], [%6], %7;" ::"r"(
                       shared_address(shared)),
                   "l"(&map), "r"(c0), "r"(c1), "r"(c2), "r"(c3), "r"(shared_address(barrier)), "l"(static_cast<unsigned long long>(hint))
                   : "memory"));
}

// Brings a map's own bytes near, before its first use. [prefetch.tensormap]
__device__ __forceinline__ void tensor_prefetch(const TensorMap& map) { GATUN_BULK(asm volatile("prefetch.tensormap [%0];" ::"l"(&map) : "memory")); }

// A box from shared memory to the tensor; what lies outside is left out. Part of this thread's open group of copies. [cp.async.bulk.tensor]
__device__ __forceinline__ void tensor_store(const TensorMap& map, const void* shared, int c0, int c1) {
  GATUN_BULK(asm volatile("cp.async.bulk.tensor.2d.global.shared::cta.tile.bulk_group [%0, {%1, %2}], [%3];" ::"l"(&map), "r"(c0), "r"(c1),
                          "r"(shared_address(shared))
                          : "memory"));
}

// Closes this thread's group of copies out of shared memory. [cp.async.bulk.commit_group]
__device__ __forceinline__ void tensor_store_commit() { GATUN_BULK(asm volatile("cp.async.bulk.commit_group;" ::: "memory")); }

// Waits until at most N of this thread's groups still read shared memory. [cp.async.bulk.wait_group.read]
template <int N>
__device__ __forceinline__ void tensor_store_wait() {
  GATUN_BULK(asm volatile("cp.async.bulk.wait_group.read %0;" ::"n"(N) : "memory"));
}

#undef GATUN_BULK

}  // namespace gatun
#endif
