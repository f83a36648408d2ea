// matmul with weights of Q4_0, Q8_0 and Q4_K that were repacked: see gatun/gemm_packed.cuh. Rejected: 64 columns of Q4_K, whose scales and minimums take the
// registers that the sums would need (72 bytes of stack on sm_80); from 33 rows on it reads the weights twice.
#include "gatun/gemm_packed.cuh"

GATUN_GEMM_PACKED(q4_0, Q4_0, 1, 1)
GATUN_GEMM_PACKED(q4_0, Q4_0, 2, 1)
GATUN_GEMM_PACKED(q4_0, Q4_0, 2, 2)
GATUN_GEMM_PACKED(q4_0, Q4_0, 2, 4)
GATUN_GEMM_PACKED(q4_0, Q4_0, 2, 8)
GATUN_GEMM_PACKED(q8_0, Q8_0, 1, 1)
GATUN_GEMM_PACKED(q8_0, Q8_0, 2, 1)
GATUN_GEMM_PACKED(q8_0, Q8_0, 2, 2)
GATUN_GEMM_PACKED(q8_0, Q8_0, 2, 4)
GATUN_GEMM_PACKED(q8_0, Q8_0, 2, 8)
GATUN_GEMM_PACKED(q4_k, Q4_K, 1, 1)
GATUN_GEMM_PACKED(q4_k, Q4_K, 2, 1)
GATUN_GEMM_PACKED(q4_k, Q4_K, 2, 2)
GATUN_GEMM_PACKED(q4_k, Q4_K, 2, 4)

GATUN_KERNEL(packed_sum, PackedParams, 256, gatun::packed_sum<256>)
GATUN_TILE(packed_sum, programmatic, 1)
