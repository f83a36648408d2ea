// The host form of gatun/warpgroup.cuh.
#pragma once

#include "gatun/emulator/host/more_calls.h"

namespace gatun {

static inline void wgmma_fence(GATUN_PLACE) { emulator::warpgroup_fence(file, line); }
static inline void wgmma_commit(GATUN_PLACE) { emulator::warpgroup_commit(file, line); }
template <int GROUPS>
static inline void wgmma_wait(GATUN_PLACE) {
  emulator::warpgroup_wait(GROUPS, file, line);
}

// The machine writes the sums while the thread waits in wgmma_wait, a call that the compiler does not see into.
template <int COUNT>
static inline void wgmma_pin(float (&)[COUNT]) {}

template <int N>
static inline void registers_down(GATUN_PLACE) {
  static_assert(N % 8 == 0 && N >= 24 && N <= 256, "registers of a thread are a multiple of 8, 24 to 256");
  emulator::warpgroup_registers(false, N, file, line);
}
template <int N>
static inline void registers_up(GATUN_PLACE) {
  static_assert(N % 8 == 0 && N >= 24 && N <= 256, "registers of a thread are a multiple of 8, 24 to 256");
  emulator::warpgroup_registers(true, N, file, line);
}

static inline void barrier_arrive(int id, int threads, GATUN_PLACE) { emulator::named_barrier_arrive(id, threads, file, line); }

namespace emulator {

constexpr bool is_warpgroup_width(int n) { return n == 16 || n == 32 || n == 64 || n == 96 || n == 128 || n == 192 || n == 256; }

template <int N>
static inline void multiply(MatrixElement element, float (&d)[N / 2], const uint32_t* registers, uint64_t a, uint64_t b, bool a_transposed, bool b_transposed,
                            bool add, const char* file, int line) {
  static_assert(is_warpgroup_width(N), "a product is 16, 32, 64, 96, 128, 192 or 256 wide");
  const WarpgroupProduct product{d, N, element, a_transposed, b_transposed, add, registers, a, b};
  asm volatile("" ::"r"(&product), "r"(registers), "r"(d) : "memory");
  warpgroup_multiply(product, file, line);
}

}  // namespace emulator

#define GATUN_WGMMA_16(NAME, ELEMENT)                                                                                                           \
  template <int N, bool A_TRANSPOSED = false, bool B_TRANSPOSED = false>                                                                        \
  static inline void NAME(float (&d)[N / 2], uint64_t a, uint64_t b, bool add, GATUN_PLACE) {                                                   \
    emulator::multiply<N>(emulator::MatrixElement::ELEMENT, d, nullptr, a, b, A_TRANSPOSED, B_TRANSPOSED, add, file, line);                     \
  }                                                                                                                                             \
  template <int N, bool B_TRANSPOSED = false>                                                                                                   \
  static inline void NAME(float (&d)[N / 2], const uint32_t (&a)[4], uint64_t b, bool add, GATUN_PLACE) {                                       \
    emulator::multiply<N>(emulator::MatrixElement::ELEMENT, d, a, 0, b, false, B_TRANSPOSED, add, file, line);                                  \
  }
GATUN_WGMMA_16(wgmma_bf16, kBf16)
GATUN_WGMMA_16(wgmma_f16, kF16)
#undef GATUN_WGMMA_16

template <int N>
static inline void wgmma_e4m3(float (&d)[N / 2], uint64_t a, uint64_t b, bool add, GATUN_PLACE) {
  emulator::multiply<N>(emulator::MatrixElement::kE4m3, d, nullptr, a, b, false, false, add, file, line);
}
template <int N>
static inline void wgmma_e4m3(float (&d)[N / 2], const uint32_t (&a)[4], uint64_t b, bool add, GATUN_PLACE) {
  emulator::multiply<N>(emulator::MatrixElement::kE4m3, d, a, 0, b, false, false, add, file, line);
}

}  // namespace gatun
