// matmul with few rows of x, weights of the types that go through the decoder that all kernels share: see gatun/gemv.cuh. Tiles of 1 and 4 rows do for these.
#include "gatun/gemv.cuh"

GATUN_GEMV(q5_0, Q5_0, 1)
GATUN_GEMV(q5_0, Q5_0, 4)
GATUN_GEMV(q5_1, Q5_1, 1)
GATUN_GEMV(q5_1, Q5_1, 4)
GATUN_GEMV(q2_k, Q2_K, 1)
GATUN_GEMV(q2_k, Q2_K, 4)
GATUN_GEMV(q3_k, Q3_K, 1)
GATUN_GEMV(q3_k, Q3_K, 4)
GATUN_GEMV(iq4_nl, IQ4_NL, 1)
GATUN_GEMV(iq4_nl, IQ4_NL, 4)
GATUN_GEMV(mxfp4, MXFP4, 1)
GATUN_GEMV(mxfp4, MXFP4, 4)
