// matmul with many rows of x on tensor cores, factors of 16 bits copied as they lie: see gatun/gemm_copied.cuh.
#include "gatun/gemm_copied.cuh"

GATUN_COPIED_GEMM(bf16, 128, 128, 64, 64, 1, false, 3)
GATUN_COPIED_GEMM(bf16, 64, 64, 32, 32, 1, false, 4)
GATUN_COPIED_GEMM(half, 128, 128, 64, 64, 1, true, 3)
GATUN_COPIED_GEMM(half, 64, 64, 32, 32, 1, true, 4)
GATUN_COPIED_GEMM(split, 128, 128, 64, 64, 2, false, 2)
GATUN_COPIED_GEMM(split, 64, 64, 32, 32, 2, false, 4)
