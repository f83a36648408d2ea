/* AVX2: the table, and rows of activations rounded to 8 bits. */
#include "avx2.h"

INLINE uint32_t largest_of(ints v) {
  __m128i m = _mm_max_epu32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  m = _mm_max_epu32(m, _mm_shuffle_epi32(m, 0x4e));
  return (uint32_t)_mm_cvtsi128_si32(_mm_max_epu32(m, _mm_shuffle_epi32(m, 0xb1)));
}

INLINE int total_of(ints a, ints b) {
  ints v = _mm256_add_epi32(a, b);
  __m128i s = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0x4e));
  return _mm_cvtsi128_si32(_mm_add_epi32(s, _mm_shuffle_epi32(s, 0xb1)));
}

/* One group of 32 with NaN or infinity has a scale of NaN; one whose scale would be subnormal is zeros. */
static void round_row(const float *x, int64_t k, int32_t rows, void *to) {
  (void)rows;
  struct row8 row = row8_at(to, k);
  const ints magnitude = _mm256_set1_epi32(0x7fffffff);
  for (int64_t g = 0; g < k / GROUP; g++) {
    floats v[4];
    ints largest = _mm256_setzero_si256();
    for (int i = 0; i < 4; i++) {
      v[i] = _mm256_loadu_ps(x + GROUP * g + 8 * i);
      largest = _mm256_max_epu32(largest, _mm256_and_si256(_mm256_castps_si256(v[i]), magnitude));
    }
    uint32_t bits = largest_of(largest);
    float most;
    memcpy(&most, &bits, 4);
    float scale = bits >= NOT_FINITE ? __builtin_nanf("") : most / 127;
    float inverse = scale > 1.17549435e-38f ? 1 / scale : 0;
    ints q[4];
    for (int i = 0; i < 4; i++) {
      q[i] = _mm256_cvtps_epi32(_mm256_mul_ps(v[i], _mm256_set1_ps(inverse)));
    }
    ints packed = _mm256_packs_epi16(_mm256_packs_epi32(q[0], q[1]), _mm256_packs_epi32(q[2], q[3]));
    packed = _mm256_permutevar8x32_epi32(packed, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    _mm256_storeu_si256((ints *)(row.codes + GROUP * g), packed);
    int first = total_of(q[0], q[1]);
    int second = total_of(q[2], q[3]);
    ((float *)row.scales)[g] = scale;
    ((float *)row.sums)[g] = (float)(first + second);
    ((float *)row.scaled_sums)[g] = scale * (float)(first + second);
    ((float *)row.half_sums)[2 * g] = (float)first;
    ((float *)row.half_sums)[2 * g + 1] = (float)second;
  }
}

/* To nearest, ties to even; NaN and infinities stay. */
static void round_halves(const float *x, int64_t k, int32_t rows, void *to) {
  (void)rows;
  uint8_t *out = to;
  ints largest = _mm256_setzero_si256();
  for (int64_t i = 0; i < k; i += 8) {
    ints bits = _mm256_castps_si256(_mm256_maskload_ps(x + i, lanes(of8(k - i))));
    largest = _mm256_max_epu32(largest, _mm256_and_si256(bits, _mm256_set1_epi32(0x7fffffff)));
  }
  float factor = factor_for_halves(largest_of(largest));
  for (int64_t i = 0; i < section(2 * k) / 2; i += 8) {
    floats v = _mm256_mul_ps(_mm256_maskload_ps(x + i, lanes(of8(k - i))), _mm256_set1_ps(1 / factor));
    _mm_storeu_si128((__m128i *)(out + 2 * i), _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  }
  memcpy(out + section(2 * k), &factor, 4);
}

static void silu_mul(const float *gate, const float *up, float *y, int64_t n) {
  for (int64_t i = 0; i < n; i += 8) {
    ints mask = lanes(of8(n - i));
    floats g = _mm256_maskload_ps(gate + i, mask);
    floats v = _mm256_xor_ps(g, _mm256_set1_ps(-0.0f));
    floats shifted = _mm256_fmadd_ps(v, _mm256_set1_ps(1.44269504f), _mm256_set1_ps(ROUNDER));
    floats k = _mm256_sub_ps(shifted, _mm256_set1_ps(ROUNDER));
    floats r = _mm256_fmadd_ps(k, _mm256_set1_ps(-LN2_HIGH), v);
    r = _mm256_fmadd_ps(k, _mm256_set1_ps(-LN2_LOW), r);
    floats p = _mm256_fmadd_ps(r, _mm256_set1_ps(1.0f / 5040), _mm256_set1_ps(1.0f / 720));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f / 120));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f / 24));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f / 6));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(0.5f));
    p = _mm256_add_ps(_mm256_fmadd_ps(p, _mm256_mul_ps(r, r), r), _mm256_set1_ps(1));
    floats e = _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(p), _mm256_slli_epi32(_mm256_castps_si256(shifted), 23)));
    /* NaN and infinities stay what they are, and what the exponent's bits cannot hold becomes 0 or infinity. */
    e = _mm256_add_ps(e, _mm256_sub_ps(v, v));
    e = _mm256_andnot_ps(_mm256_cmp_ps(v, _mm256_set1_ps(-87.33654f), _CMP_LT_OQ), e);
    e = _mm256_blendv_ps(e, _mm256_set1_ps(__builtin_inff()), _mm256_cmp_ps(v, _mm256_set1_ps(88.72283f), _CMP_GT_OQ));
    floats unit = _mm256_div_ps(g, _mm256_add_ps(e, _mm256_set1_ps(1)));
    _mm256_maskstore_ps(y + i, mask, _mm256_mul_ps(unit, _mm256_maskload_ps(up + i, mask)));
  }
}

static const struct kernel KERNELS[] = {
    {GATUN_F32, IN_PLACE, gatun_gemv_f32_avx2, gatun_gemm_f32_avx2},
    {GATUN_F16, IN_PLACE, gatun_gemv_f16_avx2, gatun_gemm_f16_avx2},
    {GATUN_BF16, IN_PLACE, gatun_gemv_bf16_avx2, gatun_gemm_bf16_avx2},
    {GATUN_F16_BY_HALF, IN_HALVES, gatun_gemv_f16_by_half_avx2, gatun_gemv_f16_by_half_avx2},
    {GATUN_BF16_BY_HALF, IN_HALVES, gatun_gemv_bf16_by_half_avx2, gatun_gemv_bf16_by_half_avx2},
    {GATUN_Q8_0, IN_8_BITS, gatun_gemv_q8_0_avx2, gatun_gemm_q8_0_avx2},
    {GATUN_Q4_0, IN_8_BITS, gatun_gemv_q4_0_avx2, gatun_gemm_q4_0_avx2},
    {GATUN_Q4_1, IN_8_BITS, gatun_gemv_q4_1_avx2, gatun_gemm_q4_1_avx2},
    {GATUN_Q5_0, IN_8_BITS, gatun_gemv_q5_0_avx2, gatun_gemm_q5_0_avx2},
    {GATUN_Q5_1, IN_8_BITS, gatun_gemv_q5_1_avx2, gatun_gemm_q5_1_avx2},
    {GATUN_Q4_K, IN_8_BITS, gatun_gemv_q4_k_avx2, gatun_gemm_q4_k_avx2},
    {GATUN_Q5_K, IN_8_BITS, gatun_gemv_q5_k_avx2, gatun_gemm_q5_k_avx2},
    {GATUN_Q6_K, IN_8_BITS, gatun_gemv_q6_k_avx2, gatun_gemm_q6_k_avx2},
    {GATUN_Q2_K, IN_8_BITS, gatun_gemv_q2_k_avx2, gatun_gemm_q2_k_avx2},
    {GATUN_Q3_K, IN_8_BITS, gatun_gemv_q3_k_avx2, gatun_gemm_q3_k_avx2},
    {GATUN_IQ4_NL, IN_8_BITS, gatun_gemv_iq4_nl_avx2, gatun_gemm_iq4_nl_avx2},
    {GATUN_IQ4_XS, IN_8_BITS, gatun_gemv_iq4_xs_avx2, gatun_gemm_iq4_xs_avx2},
    {GATUN_MXFP4, IN_8_BITS, gatun_gemv_mxfp4_avx2, gatun_gemm_mxfp4_avx2},
    {GATUN_TQ1_0, IN_8_BITS, gatun_gemv_tq1_0_avx2, gatun_gemm_tq1_0_avx2},
    {GATUN_TQ2_0, IN_8_BITS, gatun_gemv_tq2_0_avx2, gatun_gemm_tq2_0_avx2},
};

static const struct level LEVEL = {KERNELS, sizeof KERNELS / sizeof KERNELS[0], round_row, NULL, round_halves, gatun_attend_avx2, silu_mul,
    &gatun_rows_avx2};

const struct level *gatun_avx2(void) { return &LEVEL; }
