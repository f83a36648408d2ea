/* Attention with vectors of sixteen. */
#include "avx512.h"

enum { LANES = 16, HEADS = 4 };

typedef __m512 floats;

INLINE floats load(const float *p) { return _mm512_loadu_ps(p); }
INLINE void store(float *p, floats v) { _mm512_storeu_ps(p, v); }
INLINE floats load_part(const float *p, int64_t n) { return _mm512_maskz_loadu_ps(lanes(n), p); }
INLINE void store_part(float *p, int64_t n, floats v) { _mm512_mask_storeu_ps(p, lanes(n), v); }
INLINE floats all_of(float v) { return _mm512_set1_ps(v); }
INLINE floats fma_(floats a, floats b, floats c) { return _mm512_fmadd_ps(a, b, c); }
INLINE floats times(floats a, floats b) { return _mm512_mul_ps(a, b); }
INLINE floats plus(floats a, floats b) { return _mm512_add_ps(a, b); }
INLINE floats minus(floats a, floats b) { return _mm512_sub_ps(a, b); }
INLINE floats largest(floats a, floats b) { return _mm512_max_ps(a, b); }
INLINE float sum_of(floats v) { return _mm512_reduce_add_ps(v); }
INLINE float most_of(floats v) { return _mm512_reduce_max_ps(v); }

INLINE __mmask16 within(int first, int end) { return lanes(end) & (__mmask16)~lanes(first); }
INLINE floats lowest_outside(floats v, int first, int end) { return _mm512_mask_mov_ps(all_of(-__builtin_inff()), within(first, end), v); }
INLINE floats zero_outside(floats v, int first, int end) { return _mm512_maskz_mov_ps(within(first, end), v); }

/* e to the power of x, x at most 0 or NaN: off by two units in the last place; 0 under -103. */
INLINE floats exponential(floats x) {
  x = _mm512_max_ps(all_of(-104), x);
  floats k = _mm512_roundscale_ps(times(x, all_of(1.44269504f)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  floats r = fma_(k, all_of(-0.693359375f), x);
  r = fma_(k, all_of(2.12194440e-4f), r);
  floats p = fma_(r, all_of(1.0f / 5040), all_of(1.0f / 720));
  p = fma_(p, r, all_of(1.0f / 120));
  p = fma_(p, r, all_of(1.0f / 24));
  p = fma_(p, r, all_of(1.0f / 6));
  p = fma_(p, r, all_of(0.5f));
  p = plus(fma_(p, times(r, r), r), all_of(1));
  return _mm512_scalef_ps(p, k);
}

/* Elements d to d + n of a row, n at most 16; the rest 0. */
INLINE floats part_of_row(const uint8_t *row, int64_t d, int n, const int type) {
  __mmask16 mask = lanes(n);
  switch (type) {
    case GATUN_F32:
      return _mm512_maskz_loadu_ps(mask, row + 4 * d);
    case GATUN_F16:
      return f16x16(_mm256_maskz_loadu_epi16(mask, row + 2 * d));
    case GATUN_BF16:
      return bf16x16(_mm256_maskz_loadu_epi16(mask, row + 2 * d));
    default: {
      const uint8_t *block = row + d / 32 * 34;
      __m128i codes = _mm_loadu_si128((const __m128i *)(block + 2 + d % 32));
      return times(_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(codes)), all_of(f16_at(block)));
    }
  }
}

#include "turn_avx512.h"
#include "attend.h"

void gatun_attend_avx512(const struct attention *a) { attend_any(a); }
