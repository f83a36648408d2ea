// matmul with many rows of x on tensor cores, weights of block types: see gatun/gemm.cuh. The types without kernels of their own, which pay for the choice at
// every group, have the small tile alone.
#include "gatun/gemm.cuh"

GATUN_GEMM(q8_0, gatun::Groups<gatun::Q8_0>, 128, 128, 64, 32, kOneByOne)
GATUN_GEMM(q8_0, gatun::Groups<gatun::Q8_0>, 64, 64, 32, 32, kOneByOne)
GATUN_GEMM(q4_0, gatun::Groups<gatun::Q4_0>, 128, 128, 64, 32, kOneByOne)
GATUN_GEMM(q4_0, gatun::Groups<gatun::Q4_0>, 64, 64, 32, 32, kOneByOne)
GATUN_GEMM(q4_k, gatun::Groups<gatun::Q4_K>, 128, 128, 64, 32, kOneByOne)
GATUN_GEMM(q4_k, gatun::Groups<gatun::Q4_K>, 64, 64, 32, 32, kOneByOne)
GATUN_GEMM(q6_k, gatun::Groups<gatun::Q6_K>, 128, 128, 64, 32, kOneByOne)
GATUN_GEMM(q6_k, gatun::Groups<gatun::Q6_K>, 64, 64, 32, 32, kOneByOne)
GATUN_GEMM(any, gatun::AnyGroups, 64, 64, 32, 32, kOneByOne)
