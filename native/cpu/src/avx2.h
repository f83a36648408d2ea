/* What the files for AVX2 share. */
#ifndef GATUN_AVX2_H
#define GATUN_AVX2_H

#include "kernels.h"

#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))

typedef __m256i ints;
typedef __m256 floats;

INLINE floats f16x8(__m128i v) { return _mm256_cvtph_ps(v); }
INLINE floats bf16x8(__m128i v) { return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(v), 16)); }

INLINE float f16_at(const uint8_t *p) { return _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(u16_at(p)))); }

INLINE float sum8(floats v) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

/* Eight sums of four products of unsigned codes under 128 and signed ones, which do not leave 16 bits on the way. */
INLINE ints dot_unsigned(ints w, ints x) { return _mm256_madd_epi16(_mm256_maddubs_epi16(w, x), _mm256_set1_epi16(1)); }

/* The same for signed codes; `magnitude` is that of w. */
INLINE ints dot_signed(ints w, ints magnitude, ints x) { return dot_unsigned(magnitude, _mm256_sign_epi8(x, w)); }

INLINE int of8(int64_t n) { return n >= 8 ? 8 : n <= 0 ? 0 : (int)n; }

/* The first n of eight lanes. */
INLINE ints lanes(int n) { return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)); }

void gatun_gemv_f32_avx2(const struct product *p);
void gatun_gemv_f16_avx2(const struct product *p);
void gatun_gemv_bf16_avx2(const struct product *p);
void gatun_gemv_f16_by_half_avx2(const struct product *p);
void gatun_gemv_bf16_by_half_avx2(const struct product *p);
void gatun_gemv_q8_0_avx2(const struct product *p);
void gatun_gemv_q4_0_avx2(const struct product *p);
void gatun_gemv_q4_1_avx2(const struct product *p);
void gatun_gemv_q5_0_avx2(const struct product *p);
void gatun_gemv_q5_1_avx2(const struct product *p);
void gatun_gemv_q4_k_avx2(const struct product *p);
void gatun_gemv_q5_k_avx2(const struct product *p);
void gatun_gemv_q6_k_avx2(const struct product *p);
void gatun_gemv_q2_k_avx2(const struct product *p);
void gatun_gemv_q3_k_avx2(const struct product *p);
void gatun_gemv_iq4_nl_avx2(const struct product *p);
void gatun_gemv_iq4_xs_avx2(const struct product *p);
void gatun_gemv_mxfp4_avx2(const struct product *p);
void gatun_gemv_tq1_0_avx2(const struct product *p);
void gatun_gemv_tq2_0_avx2(const struct product *p);

void gatun_gemm_f32_avx2(const struct product *p);
void gatun_gemm_f16_avx2(const struct product *p);
void gatun_gemm_bf16_avx2(const struct product *p);
void gatun_gemm_q8_0_avx2(const struct product *p);
void gatun_gemm_q4_0_avx2(const struct product *p);
void gatun_gemm_q4_1_avx2(const struct product *p);
void gatun_gemm_q5_0_avx2(const struct product *p);
void gatun_gemm_q5_1_avx2(const struct product *p);
void gatun_gemm_q4_k_avx2(const struct product *p);
void gatun_gemm_q5_k_avx2(const struct product *p);
void gatun_gemm_q6_k_avx2(const struct product *p);
void gatun_gemm_q2_k_avx2(const struct product *p);
void gatun_gemm_q3_k_avx2(const struct product *p);
void gatun_gemm_iq4_nl_avx2(const struct product *p);
void gatun_gemm_iq4_xs_avx2(const struct product *p);
void gatun_gemm_mxfp4_avx2(const struct product *p);
void gatun_gemm_tq1_0_avx2(const struct product *p);
void gatun_gemm_tq2_0_avx2(const struct product *p);

void gatun_attend_avx2(const struct attention *a);

extern const struct rows gatun_rows_avx2;

#endif
