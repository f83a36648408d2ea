// Copies under way, matrices and tensor cores, as gatun/device.cuh states them.
#pragma once

namespace gatun {

static inline void wait_for_prior_kernels() { emulator::programmatic_wait(); }
static inline void launch_dependent_kernels() { emulator::programmatic_launch(); }

static inline void cp_async16(void* shared, const void* global, int bytes = 16, GATUN_PLACE) { emulator::copy_async(shared, global, bytes, file, line); }
static inline void cp_async_commit(GATUN_PLACE) { emulator::copy_async_commit(file, line); }
template <int N>
static inline void cp_async_wait(GATUN_PLACE) {
  emulator::copy_async_wait(N, file, line);
}

namespace emulator {

// The machine writes the four registers while the lane waits; the copy keeps the caller's array a plain local.
static inline void load_matrix(WarpOperation operation, uint32_t (&r)[4], const void* shared_row, const char* file, int line) {
  uint32_t result[4];
  const void* both[2] = {shared_row, result};
  asm volatile("" ::"r"(both), "r"(result) : "memory");
  warp_operation(operation, 0xFFFFFFFFu, reinterpret_cast<uintptr_t>(both), 0, 32, file, line);
  __builtin_memcpy(r, result, sizeof(result));
}

template <class D>
static inline void multiply(WarpOperation operation, D (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], const char* file, int line) {
  D sums[4];
  uint32_t left[4];
  uint32_t right[2];
  __builtin_memcpy(sums, d, sizeof(sums));
  __builtin_memcpy(left, a, sizeof(left));
  __builtin_memcpy(right, b, sizeof(right));
  const MmaOperands operands{sums, left, right};
  asm volatile("" ::"r"(&operands), "r"(sums), "r"(left), "r"(right) : "memory");
  warp_operation(operation, 0xFFFFFFFFu, reinterpret_cast<uintptr_t>(&operands), 0, 32, file, line);
  __builtin_memcpy(d, sums, sizeof(sums));
}

}  // namespace emulator

static inline void ldmatrix4(uint32_t (&r)[4], const void* shared_row, GATUN_PLACE) {
  emulator::load_matrix(emulator::WarpOperation::kLdmatrix, r, shared_row, file, line);
}
static inline void ldmatrix4_transposed(uint32_t (&r)[4], const void* shared_row, GATUN_PLACE) {
  emulator::load_matrix(emulator::WarpOperation::kLdmatrixTransposed, r, shared_row, file, line);
}
static inline void mma_f16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], GATUN_PLACE) {
  emulator::multiply(emulator::WarpOperation::kMmaF16, d, a, b, file, line);
}
static inline void mma_bf16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], GATUN_PLACE) {
  emulator::multiply(emulator::WarpOperation::kMmaBf16, d, a, b, file, line);
}
static inline void mma_s8(int32_t (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], GATUN_PLACE) {
  emulator::multiply(emulator::WarpOperation::kMmaS8, d, a, b, file, line);
}

}  // namespace gatun
