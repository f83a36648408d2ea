/* What the files for AVX-512 share. */
#ifndef GATUN_AVX512_H
#define GATUN_AVX512_H

#include "kernels.h"

#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))

INLINE __m512 f16x16(__m256i v) { return _mm512_cvtph_ps(v); }
INLINE __m512 bf16x16(__m256i v) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(v), 16)); }

INLINE float f16_at(const uint8_t *p) { return _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(u16_at(p)))); }

/* The first n of sixteen lanes. */
INLINE __mmask16 lanes(int64_t n) { return n >= 16 ? 0xffff : n <= 0 ? 0 : (__mmask16)((1u << n) - 1); }

void gatun_gemv_f32_avx512(const struct product *p);
void gatun_gemv_f16_avx512(const struct product *p);
void gatun_gemv_bf16_avx512(const struct product *p);
void gatun_gemv_f16_by_half_avx512(const struct product *p);
void gatun_gemv_bf16_by_half_avx512(const struct product *p);
void gatun_gemv_q8_0_avx512(const struct product *p);
void gatun_gemv_q4_0_avx512(const struct product *p);
void gatun_gemv_q4_1_avx512(const struct product *p);
void gatun_gemv_q5_0_avx512(const struct product *p);
void gatun_gemv_q5_1_avx512(const struct product *p);
void gatun_gemv_q4_k_avx512(const struct product *p);
void gatun_gemv_q5_k_avx512(const struct product *p);
void gatun_gemv_q6_k_avx512(const struct product *p);
void gatun_gemv_q2_k_avx512(const struct product *p);
void gatun_gemv_q3_k_avx512(const struct product *p);
void gatun_gemv_iq4_nl_avx512(const struct product *p);
void gatun_gemv_iq4_xs_avx512(const struct product *p);
void gatun_gemv_mxfp4_avx512(const struct product *p);
void gatun_gemv_tq1_0_avx512(const struct product *p);
void gatun_gemv_tq2_0_avx512(const struct product *p);

void gatun_gemm_f32_avx512(const struct product *p);
void gatun_gemm_f16_avx512(const struct product *p);
void gatun_gemm_bf16_avx512(const struct product *p);
void gatun_gemm_q8_0_avx512(const struct product *p);
void gatun_gemm_q4_0_avx512(const struct product *p);
void gatun_gemm_q4_1_avx512(const struct product *p);
void gatun_gemm_q5_0_avx512(const struct product *p);
void gatun_gemm_q5_1_avx512(const struct product *p);
void gatun_gemm_q4_k_avx512(const struct product *p);
void gatun_gemm_q5_k_avx512(const struct product *p);
void gatun_gemm_q6_k_avx512(const struct product *p);
void gatun_gemm_q2_k_avx512(const struct product *p);
void gatun_gemm_q3_k_avx512(const struct product *p);
void gatun_gemm_iq4_nl_avx512(const struct product *p);
void gatun_gemm_iq4_xs_avx512(const struct product *p);
void gatun_gemm_mxfp4_avx512(const struct product *p);
void gatun_gemm_tq1_0_avx512(const struct product *p);
void gatun_gemm_tq2_0_avx512(const struct product *p);

/* These need AVX-512 BF16 too. */
void gatun_round_bf16_avx512(const float *x, int64_t k, int32_t rows, void *to);
void gatun_gemv_bf16_by_bf16_avx512(const struct product *p);
void gatun_gemm_bf16_by_bf16_avx512(const struct product *p);

void gatun_attend_avx512(const struct attention *a);

extern const struct rows gatun_rows_avx512;

#endif
