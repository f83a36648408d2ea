// matmul with many rows of x on tensor cores, weights of 16 bits: see gatun/gemm.cuh.
#include "gatun/gemm.cuh"

GATUN_GEMM(half, gatun::Groups<gatun::F16>, 128, 128, 64, 32, kHalf)
GATUN_GEMM(half, gatun::Groups<gatun::F16>, 64, 64, 32, 32, kHalf)
GATUN_GEMM(f16, gatun::Groups<gatun::F16>, 128, 128, 64, 32, kTwoByTwo)
GATUN_GEMM(f16, gatun::Groups<gatun::F16>, 64, 64, 32, 32, kTwoByTwo)
GATUN_GEMM(bf16, gatun::Groups<gatun::BF16>, 128, 128, 64, 32, kBrain)
GATUN_GEMM(bf16, gatun::Groups<gatun::BF16>, 64, 64, 32, 32, kBrain)
