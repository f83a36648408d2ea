// Barriers, fences and what the lanes of a warp do together. Every call tells the machine its place in the source, for the message of a fault.
#pragma once

#define GATUN_PLACE const char *file = __builtin_FILE(), int line = __builtin_LINE()

static inline void __syncthreads(GATUN_PLACE) { gatun::emulator::block_barrier(gatun::emulator::BlockOperation::kSync, 0, file, line); }
static inline int __syncthreads_or(int predicate, GATUN_PLACE) {
  return gatun::emulator::block_barrier(gatun::emulator::BlockOperation::kOr, predicate, file, line);
}
static inline int __syncthreads_and(int predicate, GATUN_PLACE) {
  return gatun::emulator::block_barrier(gatun::emulator::BlockOperation::kAnd, predicate, file, line);
}
static inline int __syncthreads_count(int predicate, GATUN_PLACE) {
  return gatun::emulator::block_barrier(gatun::emulator::BlockOperation::kCount, predicate, file, line);
}
static inline void __syncwarp(unsigned mask = 0xFFFFFFFFu, GATUN_PLACE) {
  gatun::emulator::warp_operation(gatun::emulator::WarpOperation::kSync, mask, 0, 0, 32, file, line);
}
static inline void __threadfence(GATUN_PLACE) { gatun::emulator::thread_fence(true, file, line); }
static inline void __threadfence_block(GATUN_PLACE) { gatun::emulator::thread_fence(false, file, line); }

namespace gatun {

static inline void barrier(int id, int threads, GATUN_PLACE) { emulator::named_barrier(id, threads, file, line); }

namespace emulator {

template <class T>
static inline T shuffle(WarpOperation four, WarpOperation eight, unsigned mask, T value, int argument, int width, const char* file, int line) {
  static_assert(std::is_arithmetic_v<T> && (sizeof(T) == 4 || sizeof(T) == 8), "a shuffle carries 32 or 64 bits");
  if constexpr (sizeof(T) == 4) {
    return bits<T>(static_cast<uint32_t>(warp_operation(four, mask, bits<uint32_t>(value), argument, width, file, line)));
  } else {
    return bits<T>(warp_operation(eight, mask, bits<uint64_t>(value), argument, width, file, line));
  }
}

}  // namespace emulator
}  // namespace gatun

template <class T>
static inline T __shfl_sync(unsigned mask, T value, int lane, int width = 32, GATUN_PLACE) {
  using gatun::emulator::WarpOperation;
  return gatun::emulator::shuffle(WarpOperation::kShuffle32, WarpOperation::kShuffle64, mask, value, lane, width, file, line);
}
template <class T>
static inline T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, GATUN_PLACE) {
  using gatun::emulator::WarpOperation;
  return gatun::emulator::shuffle(WarpOperation::kShuffleUp32, WarpOperation::kShuffleUp64, mask, value, static_cast<int>(delta), width, file, line);
}
template <class T>
static inline T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, GATUN_PLACE) {
  using gatun::emulator::WarpOperation;
  return gatun::emulator::shuffle(WarpOperation::kShuffleDown32, WarpOperation::kShuffleDown64, mask, value, static_cast<int>(delta), width, file, line);
}
template <class T>
static inline T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32, GATUN_PLACE) {
  using gatun::emulator::WarpOperation;
  return gatun::emulator::shuffle(WarpOperation::kShuffleXor32, WarpOperation::kShuffleXor64, mask, value, lanes, width, file, line);
}

static inline unsigned __ballot_sync(unsigned mask, int predicate, GATUN_PLACE) {
  return static_cast<unsigned>(gatun::emulator::warp_operation(gatun::emulator::WarpOperation::kBallot, mask, predicate != 0, 0, 32, file, line));
}
static inline int __any_sync(unsigned mask, int predicate, GATUN_PLACE) {
  return static_cast<int>(gatun::emulator::warp_operation(gatun::emulator::WarpOperation::kAny, mask, predicate != 0, 0, 32, file, line));
}
static inline int __all_sync(unsigned mask, int predicate, GATUN_PLACE) {
  return static_cast<int>(gatun::emulator::warp_operation(gatun::emulator::WarpOperation::kAll, mask, predicate != 0, 0, 32, file, line));
}

#define GATUN_REDUCE(NAME, OPERATION)                                                                                                               \
  static inline int __reduce_##NAME##_sync(unsigned mask, int value, GATUN_PLACE) {                                                                 \
    return static_cast<int>(                                                                                                                        \
        gatun::emulator::warp_operation(gatun::emulator::WarpOperation::OPERATION##Signed, mask, static_cast<unsigned>(value), 0, 32, file, line)); \
  }                                                                                                                                                 \
  static inline unsigned __reduce_##NAME##_sync(unsigned mask, unsigned value, GATUN_PLACE) {                                                       \
    return static_cast<unsigned>(                                                                                                                   \
        gatun::emulator::warp_operation(gatun::emulator::WarpOperation::OPERATION##Unsigned, mask, value, 0, 32, file, line));                      \
  }
GATUN_REDUCE(add, kAdd)
GATUN_REDUCE(min, kMin)
GATUN_REDUCE(max, kMax)
#undef GATUN_REDUCE
