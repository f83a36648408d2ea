/*
 * Two or more rows of x with block-quantized weights, in integers. 32 weight rows are unpacked to signed bytes so that a lane of 32 bits holds four
 * elements of one row, up to 1024 elements at a time, beside each group's scale; then all rows of x pass by, six at once, as unsigned bytes (128 more than
 * the code), against a start of the sums that takes off 128 times the sum of the weights. No sum crosses lanes.
 */
#include "avx512.h"

enum { WIDE = 32, DEPTH = 1024, HIGH = 6, MOST_GROUPS = DEPTH / 16, ROWS = 16 };

/* Which sums of x minima meet: those of groups of 32, or of 16. */
enum { PER_GROUP = 1, PER_HALF = 2 };

struct panel {
  int8_t codes[DEPTH / 4][2][64] __attribute__((aligned(64)));
  float scales[MOST_GROUPS][2][16] __attribute__((aligned(64)));
  int32_t starts[MOST_GROUPS][2][16] __attribute__((aligned(64)));
  float minima[MOST_GROUPS][2][16] __attribute__((aligned(64)));
};

/* What sixteen weight rows are packed to, from an element on: a half of the panel. */
struct half {
  const uint8_t *rows[16];
  struct panel *panel;
  int which;
  /* Where the next panel's weights lie, and how many of their bytes to ask for with each group. */
  const uint8_t *next;
  int64_t step;
};

typedef __m512i ints;
typedef __m512 floats;

INLINE ints and_(ints a, ints b) { return _mm512_and_si512(a, b); }
INLINE ints or_(ints a, ints b) { return _mm512_or_si512(a, b); }
INLINE ints right16(ints a, unsigned n) { return _mm512_srli_epi16(a, n); }
INLINE ints right32(ints a, unsigned n) { return _mm512_srli_epi32(a, n); }
INLINE ints signed_right32(ints a, unsigned n) { return _mm512_srai_epi32(a, n); }
INLINE ints left32(ints a, unsigned n) { return _mm512_slli_epi32(a, n); }
INLINE ints minus8(ints a, ints b) { return _mm512_sub_epi8(a, b); }
INLINE ints bytes_of(int v) { return _mm512_set1_epi8((char)v); }
INLINE ints words_of(int v) { return _mm512_set1_epi32(v); }
INLINE floats times(floats a, floats b) { return _mm512_mul_ps(a, b); }
INLINE floats minus(floats a, floats b) { return _mm512_sub_ps(a, b); }
INLINE floats no_floats(void) { return _mm512_setzero_ps(); }
INLINE floats as_floats(ints v) { return _mm512_cvtepi32_ps(v); }
INLINE ints plus32(ints a, ints b) { return _mm512_add_epi32(a, b); }
INLINE floats loaded(const float *p) { return _mm512_loadu_ps(p); }
INLINE ints looked_up(const int8_t *table, ints codes) {
  return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)table)), codes);
}

/* Sixteen bytes of each of sixteen rows as four vectors, of which lane r holds four bytes of row r. */
INLINE void turn(const struct half *h, int64_t at, ints z[4]) {
  __m512i a[4];
  for (int i = 0; i < 4; i++) {
    __m512i v = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(h->rows[i] + at)));
    v = _mm512_inserti32x4(v, _mm_loadu_si128((const __m128i *)(h->rows[4 + i] + at)), 1);
    v = _mm512_inserti32x4(v, _mm_loadu_si128((const __m128i *)(h->rows[8 + i] + at)), 2);
    a[i] = _mm512_inserti32x4(v, _mm_loadu_si128((const __m128i *)(h->rows[12 + i] + at)), 3);
  }
  __m512i t0 = _mm512_unpacklo_epi32(a[0], a[1]);
  __m512i t1 = _mm512_unpackhi_epi32(a[0], a[1]);
  __m512i t2 = _mm512_unpacklo_epi32(a[2], a[3]);
  __m512i t3 = _mm512_unpackhi_epi32(a[2], a[3]);
  z[0] = _mm512_unpacklo_epi64(t0, t2);
  z[1] = _mm512_unpackhi_epi64(t0, t2);
  z[2] = _mm512_unpacklo_epi64(t1, t3);
  z[3] = _mm512_unpackhi_epi64(t1, t3);
}

INLINE ints halves_at(const struct half *h, int64_t at) {
  uint16_t v[16];
  for (int i = 0; i < 16; i++) {
    v[i] = u16_at(h->rows[i] + at);
  }
  return _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)v));
}

INLINE ints words_at(const struct half *h, int64_t at) {
  uint32_t v[16];
  for (int i = 0; i < 16; i++) {
    v[i] = u32_at(h->rows[i] + at);
  }
  return _mm512_loadu_si512(v);
}

/* The low halves of lanes as F16. */
INLINE floats to_floats(ints v) { return _mm512_cvtph_ps(_mm512_cvtepi32_epi16(v)); }

INLINE void put_codes(const struct half *h, int64_t quad, __m512i codes) { _mm512_store_si512(h->panel->codes[quad][h->which], codes); }

/* Scales of a group of `quads` vectors of codes that have been put from `quad` on, and the start of its sums. */
INLINE void put_scales(const struct half *h, int64_t group, int64_t quad, int quads, __m512 scales) {
  __m512i sum = _mm512_setzero_si512();
  for (int i = 0; i < quads; i++) {
    sum = _mm512_dpbusd_epi32(sum, _mm512_set1_epi8((char)128), _mm512_load_si512(h->panel->codes[quad + i][h->which]));
  }
  _mm512_store_ps(h->panel->scales[group][h->which], scales);
  for (int64_t i = 0; i < h->step; i += 64) {
    _mm_prefetch((const char *)h->next + group * h->step + i, _MM_HINT_T1);
  }
  _mm512_store_si512(h->panel->starts[group][h->which], _mm512_sub_epi32(_mm512_setzero_si512(), sum));
}

INLINE void put_minima(const struct half *h, int64_t group, __m512 minima) { _mm512_store_ps(h->panel->minima[group][h->which], minima); }

/* Bits 0 to 3 of lanes, from `from` on, to bit 4 of their four bytes. */
INLINE ints fifth_bits(ints bits, int from) {
  const ints spread = _mm512_setr_epi32(0, 0x10, 0x1000, 0x1010, 0x100000, 0x100010, 0x101000, 0x101010, 0x10000000, 0x10000010, 0x10001000, 0x10001010,
      0x10100000, 0x10100010, 0x10101000, 0x10101010);
  return _mm512_permutexvar_epi32(right32(bits, (unsigned)from), spread);
}

#include "pack.h"
#include "pack_low.h"

INLINE void tile(const struct product *p, int64_t m, int64_t n, int64_t k0, int64_t depth, const struct panel *panel, const int high, const int group,
    const int minimum) {
  __m512 sum[HIGH][2];
  const uint8_t *x[HIGH];
  const float *scales[HIGH];
  const float *sums[HIGH];
  __mmask16 first = lanes(p->n1 - n);
  __mmask16 second = lanes(p->n1 - n - 16);
  for (int r = 0; r < high; r++) {
    struct row8 row = row8_at(p->act + (m + r) * p->act_row, p->k);
    x[r] = (const uint8_t *)row.codes + k0;
    scales[r] = row.scales + k0 / GROUP;
    sums[r] = minimum == PER_HALF ? row.half_sums + k0 / 16 : row.scaled_sums + k0 / GROUP;
    sum[r][0] = k0 == 0 ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(first, y_at(p, m + r, n));
    sum[r][1] = k0 == 0 ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(second, y_at(p, m + r, n + 16));
  }
  for (int64_t g = 0; g < depth / group; g++) {
    __m512i dot[HIGH][2];
    for (int r = 0; r < high; r++) {
      dot[r][0] = _mm512_load_si512(panel->starts[g][0]);
      dot[r][1] = _mm512_load_si512(panel->starts[g][1]);
    }
    for (int j = 0; j < group / 4; j++) {
      int64_t quad = group / 4 * g + j;
      __m512i w0 = _mm512_load_si512(panel->codes[quad][0]);
      __m512i w1 = _mm512_load_si512(panel->codes[quad][1]);
      for (int r = 0; r < high; r++) {
        __m512i v = _mm512_set1_epi32(i32_at(x[r] + 4 * quad));
        dot[r][0] = _mm512_dpbusd_epi32(dot[r][0], v, w0);
        dot[r][1] = _mm512_dpbusd_epi32(dot[r][1], v, w1);
      }
    }
    __m512 s0 = _mm512_load_ps(panel->scales[g][0]);
    __m512 s1 = _mm512_load_ps(panel->scales[g][1]);
    int64_t of_x = group * g / GROUP;
    for (int r = 0; r < high; r++) {
      __m512 v = _mm512_set1_ps(scales[r][of_x]);
      sum[r][0] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot[r][0]), _mm512_mul_ps(s0, v), sum[r][0]);
      sum[r][1] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot[r][1]), _mm512_mul_ps(s1, v), sum[r][1]);
      if (minimum) {
        __m512 u = _mm512_set1_ps(minimum == PER_HALF ? scales[r][of_x] * sums[r][g] : sums[r][of_x]);
        sum[r][0] = _mm512_fmadd_ps(_mm512_load_ps(panel->minima[g][0]), u, sum[r][0]);
        sum[r][1] = _mm512_fmadd_ps(_mm512_load_ps(panel->minima[g][1]), u, sum[r][1]);
      }
    }
  }
  for (int r = 0; r < high; r++) {
    _mm512_mask_storeu_ps(y_at(p, m + r, n), first, sum[r][0]);
    _mm512_mask_storeu_ps(y_at(p, m + r, n + 16), second, sum[r][1]);
  }
}

#define TILE(high, group, minimum)                                 \
  case high:                                                       \
    tile(p, m, n, k0, depth, panel, high, group, minimum);         \
    return high;

/* Six rows of x, or those that are left; how many. */
#define TILES(name, group, minimum)                                                                                                              \
  static int tiles_##name(const struct product *p, int64_t m, int64_t n, int64_t k0, int64_t depth, const struct panel *panel) {                 \
    switch (p->rows - m) {                                                                                                                       \
      TILE(1, group, minimum) TILE(2, group, minimum) TILE(3, group, minimum) TILE(4, group, minimum) TILE(5, group, minimum)                     \
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
      for (int which = 0; which < 2; which++) {
        struct half h = {.panel = &panel, .which = which};
        h.step = n + WIDE < p->n1 ? WIDE / 2 * p->w_row * group / p->k : 0;
        h.next = p->w + (n + WIDE) * p->w_row + (WIDE * p->w_row * k0 + WIDE / 2 * p->w_row * which * depth) / p->k;
        for (int i = 0; i < 16; i++) {
          int64_t row = n + 16 * which + i;
          h.rows[i] = p->w + (row < p->n1 ? row : p->n1 - 1) * p->w_row;
        }
        pack(&h, k0, depth);
      }
      for (int64_t m = 0; m < p->rows;) {
        m += tiles(p, m, n, k0, depth, &panel);
      }
    }
  }
}

#define GEMM(name, packing, tiles, group)                                                                              \
  static void pack_of_##name(const struct half *h, int64_t k0, int64_t depth) { packing; }                      \
  void gatun_gemm_##name##_avx512(const struct product *p) { gemm(p, pack_of_##name, tiles, group); }

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
