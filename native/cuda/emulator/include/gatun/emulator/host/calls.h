// What a kernel unit calls in the machine.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gatun::emulator {

struct Uint3 {
  unsigned x, y, z;
};

struct SharedVariable {
  const char* name;
  size_t bytes;
  size_t alignment;
};

// A thread's place never changes while it runs, so the compiler may ask once.
__attribute__((const)) unsigned thread_index();
__attribute__((const)) Uint3 block_index();
__attribute__((const)) unsigned block_size();
__attribute__((const)) Uint3 grid_size();
__attribute__((const)) void* shared_variable(const SharedVariable& variable);
__attribute__((const)) void* dynamic_shared();

// What the lanes of a warp do together. The kind, not the place in the source, is what must agree among them.
enum class WarpOperation : uint8_t {
  kSync, kShuffle32, kShuffleUp32, kShuffleDown32, kShuffleXor32, kShuffle64, kShuffleUp64, kShuffleDown64, kShuffleXor64, kBallot, kAny, kAll, kAddSigned,
  kAddUnsigned, kMinSigned, kMinUnsigned, kMaxSigned, kMaxUnsigned, kLdmatrix, kLdmatrixTransposed, kMmaF16, kMmaBf16, kMmaS8
};

// Waits until all lanes of the mask are there and gives this lane's result. `value` is what the lane brings; `argument` and `width` are those of a shuffle.
uint64_t warp_operation(WarpOperation operation, uint32_t mask, uint64_t value, int argument, int width, const char* file, int line);

enum class BlockOperation : uint8_t { kSync, kOr, kAnd, kCount };

int block_barrier(BlockOperation operation, int predicate, const char* file, int line);
void named_barrier(int id, int threads, const char* file, int line);
void thread_fence(bool device, const char* file, int line);

// Atomic read, change and write of 4 or 8 bytes; returns the old bits.
enum class AtomicOperation : uint8_t {
  kAdd32, kAdd64, kAddFloat, kMinSigned, kMinUnsigned, kMaxSigned, kMaxUnsigned, kExchange32, kExchange64, kOr32, kAnd32, kIncrement, kDecrement
};
uint64_t atomic(AtomicOperation operation, void* address, uint64_t operand);
uint64_t atomic_compare_and_swap(void* address, int bytes, uint64_t expected, uint64_t desired);

void copy_async(void* shared, const void* global, int bytes, const char* file, int line);
void copy_async_commit(const char* file, int line);
void copy_async_wait(int groups, const char* file, int line);

struct MmaOperands {
  void* d;
  const uint32_t* a;
  const uint32_t* b;
};

void programmatic_wait();
void programmatic_launch();

}  // namespace gatun::emulator

#define threadIdx (::gatun::emulator::Uint3{::gatun::emulator::thread_index(), 0, 0})
#define blockIdx (::gatun::emulator::block_index())
#define blockDim (::gatun::emulator::Uint3{::gatun::emulator::block_size(), 1, 1})
#define gridDim (::gatun::emulator::grid_size())
