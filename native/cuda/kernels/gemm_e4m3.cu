// matmul with many rows of x and scaled weights of F8_E4M3 on tensor cores: see gatun/gemm_e4m3.cuh. Four stages hold 98 KB, which leaves sm_89 one block a
// multiprocessor and sm_90 two.
#include "gatun/gemm_e4m3.cuh"

GATUN_GEMM_E4M3(64, 128, 32, 32, 4)
