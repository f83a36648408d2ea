// Calls in the machine that only some units make, beside those of host/calls.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "gatun/emulator/host/calls.h"

namespace gatun::emulator {

// Behind those of host/calls.h.
constexpr WarpOperation kMmaE4m3 = static_cast<WarpOperation>(64);

// ---- gatun/bulk.cuh ----

void barrier_init(void* barrier, int arrivals, const char* file, int line);
void barrier_init_done(const char* file, int line);
void barrier_arrive_at(void* barrier, const char* file, int line);
void barrier_expect(void* barrier, int bytes, const char* file, int line);
void barrier_wait(void* barrier, int parity, const char* file, int line);
void fence_async(const char* file, int line);
void copy_bulk(void* shared, const void* global, int bytes, void* barrier, const char* file, int line);
// The densest dimension's coordinate first.
void copy_tensor(void* shared, const void* map, const int* at, int rank, void* barrier, const char* file, int line);
void prefetch_tensor(const void* map, const char* file, int line);
void store_tensor(const void* map, const void* shared, const int* at, int rank, const char* file, int line);
void store_tensor_commit(const char* file, int line);
void store_tensor_wait(int groups, const char* file, int line);

// ---- gatun/warpgroup.cuh ----

// Where it lies in the shared memory of the block, as a matrix descriptor has it.
uint64_t matrix_address(const void* shared);

enum class MatrixElement : uint8_t { kBf16, kF16, kE4m3 };

// A product as one thread asks for it: `registers` holds its part of a where that is not in shared memory.
struct WarpgroupProduct {
  float* d;
  int n;
  MatrixElement element;
  bool a_transposed, b_transposed, add;
  const uint32_t* registers;
  uint64_t a, b;
};
void warpgroup_multiply(const WarpgroupProduct& product, const char* file, int line);
void warpgroup_fence(const char* file, int line);
void warpgroup_commit(const char* file, int line);
void warpgroup_wait(int groups, const char* file, int line);
void warpgroup_registers(bool up, int count, const char* file, int line);
void named_barrier_arrive(int id, int threads, const char* file, int line);

}  // namespace gatun::emulator
