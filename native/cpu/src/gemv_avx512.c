/*
 * One row of x. Weights are read once, in order; what is computed must only be faster than memory. Four groups of 32 are taken at a time, codes as unsigned
 * bytes against the signed ones of x, and what that added taken off by the sums of x, four groups at once. Nibbles come as the first halves of the four and
 * the second halves, so that both go into the same lanes and are converted and multiplied by their scales once; codes of 8 bits come two groups to a vector.
 */
#include "avx512.h"

INLINE float sum4(__m128 v) {
  v = _mm_add_ps(v, _mm_movehl_ps(v, v));
  return _mm_cvtss_f32(_mm_add_ss(v, _mm_movehdup_ps(v)));
}

/* Four numbers of F16, the first at the bits' low end. */
INLINE __m128 halves4(uint64_t bits) { return _mm_cvtph_ps(_mm_cvtsi64_si128((int64_t)bits)); }

INLINE uint64_t four_words(const uint8_t *w, int64_t block) {
  return (uint64_t)u16_at(w) | (uint64_t)u16_at(w + block) << 16 | (uint64_t)u16_at(w + 2 * block) << 32 | (uint64_t)u16_at(w + 3 * block) << 48;
}

/* Lanes 0 to 7 are element `first` of p, the others the one after it. */
INLINE __m512 pair_of(__m512 p, int first) {
  const __m512i at = _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
  return _mm512_permutexvar_ps(_mm512_add_epi32(at, _mm512_set1_epi32(first)), p);
}

INLINE __m512 dot_of(__m512i codes, const int8_t *x) {
  return _mm512_cvtepi32_ps(_mm512_dpbusd_epi32(_mm512_setzero_si512(), codes, _mm512_loadu_si512(x)));
}

INLINE __m512i two_of(__m256i low, __m256i high) { return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1); }

INLINE __m256i load32(const void *p) { return _mm256_loadu_si256((const __m256i *)p); }

/* Sums that grow along a row: products, and what is to be taken off or added by the sums of x. */
struct sums {
  __m512 a;
  __m512 b;
  __m128 c;
};

INLINE void take4(struct sums *s, __m512i w0, __m512i w1, __m128 p, const struct row8 *x, int64_t b) {
  __m512 wide = _mm512_castps128_ps512(p);
  s->a = _mm512_fmadd_ps(dot_of(w0, x->codes + GROUP * b), pair_of(wide, 0), s->a);
  s->b = _mm512_fmadd_ps(dot_of(w1, x->codes + GROUP * b + 64), pair_of(wide, 2), s->b);
}

INLINE float all_of(const struct sums *s) { return _mm512_reduce_add_ps(_mm512_add_ps(s->a, s->b)); }

/* One block alone: the same products and sums for the blocks that make no four. */
INLINE void take1(struct sums *s, __m256i codes, float p, const struct row8 *x, int64_t b) {
  __m256i dot = _mm256_dpbusd_epi32(_mm256_setzero_si256(), codes, load32(x->codes + GROUP * b));
  __m512 wide = _mm512_maskz_broadcast_f32x8(0x00ff, _mm256_cvtepi32_ps(dot));
  s->a = _mm512_fmadd_ps(wide, _mm512_set1_ps(p), s->a);
}

INLINE __m256i nibbles(const uint8_t *p) {
  __m128i v = _mm_loadu_si128((const __m128i *)p);
  return _mm256_and_si256(_mm256_inserti128_si256(_mm256_castsi128_si256(v), _mm_srli_epi16(v, 4), 1), _mm256_set1_epi8(15));
}

INLINE __m256i with_fifth(__m256i codes, uint32_t bits) { return _mm256_or_si256(codes, _mm256_maskz_set1_epi8(bits, 16)); }

INLINE float dot_q8_0(const uint8_t *w, const struct row8 *x, int64_t k) {
  const __m512i flip = _mm512_set1_epi8((char)0x80);
  struct sums s = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm_setzero_ps()};
  int64_t blocks = k / GROUP;
  int64_t b = 0;
  for (; b + 4 <= blocks; b += 4, w += 136) {
    ahead(w, 136);
    __m128 p = _mm_mul_ps(halves4(four_words(w, 34)), _mm_loadu_ps(x->scales + b));
    __m512i w0 = _mm512_xor_si512(two_of(load32(w + 2), load32(w + 36)), flip);
    __m512i w1 = _mm512_xor_si512(two_of(load32(w + 70), load32(w + 104)), flip);
    take4(&s, w0, w1, p, x, b);
    s.c = _mm_fmadd_ps(p, _mm_loadu_ps(x->sums + b), s.c);
  }
  float rest = 0;
  for (; b < blocks; b++, w += 34) {
    float p = f16_at(w) * x->scales[b];
    take1(&s, _mm256_xor_si256(load32(w + 2), _mm512_castsi512_si256(flip)), p, x, b);
    rest += p * x->sums[b];
  }
  return all_of(&s) - 128 * (sum4(s.c) + rest);
}

/* Four scales in F32 from lanes 0 to 3, each to four lanes. */
INLINE __m512 each_to_four(__m512 p, int first) {
  const __m512i at = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
  return _mm512_permutexvar_ps(_mm512_add_epi32(at, _mm512_set1_epi32(first)), p);
}

/* Codes of four groups, first halves and second halves, against `turned` codes of x: four lanes to a group. */
INLINE __m512 turned_dot(__m512i first, __m512i second, const int8_t *x) {
  __m512i dot = _mm512_dpbusd_epi32(_mm512_setzero_si512(), first, _mm512_loadu_si512(x));
  return _mm512_cvtepi32_ps(_mm512_dpbusd_epi32(dot, second, _mm512_loadu_si512(x + 64)));
}

/* Where words of four blocks of `block` words lie in two loads: eight words of each from its word `first` on. */
INLINE __m512i words_of(int block, int first, int second_load) {
  uint16_t at[32];
  for (int i = 0; i < 32; i++) {
    int word = block * (i / 8) + first + i % 8;
    at[i] = (uint16_t)(word < 32 ? word : word - second_load + 32);
  }
  return _mm512_loadu_si512(at);
}

/* Blocks of 32 codes of 4 or 5 bits: scale, minimum if it has one, fifth bits if it has them, nibbles. */
INLINE float dot_nibbles(const uint8_t *w, const struct row8 *x, int64_t k, const int minimum, const int fifth) {
  const int bytes = 18 + 2 * minimum + 4 * fifth;
  const int bits_at = 2 + 2 * minimum;
  const int codes_at = bits_at + 4 * fifth;
  const float offset = minimum ? 0 : fifth ? 16 : 8;
  /* The second load of 64 bytes ends where four blocks end, so that nothing behind the weight is read. */
  const int second = 4 * bytes - 64;
  const __m512i words = words_of(bytes / 2, codes_at / 2, second / 2);
  const __m512i low4 = _mm512_set1_epi8(15);
  struct sums s = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm_setzero_ps()};
  int64_t blocks = k / GROUP;
  int64_t b = 0;
  for (; b + 4 <= blocks; b += 4, w += 4 * bytes) {
    ahead_far(w, 4 * bytes);
    __m512i codes = _mm512_permutex2var_epi16(_mm512_loadu_si512(w), words, _mm512_loadu_si512(w + second));
    __m512i w0 = _mm512_and_si512(codes, low4);
    __m512i w1 = _mm512_and_si512(_mm512_srli_epi16(codes, 4), low4);
    if (fifth) {
      w0 = _mm512_mask_add_epi8(w0, four_words(w + bits_at, bytes), w0, _mm512_set1_epi8(16));
      w1 = _mm512_mask_add_epi8(w1, four_words(w + bits_at + 2, bytes), w1, _mm512_set1_epi8(16));
    }
    __m128 p = _mm_mul_ps(halves4(four_words(w, bytes)), _mm_loadu_ps(x->scales + b));
    s.a = _mm512_fmadd_ps(turned_dot(w0, w1, x->turned + GROUP * b), each_to_four(_mm512_castps128_ps512(p), 0), s.a);
    if (minimum) {
      s.c = _mm_fmadd_ps(halves4(four_words(w + 2, bytes)), _mm_loadu_ps(x->scaled_sums + b), s.c);
    } else {
      s.c = _mm_fmadd_ps(p, _mm_loadu_ps(x->sums + b), s.c);
    }
  }
  float rest = 0;
  for (; b < blocks; b++, w += bytes) {
    __m256i codes = nibbles(w + codes_at);
    float p = f16_at(w) * x->scales[b];
    take1(&s, fifth ? with_fifth(codes, u32_at(w + bits_at)) : codes, p, x, b);
    rest += minimum ? f16_at(w + 2) * x->scaled_sums[b] : p * x->sums[b];
  }
  float c = sum4(s.c) + rest;
  return minimum ? all_of(&s) + c : all_of(&s) - offset * c;
}

/* Eight scales and eight minima of 6 bits from the twelve bytes that a block of 256 has for them: four scales, four minima, and again. */
INLINE __m128i scales_k(const uint8_t *p) {
  uint64_t low = u64_at(p);
  uint64_t high = u32_at(p + 8);
  uint64_t first = low & 0x3f3f3f3f3f3f3f3f;
  uint64_t second = ((high | high << 28) & 0x0f0f0f0f0f0f0f0f) | (low >> 2 & 0x3030303030303030);
  return _mm_insert_epi64(_mm_cvtsi64_si128((int64_t)first), (int64_t)second, 1);
}

INLINE __m512i twice(const uint8_t *p) { return _mm512_broadcast_i64x4(load32(p)); }

/* Sixteen lanes as `scales_k` has them: scales multiplied by the block's scale and x's, minima likewise by what is to be added. */
INLINE __m512 products_k(const uint8_t *w, __m512 factors) {
  const __m512i scale_or_minimum = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1);
  __m128 halves = _mm_cvtph_ps(_mm_cvtsi32_si128((int)u32_at(w)));
  __m512 of_block = _mm512_permutexvar_ps(scale_or_minimum, _mm512_castps128_ps512(halves));
  return _mm512_mul_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(scales_k(w + 4))), factors), of_block);
}

/* Products of codes, and lanes of which those of minima are to be added. */
INLINE float total_k(__m512 a, __m512 b, __m512 least) {
  __m512 sum = _mm512_add_ps(a, b);
  return _mm512_reduce_add_ps(_mm512_mask_add_ps(sum, 0xf0f0, sum, least));
}

/* Blocks of 256: scale, minimum, twelve bytes of scales, nibbles, of which 32 bytes are two groups. High nibbles count sixteenfold. */
INLINE float dot_q4_k(const uint8_t *w, const struct row8 *x, int64_t k) {
  const __m512i low_and_high = _mm512_set4_epi64(-0x0f0f0f0f0f0f0f10, -0x0f0f0f0f0f0f0f10, 0x0f0f0f0f0f0f0f0f, 0x0f0f0f0f0f0f0f0f);
  __m512 sum[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
  __m512 least = _mm512_setzero_ps();
  for (int64_t b = 0; b < k / 256; b++, w += 144) {
    ahead_far(w, 144);
    __m512 p = products_k(w, _mm512_loadu_ps(x->factors + 16 * b));
    least = _mm512_add_ps(least, p);
    for (int i = 0; i < 2; i++) {
      __m512i codes = _mm512_loadu_si512(w + 16 + 64 * i);
      __m512i first = _mm512_and_si512(_mm512_shuffle_i64x2(codes, codes, 0xa0), low_and_high);
      __m512i second = _mm512_and_si512(_mm512_shuffle_i64x2(codes, codes, 0xf5), low_and_high);
      sum[i] = _mm512_fmadd_ps(turned_dot(first, second, x->turned + 256 * b + 128 * i), each_to_four(p, 8 * i), sum[i]);
    }
  }
  return total_k(sum[0], sum[1], least);
}

/* Numbers of 16 bits, one to each lane of 128. */
INLINE __m512i to_quarters(int a, int b, int c, int d) {
  return _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_set_m128i(_mm_set1_epi16((short)b), _mm_set1_epi16((short)a))),
      _mm256_set_m128i(_mm_set1_epi16((short)d), _mm_set1_epi16((short)c)), 1);
}

/* Sixteen codes of each of four groups: nibbles, low and high in turns, and a bit each of those at `bits` where `mask` has it. */
INLINE __m512i with_bits(__m512i nibbles, const uint8_t *bits, __m512i mask) {
  __m512i codes = _mm512_and_si512(_mm512_srlv_epi16(nibbles, to_quarters(0, 4, 0, 4)), _mm512_set1_epi8(15));
  __mmask64 there = _mm512_test_epi8_mask(_mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)bits)), mask);
  return _mm512_mask_add_epi8(codes, there, codes, _mm512_set1_epi8(16));
}

/* The same with 32 bytes of fifth bits before the nibbles. These are moved down, since sixteen times five bits are more than a byte. */
INLINE float dot_q5_k(const uint8_t *w, const struct row8 *x, int64_t k) {
  const __m512 parts = _mm512_setr_ps(1, 16, 1, 16, 1, 1, 1, 1, 1, 16, 1, 16, 1, 1, 1, 1);
  __m512 sum[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
  __m512 least = _mm512_setzero_ps();
  for (int64_t b = 0; b < k / 256; b++, w += 176) {
    ahead_far(w, 176);
    __m512 p = products_k(w, _mm512_mul_ps(_mm512_loadu_ps(x->factors + 16 * b), parts));
    least = _mm512_add_ps(least, p);
    for (int i = 0; i < 2; i++) {
      __m512i codes = _mm512_loadu_si512(w + 48 + 64 * i);
      __m512i mask = i == 0 ? to_quarters(0x0101, 0x0202, 0x0404, 0x0808) : to_quarters(0x1010, 0x2020, 0x4040, 0x8080);
      __m512i first = with_bits(_mm512_shuffle_i64x2(codes, codes, 0xa0), w + 16, mask);
      __m512i second = with_bits(_mm512_shuffle_i64x2(codes, codes, 0xf5), w + 32, mask);
      sum[i] = _mm512_fmadd_ps(turned_dot(first, second, x->turned + 256 * b + 128 * i), each_to_four(p, 8 * i), sum[i]);
    }
  }
  return total_k(sum[0], sum[1], least);
}

/* Blocks of 256 codes of 6 bits in groups of 16 with a signed scale each: 128 bytes of low nibbles, 64 of high pairs, the scales, their scale. */
INLINE float dot_q6_k(const uint8_t *w, const struct row8 *x, int64_t k) {
  const __m512i low4 = _mm512_set1_epi8(15);
  const __m512i high2 = _mm512_set1_epi8(0x30);
  const __m512i up = _mm512_inserti64x4(_mm512_set1_epi16(4), _mm256_set1_epi16(2), 1);
  const __m512i down = _mm512_inserti64x4(_mm512_setzero_si512(), _mm256_set1_epi16(2), 1);
  const __m512i halves = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
  const __m512i quarters = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
  __m512 sum[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
  __m512 least = _mm512_setzero_ps();
  for (int64_t b = 0; b < k / 256; b++, w += 210) {
    ahead_far(w, 210);
    __m512 of_x = _mm512_permutexvar_ps(halves, _mm512_castps256_ps512(_mm256_loadu_ps(x->scales + 8 * b)));
    __m512 scales = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(w + 192))));
    __m512 p = _mm512_mul_ps(_mm512_mul_ps(scales, _mm512_set1_ps(f16_at(w + 208))), of_x);
    least = _mm512_fmadd_ps(p, _mm512_loadu_ps(x->half_sums + 16 * b), least);
    for (int i = 0; i < 2; i++) {
      __m512i nibble = _mm512_loadu_si512(w + 64 * i);
      __m512i pairs = twice(w + 128 + 32 * i);
      __m512i first = _mm512_or_si512(_mm512_and_si512(nibble, low4), _mm512_and_si512(_mm512_sllv_epi16(pairs, up), high2));
      __m512i second = _mm512_or_si512(_mm512_and_si512(_mm512_srli_epi16(nibble, 4), low4), _mm512_and_si512(_mm512_srlv_epi16(pairs, down), high2));
      const int8_t *at = x->codes + 256 * b + 128 * i;
      __m512i from = _mm512_add_epi32(quarters, _mm512_set1_epi32(8 * i));
      sum[0] = _mm512_fmadd_ps(dot_of(first, at), _mm512_permutexvar_ps(from, p), sum[0]);
      sum[1] = _mm512_fmadd_ps(dot_of(second, at + 64), _mm512_permutexvar_ps(_mm512_add_epi32(from, _mm512_set1_epi32(4)), p), sum[1]);
    }
  }
  return _mm512_reduce_add_ps(_mm512_add_ps(sum[0], sum[1])) - 32 * _mm512_reduce_add_ps(least);
}

enum { F32, F16, BF16 };
enum { HIGH = 4 };

INLINE __m512 floats(const uint8_t *w, int64_t i, const int type) {
  return type == F32 ? _mm512_loadu_ps(w + 4 * i) : type == F16 ? f16x16(load32(w + 2 * i)) : bf16x16(load32(w + 2 * i));
}

INLINE __m512 last_floats(const uint8_t *w, int64_t i, __mmask16 mask, const int type) {
  if (type == F32) {
    return _mm512_maskz_loadu_ps(mask, w + 4 * i);
  }
  __m256i v = _mm256_maskz_loadu_epi16(mask, w + 2 * i);
  return type == F16 ? f16x16(v) : bf16x16(v);
}

INLINE float dot_floats(const uint8_t *w, const uint8_t *x, int64_t k, const int type, const int asks) {
  __m512 sum[4] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps()};
  int64_t i = 0;
  for (; i + 64 <= k; i += 64) {
    if (asks) {
      ahead(w + (type == F32 ? 4 : 2) * i, type == F32 ? 256 : 128);
    }
    for (int j = 0; j < 4; j++) {
      sum[j] = _mm512_fmadd_ps(floats(w, i + 16 * j, type), _mm512_loadu_ps(x + 4 * (i + 16 * j)), sum[j]);
    }
  }
  for (; i < k; i += 16) {
    __mmask16 mask = lanes(k - i);
    sum[0] = _mm512_fmadd_ps(last_floats(w, i, mask, type), _mm512_maskz_loadu_ps(mask, x + 4 * i), sum[0]);
  }
  return _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(sum[0], sum[1]), _mm512_add_ps(sum[2], sum[3])));
}

/* `high` rows of x in half the bytes: they share the first cache, and the ways into it, with the weights. The sums of a row are the same in any company. */
INLINE void dots_halves(const struct product *p, int32_t n, int32_t m, const int type, const int high, const int far) {
  const uint8_t *w = p->w + n * p->w_row;
  const uint8_t *x[HIGH];
  __m512 sum[HIGH][4];
  for (int r = 0; r < high; r++) {
    x[r] = p->act + (m + r) * p->act_row;
    for (int j = 0; j < 4; j++) {
      sum[r][j] = _mm512_setzero_ps();
    }
  }
  int64_t i = 0;
  for (; i + 64 <= p->k; i += 64) {
    if (far) {
      ahead_far(w + 2 * i, 128);
    } else {
      ahead(w + 2 * i, 128);
    }
    for (int j = 0; j < 4; j++) {
      __m512 a = floats(w, i + 16 * j, type);
      for (int r = 0; r < high; r++) {
        sum[r][j] = _mm512_fmadd_ps(a, f16x16(load32(x[r] + 2 * (i + 16 * j))), sum[r][j]);
      }
    }
  }
  for (; i < p->k; i += 16) {
    __m512 a = last_floats(w, i, lanes(p->k - i), type);
    for (int r = 0; r < high; r++) {
      sum[r][0] = _mm512_fmadd_ps(a, f16x16(load32(x[r] + 2 * i)), sum[r][0]);
    }
  }
  for (int r = 0; r < high; r++) {
    float v = _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(sum[r][0], sum[r][1]), _mm512_add_ps(sum[r][2], sum[r][3])));
    *y_at(p, m + r, n) = factor_of_halves(x[r], p->k) * v;
  }
}

INLINE void put(const struct product *p, int32_t n, float v) { memcpy(p->y + 4 * (int64_t)n, &v, 4); }

INLINE void gemv_floats(const struct product *p, const int type, const int asks) {
  for (int32_t n = p->n0; n < p->n1; n++) {
    put(p, n, dot_floats(p->w + n * p->w_row, p->act, p->k, type, asks));
  }
}

#define GEMV_FLOATS(name, type)                              \
  void gatun_gemv_##name##_avx512(const struct product *p) { \
    if (p->asks) {                                           \
      gemv_floats(p, type, 1);                               \
    } else {                                                 \
      gemv_floats(p, type, 0);                               \
    }                                                        \
  }

INLINE void gemv_halves(const struct product *p, const int type, const int far) {
  for (int32_t n = p->n0; n < p->n1; n++) {
    int32_t m = 0;
    for (; m + HIGH <= p->rows; m += HIGH) {
      dots_halves(p, n, m, type, HIGH, far);
    }
    for (; m < p->rows; m++) {
      dots_halves(p, n, m, type, 1, far);
    }
  }
}

/* Where x leaves no room for them in the first cache, weights are asked for in the second. */
#define GEMV_HALVES(name, type)                                      \
  void gatun_gemv_##name##_by_half_avx512(const struct product *p) { \
    if (p->k > 4096) {                                               \
      gemv_halves(p, type, 1);                                       \
    } else {                                                         \
      gemv_halves(p, type, 0);                                       \
    }                                                                \
  }

#define GEMV(name, dot)                                                    \
  void gatun_gemv_##name##_avx512(const struct product *p) {               \
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
GEMV(q4_k, dot_q4_k(w, &x, p->k))
GEMV(q5_k, dot_q5_k(w, &x, p->k))
GEMV(q6_k, dot_q6_k(w, &x, p->k))
