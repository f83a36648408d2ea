/* One row of x, a group of 32 at a time; see gemv_avx512.c. */
#include "avx2.h"

INLINE ints load32(const void *p) { return _mm256_loadu_si256((const ints *)p); }

INLINE ints nibbles(const uint8_t *p) {
  __m128i v = _mm_loadu_si128((const __m128i *)p);
  return _mm256_and_si256(_mm256_inserti128_si256(_mm256_castsi128_si256(v), _mm_srli_epi16(v, 4), 1), _mm256_set1_epi8(15));
}

/* 16 in each byte whose bit of 32 is set. */
INLINE ints sixteens(uint32_t bits) {
  const ints byte = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
  const ints bit = _mm256_set1_epi64x((long long)0x8040201008040201);
  ints v = _mm256_and_si256(_mm256_shuffle_epi8(_mm256_set1_epi32((int)bits), byte), bit);
  return _mm256_and_si256(_mm256_cmpeq_epi8(v, bit), _mm256_set1_epi8(16));
}

INLINE float dot_q8_0(const uint8_t *w, const struct row8 *x, int64_t k) {
  floats sum[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
  for (int64_t b = 0; b < k / GROUP; b++, w += 34) {
    ahead(w, 34);
    ints codes = load32(w + 2);
    ints dot = dot_signed(codes, _mm256_abs_epi8(codes), load32(x->codes + GROUP * b));
    sum[b & 1] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot), _mm256_set1_ps(f16_at(w) * x->scales[b]), sum[b & 1]);
  }
  return sum8(_mm256_add_ps(sum[0], sum[1]));
}

INLINE float dot_nibbles(const uint8_t *w, const struct row8 *x, int64_t k, const int minimum, const int fifth) {
  const int bytes = 18 + 2 * minimum + 4 * fifth;
  const int bits_at = 2 + 2 * minimum;
  floats sum[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
  float rest = 0;
  for (int64_t b = 0; b < k / GROUP; b++, w += bytes) {
    ahead(w, bytes);
    ints codes = nibbles(w + bits_at + 4 * fifth);
    if (fifth) {
      codes = _mm256_or_si256(codes, sixteens(u32_at(w + bits_at)));
    }
    float p = f16_at(w) * x->scales[b];
    ints dot = dot_unsigned(codes, load32(x->codes + GROUP * b));
    sum[b & 1] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot), _mm256_set1_ps(p), sum[b & 1]);
    rest += minimum ? f16_at(w + 2) * x->scaled_sums[b] : p * x->sums[b];
  }
  float all = sum8(_mm256_add_ps(sum[0], sum[1]));
  return minimum ? all + rest : all - (fifth ? 16 : 8) * rest;
}

INLINE void scales_k(const uint8_t *p, uint64_t *scales, uint64_t *minima) {
  uint32_t a = u32_at(p);
  uint32_t b = u32_at(p + 4);
  uint32_t c = u32_at(p + 8);
  *scales = (uint64_t)(a & 0x3f3f3f3f) | (uint64_t)((c & 0x0f0f0f0f) | (a >> 2 & 0x30303030)) << 32;
  *minima = (uint64_t)(b & 0x3f3f3f3f) | (uint64_t)((c >> 4 & 0x0f0f0f0f) | (b >> 2 & 0x30303030)) << 32;
}

INLINE floats bytes8(uint64_t v) { return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_cvtsi64_si128((int64_t)v))); }

INLINE floats all_of(floats p, int i) { return _mm256_permutevar8x32_ps(p, _mm256_set1_epi32(i)); }

INLINE float dot_k(const uint8_t *w, const struct row8 *x, int64_t k, const int fifth) {
  const int bytes = 144 + 32 * fifth;
  const ints low4 = _mm256_set1_epi8(15);
  floats sum[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
  floats least = _mm256_setzero_ps();
  for (int64_t b = 0; b < k / 256; b++, w += bytes) {
    ahead(w, bytes);
    uint64_t scales;
    uint64_t minima;
    scales_k(w + 4, &scales, &minima);
    floats p = _mm256_mul_ps(_mm256_mul_ps(bytes8(scales), _mm256_set1_ps(f16_at(w))), _mm256_loadu_ps(x->scales + 8 * b));
    least = _mm256_fmadd_ps(_mm256_mul_ps(bytes8(minima), _mm256_set1_ps(f16_at(w + 2))), _mm256_loadu_ps(x->scaled_sums + 8 * b), least);
    ints bits = fifth ? load32(w + 16) : low4;
    for (int i = 0; i < 4; i++) {
      ints both = load32(w + 16 + 32 * fifth + 32 * i);
      ints codes[2] = {_mm256_and_si256(both, low4), _mm256_and_si256(_mm256_srli_epi16(both, 4), low4)};
      for (int j = 0; j < 2; j++) {
        if (fifth) {
          ints one = _mm256_and_si256(_mm256_srli_epi16(bits, 2 * i + j), _mm256_set1_epi8(1));
          codes[j] = _mm256_or_si256(codes[j], _mm256_slli_epi16(one, 4));
        }
        ints dot = dot_unsigned(codes[j], load32(x->codes + 256 * b + 64 * i + 32 * j));
        sum[j] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot), all_of(p, 2 * i + j), sum[j]);
      }
    }
  }
  return sum8(_mm256_add_ps(sum[0], sum[1])) - sum8(least);
}

INLINE floats scales8(const uint8_t *p) { return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)p))); }

INLINE float dot_q6_k(const uint8_t *w, const struct row8 *x, int64_t k) {
  const ints low4 = _mm256_set1_epi8(15);
  const ints high2 = _mm256_set1_epi8(0x30);
  floats sum[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
  floats least = _mm256_setzero_ps();
  for (int64_t b = 0; b < k / 256; b++, w += 210) {
    ahead(w, 210);
    floats scale = _mm256_set1_ps(f16_at(w + 208));
    for (int i = 0; i < 2; i++) {
      int64_t group = 8 * b + 4 * i;
      __m128 four = _mm_loadu_ps(x->scales + group);
      floats of_x = _mm256_permutevar8x32_ps(_mm256_castps128_ps256(four), _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3));
      floats p = _mm256_mul_ps(_mm256_mul_ps(scales8(w + 192 + 8 * i), scale), of_x);
      least = _mm256_fmadd_ps(p, _mm256_loadu_ps(x->half_sums + 2 * group), least);
      ints left = load32(w + 64 * i);
      ints right = load32(w + 64 * i + 32);
      ints pairs = load32(w + 128 + 32 * i);
      ints codes[4] = {
          _mm256_or_si256(_mm256_and_si256(left, low4), _mm256_and_si256(_mm256_slli_epi16(pairs, 4), high2)),
          _mm256_or_si256(_mm256_and_si256(right, low4), _mm256_and_si256(_mm256_slli_epi16(pairs, 2), high2)),
          _mm256_or_si256(_mm256_and_si256(_mm256_srli_epi16(left, 4), low4), _mm256_and_si256(pairs, high2)),
          _mm256_or_si256(_mm256_and_si256(_mm256_srli_epi16(right, 4), low4), _mm256_and_si256(_mm256_srli_epi16(pairs, 2), high2))};
      for (int j = 0; j < 4; j++) {
        ints dot = dot_unsigned(codes[j], load32(x->codes + GROUP * (group + j)));
        ints from = _mm256_setr_epi32(2 * j, 2 * j, 2 * j, 2 * j, 2 * j + 1, 2 * j + 1, 2 * j + 1, 2 * j + 1);
        sum[j & 1] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot), _mm256_permutevar8x32_ps(p, from), sum[j & 1]);
      }
    }
  }
  return sum8(_mm256_add_ps(sum[0], sum[1])) - 32 * sum8(least);
}

enum { F32, F16, BF16 };
enum { HIGH = 2 };

INLINE floats some(const uint8_t *w, const int type) {
  if (type == F32) {
    return _mm256_loadu_ps((const float *)w);
  }
  __m128i v = _mm_loadu_si128((const __m128i *)w);
  return type == F16 ? f16x8(v) : bf16x8(v);
}

INLINE float dot_floats(const uint8_t *w, const uint8_t *x, int64_t k, const int type) {
  const int size = type == F32 ? 4 : 2;
  floats sum[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};
  int64_t i = 0;
  for (; i + 32 <= k; i += 32) {
    ahead(w + size * i, 32 * size);
    for (int j = 0; j < 4; j++) {
      sum[j] = _mm256_fmadd_ps(some(w + size * (i + 8 * j), type), _mm256_loadu_ps((const float *)(x + 4 * (i + 8 * j))), sum[j]);
    }
  }
  for (; i < k; i += 8) {
    int n = of8(k - i);
    uint8_t a[32] = {0};
    float b[8] = {0};
    memcpy(a, w + size * i, (size_t)(size * n));
    memcpy(b, x + 4 * i, (size_t)(4 * n));
    sum[0] = _mm256_fmadd_ps(some(a, type), _mm256_loadu_ps(b), sum[0]);
  }
  return sum8(_mm256_add_ps(_mm256_add_ps(sum[0], sum[1]), _mm256_add_ps(sum[2], sum[3])));
}

/* `high` rows of x in half the bytes: they share the first cache, and the ways into it, with the weights. The sums of a row are the same in any company. */
INLINE void dots_halves(const struct product *p, int32_t n, int32_t m, const int type, const int high) {
  const uint8_t *w = p->w + n * p->w_row;
  const uint8_t *x[HIGH];
  floats sum[HIGH][4];
  for (int r = 0; r < high; r++) {
    x[r] = p->act + (m + r) * p->act_row;
    for (int j = 0; j < 4; j++) {
      sum[r][j] = _mm256_setzero_ps();
    }
  }
  int64_t i = 0;
  for (; i + 32 <= p->k; i += 32) {
    ahead(w + 2 * i, 64);
    for (int j = 0; j < 4; j++) {
      floats a = some(w + 2 * (i + 8 * j), type);
      for (int r = 0; r < high; r++) {
        sum[r][j] = _mm256_fmadd_ps(a, some(x[r] + 2 * (i + 8 * j), F16), sum[r][j]);
      }
    }
  }
  for (; i < p->k; i += 8) {
    uint8_t last[16] = {0};
    memcpy(last, w + 2 * i, (size_t)(2 * of8(p->k - i)));
    floats a = some(last, type);
    for (int r = 0; r < high; r++) {
      sum[r][0] = _mm256_fmadd_ps(a, some(x[r] + 2 * i, F16), sum[r][0]);
    }
  }
  for (int r = 0; r < high; r++) {
    float v = sum8(_mm256_add_ps(_mm256_add_ps(sum[r][0], sum[r][1]), _mm256_add_ps(sum[r][2], sum[r][3])));
    *y_at(p, m + r, n) = factor_of_halves(x[r], p->k) * v;
  }
}

INLINE void put(const struct product *p, int32_t n, float v) { memcpy(p->y + 4 * (int64_t)n, &v, 4); }

#define GEMV_FLOATS(name, type)                                            \
  void gatun_gemv_##name##_avx2(const struct product *p) {                 \
    for (int32_t n = p->n0; n < p->n1; n++) {                              \
      put(p, n, dot_floats(p->w + n * p->w_row, p->act, p->k, type));      \
    }                                                                      \
  }

#define GEMV_HALVES(name, type)                                    \
  void gatun_gemv_##name##_by_half_avx2(const struct product *p) { \
    for (int32_t n = p->n0; n < p->n1; n++) {                      \
      int32_t m = 0;                                               \
      for (; m + HIGH <= p->rows; m += HIGH) {                     \
        dots_halves(p, n, m, type, HIGH);                          \
      }                                                            \
      for (; m < p->rows; m++) {                                   \
        dots_halves(p, n, m, type, 1);                             \
      }                                                            \
    }                                                              \
  }

#define GEMV(name, dot)                                                    \
  void gatun_gemv_##name##_avx2(const struct product *p) {                 \
    struct row8 x = row8_at(p->act, p->k);                                 \
    for (int32_t n = p->n0; n < p->n1; n++) {                              \
      const uint8_t *w = p->w + n * p->w_row;                              \
      put(p, n, dot);                                                      \
    }                                                                      \
  }

GEMV_FLOATS(f32, F32)
GEMV_FLOATS(f16, F16)
GEMV_FLOATS(bf16, BF16)
GEMV_HALVES(f16, F16)
GEMV_HALVES(bf16, BF16)
GEMV(q8_0, dot_q8_0(w, &x, p->k))
GEMV(q4_0, dot_nibbles(w, &x, p->k, 0, 0))
GEMV(q4_1, dot_nibbles(w, &x, p->k, 1, 0))
GEMV(q5_0, dot_nibbles(w, &x, p->k, 0, 1))
GEMV(q5_1, dot_nibbles(w, &x, p->k, 1, 1))
GEMV(q4_k, dot_k(w, &x, p->k, 0))
GEMV(q5_k, dot_k(w, &x, p->k, 1))
GEMV(q6_k, dot_q6_k(w, &x, p->k))
