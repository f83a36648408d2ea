/*
 * One row of x with weights of two to four bits, a group of 32 at a time in vectors of 32 bytes, at every level. The file that includes this defines `ints`
 * and `floats`, `sum8`, `dot_unsigned` for codes from 0 on and `signed_dot`. Nothing behind the weight is read.
 */
INLINE ints load32(const void *p) { return _mm256_loadu_si256((const ints *)p); }

INLINE ints nibbles(const uint8_t *p) {
  __m128i v = _mm_loadu_si128((const __m128i *)p);
  return _mm256_and_si256(_mm256_inserti128_si256(_mm256_castsi128_si256(v), _mm_srli_epi16(v, 4), 1), _mm256_set1_epi8(15));
}

INLINE ints table_of(const int8_t *values) { return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)values)); }

INLINE floats all_of(floats p, int i) { return _mm256_permutevar8x32_ps(p, _mm256_set1_epi32(i)); }

INLINE floats add(ints dot, floats p, floats sum) { return _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot), p, sum); }

INLINE float dot_tabled(const uint8_t *w, const struct row8 *x, int64_t k, const int powers) {
  const int bytes = powers ? 17 : 18;
  const ints table = table_of(powers ? E2M1_VALUES : IQ4_VALUES);
  floats sum[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
  for (int64_t b = 0; b < k / GROUP; b++, w += bytes) {
    ahead_far(w, bytes);
    float d = powers ? half_power(w[0]) : f16_at(w);
    ints codes = _mm256_shuffle_epi8(table, nibbles(w + bytes - 16));
    sum[b & 1] = add(signed_dot(codes, load32(x->codes + GROUP * b)), _mm256_set1_ps(d * x->scales[b]), sum[b & 1]);
  }
  return sum8(_mm256_add_ps(sum[0], sum[1]));
}

INLINE float dot_iq4_xs(const uint8_t *w, const struct row8 *x, int64_t k) {
  const ints table = table_of(IQ4_VALUES);
  const ints fours = _mm256_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28);
  const ints twos = _mm256_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14);
  floats sum[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
  for (int64_t b = 0; b < k / 256; b++, w += 136) {
    ahead_far(w, 136);
    ints low = _mm256_and_si256(_mm256_srlv_epi32(_mm256_set1_epi32((int)u32_at(w + 4)), fours), _mm256_set1_epi32(15));
    ints high = _mm256_and_si256(_mm256_srlv_epi32(_mm256_set1_epi32(u16_at(w + 2)), twos), _mm256_set1_epi32(3));
    ints scales = _mm256_sub_epi32(_mm256_or_si256(low, _mm256_slli_epi32(high, 4)), _mm256_set1_epi32(32));
    floats p = _mm256_mul_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(scales), _mm256_set1_ps(f16_at(w))), _mm256_loadu_ps(x->scales + 8 * b));
    for (int g = 0; g < 8; g++) {
      ints codes = _mm256_shuffle_epi8(table, nibbles(w + 8 + 16 * g));
      sum[g & 1] = add(signed_dot(codes, load32(x->codes + 256 * b + GROUP * g)), all_of(p, g), sum[g & 1]);
    }
  }
  return sum8(_mm256_add_ps(sum[0], sum[1]));
}

INLINE float dot_tq2_0(const uint8_t *w, const struct row8 *x, int64_t k) {
  floats sum[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
  floats least = _mm256_setzero_ps();
  for (int64_t b = 0; b < k / 256; b++, w += 66) {
    ahead_far(w, 66);
    floats p = _mm256_mul_ps(_mm256_set1_ps(f16_at(w + 64)), _mm256_loadu_ps(x->scales + 8 * b));
    least = _mm256_fmadd_ps(p, _mm256_loadu_ps(x->sums + 8 * b), least);
    for (int g = 0; g < 8; g++) {
      ints codes = _mm256_and_si256(_mm256_srli_epi16(load32(w + 32 * (g / 4)), 2 * (g % 4)), _mm256_set1_epi8(3));
      sum[g & 1] = add(dot_unsigned(codes, load32(x->codes + 256 * b + GROUP * g)), all_of(p, g), sum[g & 1]);
    }
  }
  return sum8(_mm256_add_ps(sum[0], sum[1])) - sum8(least);
}

/* The first digit to base 3 of bytes, as fractions of 256: how many of 1/3 and 2/3 they reach. */
INLINE ints digit_of(ints q) {
  ints one = _mm256_cmpeq_epi8(_mm256_max_epu8(q, _mm256_set1_epi8(86)), q);
  ints two = _mm256_cmpeq_epi8(_mm256_max_epu8(q, _mm256_set1_epi8((char)171)), q);
  return _mm256_sub_epi8(_mm256_sub_epi8(_mm256_setzero_si256(), one), two);
}

INLINE ints times3(ints q) { return _mm256_add_epi8(q, _mm256_add_epi8(q, q)); }
INLINE __m128i times3_of16(__m128i q) { return _mm_add_epi8(q, _mm_add_epi8(q, q)); }
INLINE ints pair16(__m128i low, __m128i high) { return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1); }

INLINE float dot_tq1_0(const uint8_t *w, const struct row8 *x, int64_t k) {
  floats sum[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
  floats least = _mm256_setzero_ps();
  for (int64_t b = 0; b < k / 256; b++, w += 54) {
    ahead_far(w, 54);
    const int8_t *at = x->codes + 256 * b;
    floats p = _mm256_mul_ps(_mm256_set1_ps(f16_at(w + 52)), _mm256_loadu_ps(x->scales + 8 * b));
    least = _mm256_fmadd_ps(p, _mm256_loadu_ps(x->sums + 8 * b), least);
    ints q = load32(w);
    for (int g = 0; g < 5; g++) {
      sum[g & 1] = add(dot_unsigned(digit_of(q), load32(at + GROUP * g)), all_of(p, g), sum[g & 1]);
      q = times3(q);
    }
    __m128i r = _mm_loadu_si128((const __m128i *)(w + 32));
    for (int g = 5; g < 7; g++) {
      __m128i next = times3_of16(r);
      sum[g & 1] = add(dot_unsigned(digit_of(pair16(r, next)), load32(at + GROUP * g)), all_of(p, g), sum[g & 1]);
      r = times3_of16(next);
    }
    __m128i last = _mm_cvtsi32_si128((int)u32_at(w + 48));
    __m128i last1 = times3_of16(last);
    __m128i last2 = times3_of16(last1);
    __m128i rest = _mm_unpacklo_epi64(_mm_unpacklo_epi32(last, last1), _mm_unpacklo_epi32(last2, times3_of16(last2)));
    sum[1] = add(dot_unsigned(digit_of(pair16(r, rest)), load32(at + GROUP * 7)), all_of(p, 7), sum[1]);
  }
  return sum8(_mm256_add_ps(sum[0], sum[1])) - sum8(least);
}

/* Eight bytes of small numbers. */
INLINE floats eight_of(uint64_t bytes) { return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_cvtsi64_si128((int64_t)bytes))); }

/* The scales of four groups of x, each twice. */
INLINE floats twice_each(const float *scales) {
  return _mm256_permutevar8x32_ps(_mm256_castps128_ps256(_mm_loadu_ps(scales)), _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3));
}

INLINE ints halves_of(int j) { return _mm256_setr_epi32(2 * j, 2 * j, 2 * j, 2 * j, 2 * j + 1, 2 * j + 1, 2 * j + 1, 2 * j + 1); }

INLINE float dot_q2_k(const uint8_t *w, const struct row8 *x, int64_t k) {
  const uint64_t low4 = 0x0f0f0f0f0f0f0f0f;
  floats sum[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
  floats least = _mm256_setzero_ps();
  for (int64_t b = 0; b < k / 256; b++, w += 84) {
    ahead_far(w, 84);
    floats d = _mm256_set1_ps(f16_at(w + 80));
    floats dmin = _mm256_set1_ps(f16_at(w + 82));
    for (int i = 0; i < 2; i++) {
      int64_t group = 8 * b + 4 * i;
      uint64_t both;
      memcpy(&both, w + 8 * i, 8);
      floats of_x = twice_each(x->scales + group);
      floats p = _mm256_mul_ps(_mm256_mul_ps(eight_of(both & low4), d), of_x);
      floats m = _mm256_mul_ps(_mm256_mul_ps(eight_of(both >> 4 & low4), dmin), of_x);
      least = _mm256_fmadd_ps(m, _mm256_loadu_ps(x->half_sums + 2 * group), least);
      ints pairs = load32(w + 16 + 32 * i);
      for (int j = 0; j < 4; j++) {
        ints codes = _mm256_and_si256(_mm256_srli_epi16(pairs, 2 * j), _mm256_set1_epi8(3));
        ints dot = dot_unsigned(codes, load32(x->codes + GROUP * (group + j)));
        sum[j & 1] = add(dot, _mm256_permutevar8x32_ps(p, halves_of(j)), sum[j & 1]);
      }
    }
  }
  return sum8(_mm256_add_ps(sum[0], sum[1])) - sum8(least);
}

INLINE float dot_q3_k(const uint8_t *w, const struct row8 *x, int64_t k) {
  floats sum[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
  floats least = _mm256_setzero_ps();
  for (int64_t b = 0; b < k / 256; b++, w += 110) {
    ahead_far(w, 110);
    floats d = _mm256_set1_ps(f16_at(w + 108));
    ints third = load32(w);
    uint64_t low;
    memcpy(&low, w + 96, 8);
    uint64_t upper = u32_at(w + 104);
    for (int i = 0; i < 2; i++) {
      int64_t group = 8 * b + 4 * i;
      uint64_t high = (upper >> 4 * i & 0x03030303) | (upper >> (4 * i + 2) & 0x03030303) << 32;
      floats scales = eight_of((low >> 4 * i & 0x0f0f0f0f0f0f0f0f) | high << 4);
      floats p = _mm256_mul_ps(_mm256_mul_ps(_mm256_sub_ps(scales, _mm256_set1_ps(32)), d), twice_each(x->scales + group));
      least = _mm256_fmadd_ps(p, _mm256_loadu_ps(x->half_sums + 2 * group), least);
      ints pairs = load32(w + 32 + 32 * i);
      for (int j = 0; j < 4; j++) {
        ints bit = _mm256_and_si256(_mm256_srli_epi16(third, 4 * i + j), _mm256_set1_epi8(1));
        ints codes = _mm256_or_si256(_mm256_and_si256(_mm256_srli_epi16(pairs, 2 * j), _mm256_set1_epi8(3)), _mm256_slli_epi16(bit, 2));
        ints dot = dot_unsigned(codes, load32(x->codes + GROUP * (group + j)));
        sum[j & 1] = add(dot, _mm256_permutevar8x32_ps(p, halves_of(j)), sum[j & 1]);
      }
    }
  }
  return sum8(_mm256_add_ps(sum[0], sum[1])) - 4 * sum8(least);
}

#define GEMV(name, dot)                                                    \
  void NAMED(gatun_gemv_##name)(const struct product *p) {                 \
    struct row8 x = row8_at(p->act, p->k);                                 \
    for (int32_t n = p->n0; n < p->n1; n++) {                              \
      const uint8_t *w = p->w + n * p->w_row;                              \
      float v = dot;                                                       \
      memcpy(p->y + 4 * (int64_t)n, &v, 4);                                \
    }                                                                      \
  }

GEMV(q2_k, dot_q2_k(w, &x, p->k))
GEMV(q3_k, dot_q3_k(w, &x, p->k))
GEMV(iq4_nl, dot_tabled(w, &x, p->k, 0))
GEMV(iq4_xs, dot_iq4_xs(w, &x, p->k))
GEMV(mxfp4, dot_tabled(w, &x, p->k, 1))
GEMV(tq1_0, dot_tq1_0(w, &x, p->k))
GEMV(tq2_0, dot_tq2_0(w, &x, p->k))
