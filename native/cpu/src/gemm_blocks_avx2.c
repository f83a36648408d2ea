/* Two or more rows of x with block-quantized weights, in integers: 8 weight rows, four rows of x, codes signed on both sides; see gemm_blocks_avx512.c. */
#include "avx2.h"

enum { WIDE = 8, DEPTH = 1024, HIGH = 4, MOST_GROUPS = DEPTH / 16, ROWS = 8 };

/* Which sums of x minima meet: those of groups of 32, or of 16. */
enum { PER_GROUP = 1, PER_HALF = 2 };

struct panel {
  int8_t codes[DEPTH / 4][32] __attribute__((aligned(64)));
  float scales[MOST_GROUPS][8] __attribute__((aligned(64)));
  float minima[MOST_GROUPS][8] __attribute__((aligned(64)));
};

struct half {
  const uint8_t *rows[8];
  struct panel *panel;
  const uint8_t *next;
  int64_t step;
};

INLINE ints and_(ints a, ints b) { return _mm256_and_si256(a, b); }
INLINE ints or_(ints a, ints b) { return _mm256_or_si256(a, b); }
INLINE ints right16(ints a, unsigned n) { return _mm256_srli_epi16(a, (int)n); }
INLINE ints right32(ints a, unsigned n) { return _mm256_srli_epi32(a, (int)n); }
INLINE ints signed_right32(ints a, unsigned n) { return _mm256_srai_epi32(a, (int)n); }
INLINE ints left32(ints a, unsigned n) { return _mm256_slli_epi32(a, (int)n); }
INLINE ints minus8(ints a, ints b) { return _mm256_sub_epi8(a, b); }
INLINE ints bytes_of(int v) { return _mm256_set1_epi8((char)v); }
INLINE ints words_of(int v) { return _mm256_set1_epi32(v); }
INLINE floats times(floats a, floats b) { return _mm256_mul_ps(a, b); }
INLINE floats minus(floats a, floats b) { return _mm256_sub_ps(a, b); }
INLINE floats no_floats(void) { return _mm256_setzero_ps(); }
INLINE floats as_floats(ints v) { return _mm256_cvtepi32_ps(v); }
INLINE ints plus32(ints a, ints b) { return _mm256_add_epi32(a, b); }
INLINE floats loaded(const float *p) { return _mm256_loadu_ps(p); }
INLINE ints looked_up(const int8_t *table, ints codes) {
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)table)), codes);
}

/* Sixteen bytes of each of eight rows as four vectors, of which lane r holds four bytes of row r. */
INLINE void turn(const struct half *h, int64_t at, ints z[4]) {
  ints a[4];
  for (int i = 0; i < 4; i++) {
    ints v = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(h->rows[i] + at)));
    a[i] = _mm256_inserti128_si256(v, _mm_loadu_si128((const __m128i *)(h->rows[4 + i] + at)), 1);
  }
  ints t0 = _mm256_unpacklo_epi32(a[0], a[1]);
  ints t1 = _mm256_unpackhi_epi32(a[0], a[1]);
  ints t2 = _mm256_unpacklo_epi32(a[2], a[3]);
  ints t3 = _mm256_unpackhi_epi32(a[2], a[3]);
  z[0] = _mm256_unpacklo_epi64(t0, t2);
  z[1] = _mm256_unpackhi_epi64(t0, t2);
  z[2] = _mm256_unpacklo_epi64(t1, t3);
  z[3] = _mm256_unpackhi_epi64(t1, t3);
}

INLINE ints halves_at(const struct half *h, int64_t at) {
  uint16_t v[8];
  for (int i = 0; i < 8; i++) {
    v[i] = u16_at(h->rows[i] + at);
  }
  return _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)v));
}

INLINE ints words_at(const struct half *h, int64_t at) {
  uint32_t v[8];
  for (int i = 0; i < 8; i++) {
    v[i] = u32_at(h->rows[i] + at);
  }
  return _mm256_loadu_si256((const ints *)v);
}

/* The low halves of lanes as F16. */
INLINE floats to_floats(ints v) {
  ints packed = _mm256_packus_epi32(and_(v, words_of(0xffff)), _mm256_setzero_si256());
  return _mm256_cvtph_ps(_mm256_castsi256_si128(_mm256_permute4x64_epi64(packed, 0x08)));
}

INLINE void put_codes(const struct half *h, int64_t quad, ints codes) { _mm256_store_si256((ints *)h->panel->codes[quad], codes); }

INLINE void put_scales(const struct half *h, int64_t group, int64_t quad, int quads, floats scales) {
  (void)quad;
  (void)quads;
  _mm256_store_ps(h->panel->scales[group], scales);
  for (int64_t i = 0; i < h->step; i += 64) {
    _mm_prefetch((const char *)h->next + group * h->step + i, _MM_HINT_T1);
  }
}

INLINE void put_minima(const struct half *h, int64_t group, floats minima) { _mm256_store_ps(h->panel->minima[group], minima); }

/* Bits 0 to 3 of lanes, from `from` on, to bit 4 of their four bytes. */
INLINE ints fifth_bits(ints bits, int from) {
  const ints bit = _mm256_set1_epi32(0x08040201);
  const ints first = _mm256_set1_epi32(0x01010101);
  ints low = _mm256_mullo_epi32(and_(right32(bits, (unsigned)from), words_of(15)), first);
  return and_(_mm256_cmpeq_epi8(and_(low, bit), bit), bytes_of(16));
}

#include "pack.h"
#include "pack_low.h"

INLINE void tile(const struct product *p, int64_t m, int64_t n, int64_t k0, int64_t depth, const struct panel *panel, const int high, const int group,
    const int minimum) {
  floats sum[HIGH];
  const int8_t *x[HIGH];
  const float *scales[HIGH];
  const float *sums[HIGH];
  ints there = lanes(of8(p->n1 - n));
  for (int r = 0; r < high; r++) {
    struct row8 row = row8_at(p->act + (m + r) * p->act_row, p->k);
    x[r] = row.codes + k0;
    scales[r] = row.scales + k0 / GROUP;
    sums[r] = minimum == PER_HALF ? row.half_sums + k0 / 16 : row.scaled_sums + k0 / GROUP;
    sum[r] = k0 == 0 ? _mm256_setzero_ps() : _mm256_maskload_ps(y_at(p, m + r, n), there);
  }
  for (int64_t g = 0; g < depth / group; g++) {
    ints dot[HIGH];
    for (int r = 0; r < high; r++) {
      dot[r] = _mm256_setzero_si256();
    }
    for (int j = 0; j < group / 4; j++) {
      int64_t quad = group / 4 * g + j;
      ints w = _mm256_load_si256((const ints *)panel->codes[quad]);
      ints magnitude = _mm256_abs_epi8(w);
      for (int r = 0; r < high; r++) {
        ints v = _mm256_set1_epi32(i32_at(x[r] + 4 * quad));
        dot[r] = _mm256_add_epi32(dot[r], dot_signed(w, magnitude, v));
      }
    }
    floats s = _mm256_load_ps(panel->scales[g]);
    int64_t of_x = group * g / GROUP;
    for (int r = 0; r < high; r++) {
      sum[r] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot[r]), _mm256_mul_ps(s, _mm256_set1_ps(scales[r][of_x])), sum[r]);
      if (minimum) {
        sum[r] = _mm256_fmadd_ps(_mm256_load_ps(panel->minima[g]), _mm256_set1_ps(minimum == PER_HALF ? scales[r][of_x] * sums[r][g] : sums[r][of_x]), sum[r]);
      }
    }
  }
  for (int r = 0; r < high; r++) {
    _mm256_maskstore_ps(y_at(p, m + r, n), there, sum[r]);
  }
}

#define TILE(high, group, minimum)                                 \
  case high:                                                       \
    tile(p, m, n, k0, depth, panel, high, group, minimum);         \
    return high;

/* Four rows of x, or those that are left; how many. */
#define TILES(name, group, minimum)                                                                                                              \
  static int tiles_##name(const struct product *p, int64_t m, int64_t n, int64_t k0, int64_t depth, const struct panel *panel) {                 \
    switch (p->rows - m) {                                                                                                                       \
      TILE(1, group, minimum) TILE(2, group, minimum) TILE(3, group, minimum)                                                                     \
    }                                                                                                                                            \
    tile(p, m, n, k0, depth, panel, HIGH, group, minimum);                                                                                       \
    return HIGH;                                                                                                                                 \
  }

TILES(plain, 32, 0)
TILES(minimum, 32, PER_GROUP)
TILES(small, 16, 0)
TILES(small_minimum, 16, PER_HALF)

typedef int (*tiles_fn)(const struct product *, int64_t, int64_t, int64_t, int64_t, const struct panel *);
typedef void (*pack_fn)(const struct half *, int64_t, int64_t);

static void gemm(const struct product *p, pack_fn pack, tiles_fn tiles, int64_t group) {
  struct panel panel;
  for (int64_t n = p->n0; n < p->n1; n += WIDE) {
    for (int64_t k0 = 0; k0 < p->k; k0 += DEPTH) {
      int64_t depth = p->k - k0 < DEPTH ? p->k - k0 : DEPTH;
      struct half h = {.panel = &panel};
      h.step = n + WIDE < p->n1 ? WIDE * p->w_row * group / p->k : 0;
      h.next = p->w + (n + WIDE) * p->w_row + WIDE * p->w_row * k0 / p->k;
      for (int i = 0; i < WIDE; i++) {
        h.rows[i] = p->w + (n + i < p->n1 ? n + i : p->n1 - 1) * p->w_row;
      }
      pack(&h, k0, depth);
      for (int64_t m = 0; m < p->rows;) {
        m += tiles(p, m, n, k0, depth, &panel);
      }
    }
  }
}

#define GEMM(name, packing, tiles, group)                                                                              \
  static void pack_of_##name(const struct half *h, int64_t k0, int64_t depth) { packing; }                      \
  void gatun_gemm_##name##_avx2(const struct product *p) { gemm(p, pack_of_##name, tiles, group); }

GEMM(q8_0, pack_q8_0(h, k0, depth), tiles_plain, 32)
GEMM(q4_0, pack_nibbles(h, k0, depth, 0, 0), tiles_plain, 32)
GEMM(q4_1, pack_nibbles(h, k0, depth, 1, 0), tiles_minimum, 32)
GEMM(q5_0, pack_nibbles(h, k0, depth, 0, 1), tiles_plain, 32)
GEMM(q5_1, pack_nibbles(h, k0, depth, 1, 1), tiles_minimum, 32)
GEMM(q4_k, pack_k(h, k0, depth, 0), tiles_minimum, 32)
GEMM(q5_k, pack_k(h, k0, depth, 1), tiles_minimum, 32)
GEMM(q6_k, pack_q6_k(h, k0, depth), tiles_small, 16)
GEMM(q2_k, pack_q2_k(h, k0, depth), tiles_small_minimum, 16)
GEMM(q3_k, pack_q3_k(h, k0, depth), tiles_small, 16)
GEMM(iq4_nl, pack_tabled(h, k0, depth, 0), tiles_plain, 32)
GEMM(iq4_xs, pack_iq4_xs(h, k0, depth), tiles_plain, 32)
GEMM(mxfp4, pack_tabled(h, k0, depth, 1), tiles_plain, 32)
GEMM(tq1_0, pack_tq1_0(h, k0, depth), tiles_plain, 32)
GEMM(tq2_0, pack_tq2_0(h, k0, depth), tiles_plain, 32)
