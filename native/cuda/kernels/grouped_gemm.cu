// grouped_matmul with many choices: see gatun/grouped_gemm.cuh. Tiles of 64 rows alone: an expert has few rows of a prompt, and what is empty of the last of its
// tiles is work for nothing.
#include "gatun/grouped_gemm.cuh"

GATUN_GROUPED_GEMM(half, gatun::Groups<gatun::F16>, 64, 64, 32, 32, kHalf)
GATUN_GROUPED_GEMM(f16, gatun::Groups<gatun::F16>, 64, 64, 32, 32, kTwoByTwo)
GATUN_GROUPED_GEMM(bf16, gatun::Groups<gatun::BF16>, 64, 64, 32, 32, kBrain)
GATUN_GROUPED_GEMM(f8, gatun::EightBitGroups, 64, 64, 32, 32, kTwoByOne)
GATUN_GROUPED_GEMM(q8_0, gatun::Groups<gatun::Q8_0>, 64, 64, 32, 32, kOneByOne)
GATUN_GROUPED_GEMM(q4_0, gatun::Groups<gatun::Q4_0>, 64, 64, 32, 32, kOneByOne)
GATUN_GROUPED_GEMM(q4_k, gatun::Groups<gatun::Q4_K>, 64, 64, 32, 32, kOneByOne)
GATUN_GROUPED_GEMM(q6_k, gatun::Groups<gatun::Q6_K>, 64, 64, 32, 32, kOneByOne)
GATUN_GROUPED_GEMM(any, gatun::AnyGroups, 64, 64, 32, 32, kOneByOne)

GATUN_KERNEL(grouped_gemm_simt_128x64, GroupedGemmParams, gatun::kSimtThreads, gatun::grouped_gemm_simt)
GATUN_TILE(grouped_gemm_simt_128x64, rows, gatun::kSimtRows)
GATUN_TILE(grouped_gemm_simt_128x64, columns, gatun::kSimtColumns)
GATUN_TILE(grouped_gemm_simt_128x64, shared, 0)
