/* AVX-512: the table, and rows of activations rounded to 8 bits. */
#include "avx512.h"

/* The sections that a row alone has besides. */
static void turn_row(const struct row8 *row, int64_t k) {
  int64_t groups = k / GROUP;
  for (int64_t g = 0; g < groups / 4 * 4; g++) {
    char *to = (char *)row->turned + 128 * (g / 4) + 16 * (g % 4);
    memcpy(to, row->codes + GROUP * g, 16);
    memcpy(to + 64, row->codes + GROUP * g + 16, 16);
  }
  const __m128 parts = _mm_setr_ps(1, 1.0f / 16, 1, 1.0f / 16);
  for (int64_t g = 0; g < groups / 4 * 4; g += 4) {
    float *to = (float *)row->factors + 2 * g;
    _mm_storeu_ps(to, _mm_mul_ps(_mm_loadu_ps(row->scales + g), parts));
    _mm_storeu_ps(to + 4, _mm_sub_ps(_mm_setzero_ps(), _mm_loadu_ps(row->scaled_sums + g)));
  }
}

/* One group of 32 with NaN or infinity has a scale of NaN; one whose scale would be subnormal is zeros. */
static void round_row(const float *x, int64_t k, int32_t rows, void *to) {
  struct row8 row = row8_at(to, k);
  const __m512i magnitude = _mm512_set1_epi32(0x7fffffff);
  const __m128i flip = rows == 1 ? _mm_setzero_si128() : _mm_set1_epi8((char)0x80);
  for (int64_t g = 0; g < k / GROUP; g++) {
    __m512 a = _mm512_loadu_ps(x + GROUP * g);
    __m512 b = _mm512_loadu_ps(x + GROUP * g + 16);
    __m512i largest = _mm512_max_epu32(_mm512_and_epi32(_mm512_castps_si512(a), magnitude), _mm512_and_epi32(_mm512_castps_si512(b), magnitude));
    uint32_t bits = _mm512_reduce_max_epu32(largest);
    float most;
    memcpy(&most, &bits, 4);
    float scale = bits >= NOT_FINITE ? __builtin_nanf("") : most / 127;
    float inverse = scale > 1.17549435e-38f ? 1 / scale : 0;
    __m512i p = _mm512_cvtps_epi32(_mm512_mul_ps(a, _mm512_set1_ps(inverse)));
    __m512i q = _mm512_cvtps_epi32(_mm512_mul_ps(b, _mm512_set1_ps(inverse)));
    int first = _mm512_reduce_add_epi32(p);
    int second = _mm512_reduce_add_epi32(q);
    _mm_storeu_si128((__m128i *)(row.codes + GROUP * g), _mm_xor_si128(_mm512_cvtsepi32_epi8(p), flip));
    _mm_storeu_si128((__m128i *)(row.codes + GROUP * g + 16), _mm_xor_si128(_mm512_cvtsepi32_epi8(q), flip));
    ((float *)row.scales)[g] = scale;
    ((float *)row.sums)[g] = (float)(first + second);
    ((float *)row.scaled_sums)[g] = scale * (float)(first + second);
    ((float *)row.half_sums)[2 * g] = (float)first;
    ((float *)row.half_sums)[2 * g + 1] = (float)second;
  }
  if (rows == 1) {
    turn_row(&row, k);
  }
}

/* To nearest, ties to even; NaN and infinities stay. */
static void round_halves(const float *x, int64_t k, int32_t rows, void *to) {
  (void)rows;
  uint8_t *out = to;
  __m512i largest = _mm512_setzero_si512();
  for (int64_t i = 0; i < k; i += 16) {
    __m512i bits = _mm512_castps_si512(_mm512_maskz_loadu_ps(lanes(k - i), x + i));
    largest = _mm512_max_epu32(largest, _mm512_and_epi32(bits, _mm512_set1_epi32(0x7fffffff)));
  }
  float factor = factor_for_halves(_mm512_reduce_max_epu32(largest));
  for (int64_t i = 0; i < section(2 * k) / 2; i += 16) {
    __m512 v = _mm512_mul_ps(_mm512_maskz_loadu_ps(lanes(k - i), x + i), _mm512_set1_ps(1 / factor));
    _mm256_storeu_si256((__m256i *)(out + 2 * i), _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  }
  memcpy(out + section(2 * k), &factor, 4);
}

static void silu_mul(const float *gate, const float *up, float *y, int64_t n) {
  for (int64_t i = 0; i < n; i += 16) {
    __mmask16 mask = lanes(n - i);
    __m512 g = _mm512_maskz_loadu_ps(mask, gate + i);
    __m512 v = _mm512_castsi512_ps(_mm512_xor_epi32(_mm512_castps_si512(g), _mm512_set1_epi32((int)0x80000000u)));
    __m512 shifted = _mm512_fmadd_ps(v, _mm512_set1_ps(1.44269504f), _mm512_set1_ps(ROUNDER));
    __m512 k = _mm512_sub_ps(shifted, _mm512_set1_ps(ROUNDER));
    __m512 r = _mm512_fmadd_ps(k, _mm512_set1_ps(-LN2_HIGH), v);
    r = _mm512_fmadd_ps(k, _mm512_set1_ps(-LN2_LOW), r);
    __m512 p = _mm512_fmadd_ps(r, _mm512_set1_ps(1.0f / 5040), _mm512_set1_ps(1.0f / 720));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f / 120));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f / 24));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f / 6));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.5f));
    p = _mm512_add_ps(_mm512_fmadd_ps(p, _mm512_mul_ps(r, r), r), _mm512_set1_ps(1));
    __m512i power = _mm512_slli_epi32(_mm512_castps_si512(shifted), 23);
    __m512 e = _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(p), power));
    /* NaN and infinities stay what they are, and what the exponent's bits cannot hold becomes 0 or infinity. */
    e = _mm512_add_ps(e, _mm512_sub_ps(v, v));
    e = _mm512_mask_mov_ps(e, _mm512_cmp_ps_mask(v, _mm512_set1_ps(-87.33654f), _CMP_LT_OQ), _mm512_setzero_ps());
    e = _mm512_mask_mov_ps(e, _mm512_cmp_ps_mask(v, _mm512_set1_ps(88.72283f), _CMP_GT_OQ), _mm512_set1_ps(__builtin_inff()));
    __m512 unit = _mm512_div_ps(g, _mm512_add_ps(e, _mm512_set1_ps(1)));
    _mm512_mask_storeu_ps(y + i, mask, _mm512_mul_ps(unit, _mm512_maskz_loadu_ps(mask, up + i)));
  }
}

static const struct kernel KERNELS[] = {
    {GATUN_F32, IN_PLACE, gatun_gemv_f32_avx512, gatun_gemm_f32_avx512},
    {GATUN_F16, IN_PLACE, gatun_gemv_f16_avx512, gatun_gemm_f16_avx512},
    {GATUN_BF16, IN_PLACE, gatun_gemv_bf16_avx512, gatun_gemm_bf16_avx512},
    {GATUN_BF16_BY_BF16, IN_BF16, gatun_gemv_bf16_by_bf16_avx512, gatun_gemm_bf16_by_bf16_avx512},
    {GATUN_F16_BY_HALF, IN_HALVES, gatun_gemv_f16_by_half_avx512, gatun_gemv_f16_by_half_avx512},
    {GATUN_BF16_BY_HALF, IN_HALVES, gatun_gemv_bf16_by_half_avx512, gatun_gemv_bf16_by_half_avx512},
    {GATUN_Q8_0, IN_8_BITS, gatun_gemv_q8_0_avx512, gatun_gemm_q8_0_avx512},
    {GATUN_Q4_0, IN_8_BITS, gatun_gemv_q4_0_avx512, gatun_gemm_q4_0_avx512},
    {GATUN_Q4_1, IN_8_BITS, gatun_gemv_q4_1_avx512, gatun_gemm_q4_1_avx512},
    {GATUN_Q5_0, IN_8_BITS, gatun_gemv_q5_0_avx512, gatun_gemm_q5_0_avx512},
    {GATUN_Q5_1, IN_8_BITS, gatun_gemv_q5_1_avx512, gatun_gemm_q5_1_avx512},
    {GATUN_Q4_K, IN_8_BITS, gatun_gemv_q4_k_avx512, gatun_gemm_q4_k_avx512},
    {GATUN_Q5_K, IN_8_BITS, gatun_gemv_q5_k_avx512, gatun_gemm_q5_k_avx512},
    {GATUN_Q6_K, IN_8_BITS, gatun_gemv_q6_k_avx512, gatun_gemm_q6_k_avx512},
    {GATUN_Q2_K, IN_8_BITS, gatun_gemv_q2_k_avx512, gatun_gemm_q2_k_avx512},
    {GATUN_Q3_K, IN_8_BITS, gatun_gemv_q3_k_avx512, gatun_gemm_q3_k_avx512},
    {GATUN_IQ4_NL, IN_8_BITS, gatun_gemv_iq4_nl_avx512, gatun_gemm_iq4_nl_avx512},
    {GATUN_IQ4_XS, IN_8_BITS, gatun_gemv_iq4_xs_avx512, gatun_gemm_iq4_xs_avx512},
    {GATUN_MXFP4, IN_8_BITS, gatun_gemv_mxfp4_avx512, gatun_gemm_mxfp4_avx512},
    {GATUN_TQ1_0, IN_8_BITS, gatun_gemv_tq1_0_avx512, gatun_gemm_tq1_0_avx512},
    {GATUN_TQ2_0, IN_8_BITS, gatun_gemv_tq2_0_avx512, gatun_gemm_tq2_0_avx512},
};

static const struct level LEVEL = {KERNELS, sizeof KERNELS / sizeof KERNELS[0], round_row, gatun_round_bf16_avx512, round_halves, gatun_attend_avx512, silu_mul,
    &gatun_rows_avx512};

const struct level *gatun_avx512(void) { return &LEVEL; }
