// The host form of gatun/bulk.cuh.
#pragma once

#include "gatun/emulator/host/more_calls.h"

#define GATUN_BULK_SHARED(TYPE, NAME) TYPE* const NAME = static_cast<TYPE*>(::gatun::emulator::dynamic_shared())

namespace gatun {

static inline void mbarrier_init(uint64_t* barrier, int arrivals, GATUN_PLACE) { emulator::barrier_init(barrier, arrivals, file, line); }
static inline void mbarrier_init_done(GATUN_PLACE) { emulator::barrier_init_done(file, line); }
static inline void mbarrier_arrive(uint64_t* barrier, GATUN_PLACE) { emulator::barrier_arrive_at(barrier, file, line); }
static inline void mbarrier_expect(uint64_t* barrier, int bytes, GATUN_PLACE) { emulator::barrier_expect(barrier, bytes, file, line); }
static inline void mbarrier_wait(uint64_t* barrier, int parity, GATUN_PLACE) { emulator::barrier_wait(barrier, parity, file, line); }
static inline void fence_async_proxy(GATUN_PLACE) { emulator::fence_async(file, line); }

static inline void bulk_copy(void* shared, const void* global, int bytes, uint64_t* barrier, GATUN_PLACE) {
  emulator::copy_bulk(shared, global, bytes, barrier, file, line);
}

enum CacheHint : unsigned long long {
  kEvictNormal = 0x1000000000000000ull,
  kEvictFirst = 0x12F0000000000000ull,
  kEvictLast = 0x14F0000000000000ull,
};

static inline void tensor_copy(void* shared, const TensorMap& map, int c0, int c1, uint64_t* barrier, CacheHint = kEvictNormal, GATUN_PLACE) {
  const int at[] = {c0, c1};
  emulator::copy_tensor(shared, &map, at, 2, barrier, file, line);
}
static inline void tensor_copy(void* shared, const TensorMap& map, int c0, int c1, int c2, uint64_t* barrier, CacheHint = kEvictNormal, GATUN_PLACE) {
  const int at[] = {c0, c1, c2};
  emulator::copy_tensor(shared, &map, at, 3, barrier, file, line);
}
static inline void tensor_copy(void* shared, const TensorMap& map, int c0, int c1, int c2, int c3, uint64_t* barrier, CacheHint = kEvictNormal, GATUN_PLACE) {
  const int at[] = {c0, c1, c2, c3};
  emulator::copy_tensor(shared, &map, at, 4, barrier, file, line);
}
static inline void tensor_prefetch(const TensorMap& map, GATUN_PLACE) { emulator::prefetch_tensor(&map, file, line); }

static inline void tensor_store(const TensorMap& map, const void* shared, int c0, int c1, GATUN_PLACE) {
  const int at[] = {c0, c1};
  emulator::store_tensor(&map, shared, at, 2, file, line);
}
static inline void tensor_store_commit(GATUN_PLACE) { emulator::store_tensor_commit(file, line); }
template <int N>
static inline void tensor_store_wait(GATUN_PLACE) {
  emulator::store_tensor_wait(N, file, line);
}

}  // namespace gatun
