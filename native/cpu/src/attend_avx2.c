/* Attention with vectors of eight. */
#include "avx2.h"

enum { LANES = 8, HEADS = 1 };

INLINE floats load(const float *p) { return _mm256_loadu_ps(p); }
INLINE void store(float *p, floats v) { _mm256_storeu_ps(p, v); }
INLINE floats load_part(const float *p, int64_t n) { return _mm256_maskload_ps(p, lanes(of8(n))); }
INLINE void store_part(float *p, int64_t n, floats v) { _mm256_maskstore_ps(p, lanes(of8(n)), v); }
INLINE floats all_of(float v) { return _mm256_set1_ps(v); }
INLINE floats fma_(floats a, floats b, floats c) { return _mm256_fmadd_ps(a, b, c); }
INLINE floats times(floats a, floats b) { return _mm256_mul_ps(a, b); }
INLINE floats plus(floats a, floats b) { return _mm256_add_ps(a, b); }
INLINE floats minus(floats a, floats b) { return _mm256_sub_ps(a, b); }
INLINE floats largest(floats a, floats b) { return _mm256_max_ps(a, b); }
INLINE float sum_of(floats v) { return sum8(v); }

INLINE float most_of(floats v) {
  __m128 m = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  m = _mm_max_ps(m, _mm_movehl_ps(m, m));
  return _mm_cvtss_f32(_mm_max_ss(m, _mm_movehdup_ps(m)));
}

INLINE floats within(int first, int end) { return _mm256_castsi256_ps(_mm256_andnot_si256(lanes(of8(first)), lanes(of8(end)))); }
INLINE floats lowest_outside(floats v, int first, int end) { return _mm256_blendv_ps(all_of(-__builtin_inff()), v, within(first, end)); }
INLINE floats zero_outside(floats v, int first, int end) { return _mm256_and_ps(v, within(first, end)); }

/* e to the power of x, x at most 0 or NaN: off by two units in the last place; 0 under -87, where results would be subnormal. */
INLINE floats exponential(floats x) {
  floats low = _mm256_cmp_ps(x, all_of(-87), _CMP_LT_OQ);
  floats c = _mm256_max_ps(all_of(-87), x);
  floats k = _mm256_round_ps(times(c, all_of(1.44269504f)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  floats r = fma_(k, all_of(-0.693359375f), c);
  r = fma_(k, all_of(2.12194440e-4f), r);
  floats p = fma_(r, all_of(1.0f / 5040), all_of(1.0f / 720));
  p = fma_(p, r, all_of(1.0f / 120));
  p = fma_(p, r, all_of(1.0f / 24));
  p = fma_(p, r, all_of(1.0f / 6));
  p = fma_(p, r, all_of(0.5f));
  p = plus(fma_(p, times(r, r), r), all_of(1));
  ints power = _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(k), _mm256_set1_epi32(127)), 23);
  return _mm256_andnot_ps(low, times(p, _mm256_castsi256_ps(power)));
}

/* Elements d to d + n of a row, n at most 8; the rest 0. */
INLINE floats part_of_row(const uint8_t *row, int64_t d, int n, const int type) {
  if (type == GATUN_F32) {
    return _mm256_maskload_ps((const float *)row + d, lanes(n));
  }
  if (type == GATUN_Q8_0) {
    const uint8_t *block = row + d / 32 * 34;
    __m128i codes = _mm_loadl_epi64((const __m128i *)(block + 2 + d % 32));
    return times(_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(codes)), all_of(f16_at(block)));
  }
  __m128i v = _mm_setzero_si128();
  if (n == 8) {
    v = _mm_loadu_si128((const __m128i *)(row + 2 * d));
  } else {
    uint8_t copy[16] = {0};
    memcpy(copy, row + 2 * d, (size_t)(2 * n));
    v = _mm_loadu_si128((const __m128i *)copy);
  }
  return type == GATUN_F16 ? f16x8(v) : bf16x8(v);
}

#include "turn_avx2.h"
#include "attend.h"

void gatun_attend_avx2(const struct attention *a) { attend_any(a); }
