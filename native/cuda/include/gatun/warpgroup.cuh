// The tensor cores of sm_90a by warpgroups (wgmma): d[64, N] (+)= a[64, K]·b[N, K], K 16 for 16-bit elements and 32 for 8-bit ones, sums in float32. Four consecutive
// warps, the first with a number divisible by 4, issue it together and go on while it runs.
//
//   wgmma_fence();                        // registers of d and a are as the program left them
//   wgmma_bf16<128>(d, a, b, true);       // any number of products in order
//   wgmma_commit();                       // they are a group
//   wgmma_wait<0>();                      // until at most 0 groups are under way; only then may d be read, and a, b, d written
//
// d: element i of thread t of the warpgroup is row 16·(t / 32) + t % 32 / 4 + 8·(i / 2 % 2), column 8·(i / 4) + 2·(t % 4) + i % 2.
// a in registers: a warp's 16 rows as mma.m16n8k16's a (32 columns: as that of m16n8k32). a and b in shared memory: by matrix_descriptor.
// Layouts: PTX ISA, "Asynchronous Warpgroup Level Matrix Instructions".
#pragma once

#include "gatun/platform.cuh"

#if !defined(__CUDACC__)
#include "gatun/emulator/host/warpgroup.h"
#endif

namespace gatun {

// How 16-byte chunks of a tile in shared memory change places, numbered as a descriptor has it; a tile of k128 begins at a multiple of 1024 bytes, and chunk c
// of row r of its 8 rows of 128 bytes lies at chunk c ^ r, which is how the copy engine leaves it.
enum class TileSwizzle : int { kNone = 0, k128 = 1, k64 = 2, k32 = 3 };

// A tile for wgmma. K-major (rows of the tile along K): `stride` is from 8 rows to the next 8, 1024 bytes where rows of 128 bytes follow one another; `leading` is
// not used where there is a swizzle. MN-major (rows along M or N, `transposed` in the product): with k128 a piece is 64 16-bit elements of M or N by 8 of K, `leading`
// leads to the next piece along M or N, `stride` to the next along K. A step along K in a K-major tile adds its bytes to the address.
__device__ __forceinline__ uint64_t matrix_descriptor(const void* shared, int leading, int stride, TileSwizzle swizzle) {
#if defined(__CUDACC__)
  const uint64_t address = static_cast<uint64_t>(__cvta_generic_to_shared(shared));
#else
  const uint64_t address = emulator::matrix_address(shared);
#endif
  return (address & 0x3FFFF) >> 4 | static_cast<uint64_t>((leading & 0x3FFFF) >> 4) << 16 | static_cast<uint64_t>((stride & 0x3FFFF) >> 4) << 32 |
         static_cast<uint64_t>(swizzle) << 62;
}

}  // namespace gatun

#if defined(__CUDACC__)

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define GATUN_WARPGROUP(...) __VA_ARGS__
#else
#define GATUN_WARPGROUP(...) __trap()
#endif

namespace gatun {

__device__ __forceinline__ void wgmma_fence() { GATUN_WARPGROUP(asm volatile("wgmma.fence.sync.aligned;" ::: "memory")); }

__device__ __forceinline__ void wgmma_commit() { GATUN_WARPGROUP(asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory")); }

template <int GROUPS>
__device__ __forceinline__ void wgmma_wait() {
  GATUN_WARPGROUP(asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(GROUPS) : "memory"));
}

// Keeps the compiler from moving what reads or writes sums over the place where this stands.
template <int COUNT>
__device__ __forceinline__ void wgmma_pin(float (&d)[COUNT]) {
#pragma unroll
  for (int i = 0; i < COUNT; i++) {
    asm volatile("" : "+f"(d[i])::"memory");
  }
}

// Takes registers from this warpgroup, or gives it more, up to N a thread; each warpgroup's role is one branch. [setmaxnreg]
template <int N>
__device__ __forceinline__ void registers_down() {
  GATUN_WARPGROUP(asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(N)));
}
template <int N>
__device__ __forceinline__ void registers_up() {
  GATUN_WARPGROUP(asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(N)));
}

// This thread's arrival at named barrier `id` of `threads` threads, without waiting. [bar.arrive]
__device__ __forceinline__ void barrier_arrive(int id, int threads) { asm volatile("bar.arrive %0, %1;" ::"r"(id), "r"(threads) : "memory"); }

// The first so many operands of an instruction, and the sums that they are.
#define GATUN_REGS_8 "%0, %1, %2, %3, %4, %5, %6, %7"
#define GATUN_SUMS_8 "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7])
#define GATUN_REGS_16 GATUN_REGS_8 \
  ", %8, %9, %10, %11, %12, %13, %14, %15"
#define GATUN_SUMS_16 GATUN_SUMS_8, \
  "+f"(d[8]), "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15])
#define GATUN_REGS_32 GATUN_REGS_16 \
  ", %16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31"
#define GATUN_SUMS_32 GATUN_SUMS_16, \
  "+f"(d[16]), "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), \
  "+f"(d[24]), "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31])
#define GATUN_REGS_48 GATUN_REGS_32 \
  ", %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47"
#define GATUN_SUMS_48 GATUN_SUMS_32, \
  "+f"(d[32]), "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), \
  "+f"(d[40]), "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47])
#define GATUN_REGS_64 GATUN_REGS_48 \
  ", %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"
#define GATUN_SUMS_64 GATUN_SUMS_48, \
  "+f"(d[48]), "+f"(d[49]), "+f"(d[50]), "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]), "+f"(d[55]), \
  "+f"(d[56]), "+f"(d[57]), "+f"(d[58]), "+f"(d[59]), "+f"(d[60]), "+f"(d[61]), "+f"(d[62]), "+f"(d[63])
#define GATUN_REGS_96 GATUN_REGS_64 \
  ", %64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79" \
  ", %80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95"
#define GATUN_SUMS_96 GATUN_SUMS_64, \
  "+f"(d[64]), "+f"(d[65]), "+f"(d[66]), "+f"(d[67]), "+f"(d[68]), "+f"(d[69]), "+f"(d[70]), "+f"(d[71]), \
  "+f"(d[72]), "+f"(d[73]), "+f"(d[74]), "+f"(d[75]), "+f"(d[76]), "+f"(d[77]), "+f"(d[78]), "+f"(d[79]), \
  "+f"(d[80]), "+f"(d[81]), "+f"(d[82]), "+f"(d[83]), "+f"(d[84]), "+f"(d[85]), "+f"(d[86]), "+f"(d[87]), \
  "+f"(d[88]), "+f"(d[89]), "+f"(d[90]), "+f"(d[91]), "+f"(d[92]), "+f"(d[93]), "+f"(d[94]), "+f"(d[95])
#define GATUN_REGS_128 GATUN_REGS_96 \
  ", %96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111" \
  ", %112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, %125, %126, %127"
#define GATUN_SUMS_128 GATUN_SUMS_96, \
  "+f"(d[96]), "+f"(d[97]), "+f"(d[98]), "+f"(d[99]), "+f"(d[100]), "+f"(d[101]), "+f"(d[102]), "+f"(d[103]), \
  "+f"(d[104]), "+f"(d[105]), "+f"(d[106]), "+f"(d[107]), "+f"(d[108]), "+f"(d[109]), "+f"(d[110]), "+f"(d[111]), \
  "+f"(d[112]), "+f"(d[113]), "+f"(d[114]), "+f"(d[115]), "+f"(d[116]), "+f"(d[117]), "+f"(d[118]), "+f"(d[119]), \
  "+f"(d[120]), "+f"(d[121]), "+f"(d[122]), "+f"(d[123]), "+f"(d[124]), "+f"(d[125]), "+f"(d[126]), "+f"(d[127])

#define GATUN_WGMMA_INTO(SHAPE, TYPES, REGS, FLAG) \
  "{\n\t.reg .pred add;\n\tsetp.ne.b32 add, %" #FLAG ", 0;\n\twgmma.mma_async.sync.aligned." SHAPE ".f32." TYPES " {" REGS "}, "


template <int N>
struct Wgmma;

// Products of a width N; S is the number of sums, the numbers after it those of the operands that follow them.
#define GATUN_WGMMA_16(NAME, TYPE, N, S, O0, O1, O2, O3, O4, O5, O6)                                                                              \
  template <bool A_TRANSPOSED, bool B_TRANSPOSED>                                                                                                 \
  static __device__ __forceinline__ void NAME(float (&d)[S], uint64_t a, uint64_t b, bool add) {                                                  \
    GATUN_WARPGROUP(asm volatile(GATUN_WGMMA_INTO("m64n" #N "k16", TYPE "." TYPE, GATUN_REGS_##S, O2) "%" #O0 ", %" #O1 ", add, 1, 1, %" #O3 ", %" #O4 ";\n\t}" \
                                 : GATUN_SUMS_##S                                                                                                 \
                                 : "l"(a), "l"(b), "r"(static_cast<int>(add)), "n"(static_cast<int>(A_TRANSPOSED)), "n"(static_cast<int>(B_TRANSPOSED))));  \
  }                                                                                                                                               \
  template <bool B_TRANSPOSED>                                                                                                                    \
  static __device__ __forceinline__ void NAME(float (&d)[S], const uint32_t (&a)[4], uint64_t b, bool add) {                                      \
    GATUN_WARPGROUP(asm volatile(GATUN_WGMMA_INTO("m64n" #N "k16", TYPE "." TYPE, GATUN_REGS_##S, O5) "{%" #O0 ", %" #O1 ", %" #O2 ", %" #O3 "}, %" #O4 ", add, 1, 1, %" #O6 ";\n\t}" \
                                 : GATUN_SUMS_##S                                                                                                 \
                                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(static_cast<int>(add)), "n"(static_cast<int>(B_TRANSPOSED))));  \
  }
#define GATUN_WGMMA_8(NAME, TYPE, N, S, O0, O1, O2, O3, O4, O5)                                                                                   \
  static __device__ __forceinline__ void NAME(float (&d)[S], uint64_t a, uint64_t b, bool add) {                                                  \
    GATUN_WARPGROUP(asm volatile(GATUN_WGMMA_INTO("m64n" #N "k32", TYPE "." TYPE, GATUN_REGS_##S, O2) "%" #O0 ", %" #O1 ", add, 1, 1;\n\t}"      \
                                 : GATUN_SUMS_##S                                                                                                 \
                                 : "l"(a), "l"(b), "r"(static_cast<int>(add))));                                                                  \
  }                                                                                                                                               \
  static __device__ __forceinline__ void NAME(float (&d)[S], const uint32_t (&a)[4], uint64_t b, bool add) {                                      \
    GATUN_WARPGROUP(asm volatile(GATUN_WGMMA_INTO("m64n" #N "k32", TYPE "." TYPE, GATUN_REGS_##S, O5) "{%" #O0 ", %" #O1 ", %" #O2 ", %" #O3 "}, %" #O4 ", add, 1, 1;\n\t}" \
                                 : GATUN_SUMS_##S                                                                                                 \
                                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(static_cast<int>(add))));                              \
  }
#define GATUN_WGMMA(N, S, O0, O1, O2, O3, O4, O5, O6)                            \
  template <>                                                                    \
  struct Wgmma<N> {                                                              \
    GATUN_WGMMA_16(bf16, "bf16", N, S, O0, O1, O2, O3, O4, O5, O6)               \
    GATUN_WGMMA_16(f16, "f16", N, S, O0, O1, O2, O3, O4, O5, O6)                 \
    GATUN_WGMMA_8(e4m3, "e4m3", N, S, O0, O1, O2, O3, O4, O5)                    \
  };

GATUN_WGMMA(16, 8, 8, 9, 10, 11, 12, 13, 14)
GATUN_WGMMA(32, 16, 16, 17, 18, 19, 20, 21, 22)
GATUN_WGMMA(64, 32, 32, 33, 34, 35, 36, 37, 38)
GATUN_WGMMA(96, 48, 48, 49, 50, 51, 52, 53, 54)
GATUN_WGMMA(128, 64, 64, 65, 66, 67, 68, 69, 70)
GATUN_WGMMA(192, 96, 96, 97, 98, 99, 100, 101, 102)
GATUN_WGMMA(256, 128, 128, 129, 130, 131, 132, 133, 134)

#undef GATUN_WGMMA
#undef GATUN_WGMMA_8
#undef GATUN_WGMMA_16
#undef GATUN_WGMMA_INTO
#undef GATUN_WARPGROUP

// d = a·b, or d += a·b where `add` is set. a is a descriptor or registers, b a descriptor; 16-bit elements in shared memory may be transposed (MN-major).
template <int N, bool A_TRANSPOSED = false, bool B_TRANSPOSED = false>
__device__ __forceinline__ void wgmma_bf16(float (&d)[N / 2], uint64_t a, uint64_t b, bool add) {
  Wgmma<N>::template bf16<A_TRANSPOSED, B_TRANSPOSED>(d, a, b, add);
}
template <int N, bool B_TRANSPOSED = false>
__device__ __forceinline__ void wgmma_bf16(float (&d)[N / 2], const uint32_t (&a)[4], uint64_t b, bool add) {
  Wgmma<N>::template bf16<B_TRANSPOSED>(d, a, b, add);
}
template <int N, bool A_TRANSPOSED = false, bool B_TRANSPOSED = false>
__device__ __forceinline__ void wgmma_f16(float (&d)[N / 2], uint64_t a, uint64_t b, bool add) {
  Wgmma<N>::template f16<A_TRANSPOSED, B_TRANSPOSED>(d, a, b, add);
}
template <int N, bool B_TRANSPOSED = false>
__device__ __forceinline__ void wgmma_f16(float (&d)[N / 2], const uint32_t (&a)[4], uint64_t b, bool add) {
  Wgmma<N>::template f16<B_TRANSPOSED>(d, a, b, add);
}
template <int N>
__device__ __forceinline__ void wgmma_e4m3(float (&d)[N / 2], uint64_t a, uint64_t b, bool add) {
  Wgmma<N>::e4m3(d, a, b, add);
}
template <int N>
__device__ __forceinline__ void wgmma_e4m3(float (&d)[N / 2], const uint32_t (&a)[4], uint64_t b, bool add) {
  Wgmma<N>::e4m3(d, a, b, add);
}

}  // namespace gatun
#endif
