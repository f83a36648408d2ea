// The tensor cores' product of E4M3 elements by warps, of sm_89 and up.
#pragma once

#include "gatun/platform.cuh"

#if !defined(__CUDACC__)
#include "gatun/emulator/host/mma_e4m3.h"
#else

namespace gatun {

// d = a·b + d for one warp, 16x8x32, E4M3 in, f32 sums; fragments as those of mma_s8. sm_89.
__device__ __forceinline__ void mma_e4m3(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
#if __CUDA_ARCH__ >= 890
  asm volatile("mma.sync.aligned.m16n8k32.row.col.f32.e4m3.e4m3.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  __trap();
#endif
}

}  // namespace gatun
#endif
