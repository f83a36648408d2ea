/* One row of x with weights of two to four bits; see low_bits.h. */
#include "avx512.h"

#define NAMED(name) name##_avx512

typedef __m256i ints;
typedef __m256 floats;

INLINE float sum8(floats v) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

INLINE ints dot_unsigned(ints w, ints x) { return _mm256_dpbusd_epi32(_mm256_setzero_si256(), w, x); }
INLINE ints signed_dot(ints w, ints x) { return dot_unsigned(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w)); }

#include "low_bits.h"
