// matmul with few rows of x, weights of 8-bit floats, with a scale or without: see gatun/gemv.cuh. A piece of sixteen elements is summed by itself and then multiplied
// by the number of its block, which lies in the cache: one for 512 to 2048 bytes of weights that a team reads. Two pieces of both rows are under way in a lane,
// 64 bytes, and 64 KB in the 1024 threads of four blocks of a multiprocessor, of which memory at 4.8 TB/s needs 25 KB in 0.7 us.
#include "gatun/gemv.cuh"

GATUN_GEMV(f8_e4m3, F8_E4M3, 1)
GATUN_GEMV(f8_e4m3, F8_E4M3, 2)
GATUN_GEMV(f8_e4m3, F8_E4M3, 4)
GATUN_GEMV(f8_e4m3, F8_E4M3, 8)
GATUN_GEMV(f8_e5m2, F8_E5M2, 1)
GATUN_GEMV(f8_e5m2, F8_E5M2, 2)
GATUN_GEMV(f8_e5m2, F8_E5M2, 4)
GATUN_GEMV(f8_e5m2, F8_E5M2, 8)
