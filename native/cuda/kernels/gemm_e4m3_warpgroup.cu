// matmul with many rows of x and scaled weights of F8_E4M3 by warpgroups: see gatun/gemm_e4m3_warpgroup.cuh.
#include "gatun/gemm_e4m3_warpgroup.cuh"

GATUN_WARPGROUP_GEMM_E4M3(128, 128, 6)
