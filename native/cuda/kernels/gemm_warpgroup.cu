// matmul with many rows of x by warpgroup products of sm_90a: see gatun/gemm_warpgroup.cuh.
#include "gatun/gemm_warpgroup.cuh"

GATUN_WARPGROUP_GEMM(bf16, 192, 256, 1, false, 4, kTogether)
GATUN_WARPGROUP_GEMM(bf16, 128, 256, 1, false, 4, kTogether)
GATUN_WARPGROUP_GEMM(bf16, 128, 128, 1, false, 7, kInTurns)
GATUN_WARPGROUP_GEMM(bf16, 64, 128, 1, false, 8, kInTurns)
GATUN_WARPGROUP_GEMM(half, 192, 256, 1, true, 4, kTogether)
GATUN_WARPGROUP_GEMM(half, 128, 256, 1, true, 4, kTogether)
GATUN_WARPGROUP_GEMM(half, 128, 128, 1, true, 7, kInTurns)
GATUN_WARPGROUP_GEMM(half, 64, 128, 1, true, 8, kInTurns)
GATUN_WARPGROUP_GEMM(split, 128, 256, 2, false, 3, kTogether)
GATUN_WARPGROUP_GEMM(split, 128, 128, 2, false, 4, kInTurns)
GATUN_WARPGROUP_GEMM(split, 64, 128, 2, false, 7, kInTurns)
