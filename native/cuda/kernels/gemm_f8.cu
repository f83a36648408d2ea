// matmul with many rows of x on tensor cores, weights of 8-bit floats, where these are multiplied as BF16: see gatun/gemm.cuh. Without a scale they are BF16 numbers, by which
// x is multiplied in two parts; with one, as with blocks, either factor is rounded to BF16.
#include "gatun/gemm.cuh"

GATUN_GEMM(f8, gatun::EightBitGroups, 128, 128, 64, 32, kTwoByOne)
GATUN_GEMM(f8, gatun::EightBitGroups, 64, 64, 32, 32, kTwoByOne)
GATUN_GEMM_OF(scaled, ScaledGemmParams, gatun::EightBitGroups, 128, 128, 64, 32, kOneByOne)
GATUN_GEMM_OF(scaled, ScaledGemmParams, gatun::EightBitGroups, 64, 64, 32, 32, kOneByOne)
