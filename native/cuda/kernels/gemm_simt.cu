// matmul with many rows of x in float32, weights of every type: see gatun/gemm_simt.cuh.
#include "gatun/gemm_simt.cuh"

GATUN_KERNEL(gemm_simt_128x64, ScaledGemmParams, gatun::kSimtThreads, gatun::gemm_simt<gatun::StoreSum>)
GATUN_TILE(gemm_simt_128x64, rows, gatun::kSimtRows)
GATUN_TILE(gemm_simt_128x64, columns, gatun::kSimtColumns)
GATUN_TILE(gemm_simt_128x64, shared, 0)
