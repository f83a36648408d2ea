/*
 * BF16 by BF16, for activations that are rounded to it: 32 weight rows are turned round in pairs of elements, 512 elements at a time, while all rows of x
 * pass by, eight at once. See gemm_floats_avx512.c.
 */
#include "turn_avx512.h"

enum { WIDE = 32, DEPTH = 512, PAIRS = DEPTH / 2, HIGH = 8 };

INLINE __mmask32 elements(int64_t n) { return n >= 32 ? 0xffffffffu : n <= 0 ? 0 : (1u << n) - 1; }

/* To nearest, ties to even; NaN stays NaN. */
void gatun_round_bf16_avx512(const float *x, int64_t k, int32_t rows, void *to) {
  (void)rows;
  uint8_t *out = to;
  for (int64_t i = 0; i < section(2 * k) / 2; i += 16) {
    __m512 v = _mm512_maskz_loadu_ps(lanes(k - i), x + i);
    __m256bh rounded = _mm512_cvtneps_pbh(v);
    memcpy(out + 2 * i, &rounded, sizeof rounded);
  }
}

INLINE __m512bh pairs_of(__m512i v) {
  __m512bh pairs;
  memcpy(&pairs, &v, sizeof pairs);
  return pairs;
}

/* Elements [k0, k0 + depth) of rows [n, n + 32), of which the last stands for those that are not there; next rows are asked for on the way. */
static void pack(const struct product *p, int64_t n, int64_t k0, int64_t depth, uint32_t *panel) {
  const int64_t next = n + WIDE;
  for (int half = 0; half < 2; half++) {
    for (int64_t i = 0; i < depth; i += 32) {
      for (int64_t b = 0; next < p->n1 && b < 1024; b += 64) {
        _mm_prefetch((const char *)(p->w + next * p->w_row + 64 * k0 + 32 * half * depth + 32 * i + b), _MM_HINT_T1);
      }
      __mmask32 mask = elements(depth - i);
      __m512 r[16];
      for (int j = 0; j < 16; j++) {
        int64_t row = n + 16 * half + j;
        r[j] = _mm512_castsi512_ps(_mm512_maskz_loadu_epi16(mask, p->w + (row < p->n1 ? row : p->n1 - 1) * p->w_row + 2 * (k0 + i)));
      }
      turn(r);
      for (int j = 0; j < 16; j++) {
        _mm512_storeu_ps(panel + WIDE * (i / 2 + j) + 16 * half, r[j]);
      }
    }
  }
}

INLINE void tile(const struct product *p, int64_t m, int64_t n, int64_t k0, int64_t depth, const uint32_t *panel, const int high) {
  __m512 sum[HIGH][2];
  const uint8_t *x[HIGH];
  __mmask16 first = lanes(p->n1 - n);
  __mmask16 second = lanes(p->n1 - n - 16);
  for (int r = 0; r < high; r++) {
    x[r] = p->act + (m + r) * p->act_row + 2 * k0;
    sum[r][0] = k0 == 0 ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(first, y_at(p, m + r, n));
    sum[r][1] = k0 == 0 ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(second, y_at(p, m + r, n + 16));
  }
  for (int64_t k = 0; k < (depth + 1) / 2; k++) {
    __m512bh w0 = pairs_of(_mm512_loadu_si512(panel + WIDE * k));
    __m512bh w1 = pairs_of(_mm512_loadu_si512(panel + WIDE * k + 16));
    for (int r = 0; r < high; r++) {
      __m512bh v = pairs_of(_mm512_set1_epi32(i32_at(x[r] + 4 * k)));
      sum[r][0] = _mm512_dpbf16_ps(sum[r][0], v, w0);
      sum[r][1] = _mm512_dpbf16_ps(sum[r][1], v, w1);
    }
  }
  for (int r = 0; r < high; r++) {
    _mm512_mask_storeu_ps(y_at(p, m + r, n), first, sum[r][0]);
    _mm512_mask_storeu_ps(y_at(p, m + r, n + 16), second, sum[r][1]);
  }
}

#define TILE(high) \
  case high:       \
    tile(p, m, n, k0, depth, panel, high); \
    break;

static void rest(const struct product *p, int64_t m, int64_t n, int64_t k0, int64_t depth, const uint32_t *panel) {
  switch (p->rows - m) {
    TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6) TILE(7)
  }
}

void gatun_gemm_bf16_by_bf16_avx512(const struct product *p) {
  uint32_t panel[WIDE * PAIRS] __attribute__((aligned(64)));
  for (int64_t n = p->n0; n < p->n1; n += WIDE) {
    for (int64_t k0 = 0; k0 < p->k; k0 += DEPTH) {
      int64_t depth = p->k - k0 < DEPTH ? p->k - k0 : DEPTH;
      pack(p, n, k0, depth, panel);
      int64_t m = 0;
      for (; m + HIGH <= p->rows; m += HIGH) {
        tile(p, m, n, k0, depth, panel, HIGH);
      }
      rest(p, m, n, k0, depth, panel);
    }
  }
}

/* Two sums, as a row's products wait for memory: four, or more of them a turn, ran slower (22 and 26 against 29 GB/s on Zen 4). */
INLINE float dot(const uint8_t *w, const uint8_t *x, int64_t k, const int asks) {
  __m512 sum[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
  int64_t i = 0;
  for (; i + 64 <= k; i += 64) {
    if (asks) {
      ahead(w + 2 * i, 128);
    }
    for (int j = 0; j < 2; j++) {
      int64_t at = 2 * (i + 32 * j);
      sum[j] = _mm512_dpbf16_ps(sum[j], pairs_of(_mm512_loadu_si512(x + at)), pairs_of(_mm512_loadu_si512(w + at)));
    }
  }
  for (; i < k; i += 32) {
    __m512i last = _mm512_maskz_loadu_epi16(elements(k - i), w + 2 * i);
    sum[0] = _mm512_dpbf16_ps(sum[0], pairs_of(_mm512_loadu_si512(x + 2 * i)), pairs_of(last));
  }
  return _mm512_reduce_add_ps(_mm512_add_ps(sum[0], sum[1]));
}

INLINE void gemv(const struct product *p, const int asks) {
  for (int32_t n = p->n0; n < p->n1; n++) {
    float v = dot(p->w + n * p->w_row, p->act, p->k, asks);
    memcpy(p->y + 4 * (int64_t)n, &v, 4);
  }
}

/*
 * Rows whose activations take half of the first cache push them out of it, and the processor, that reads them anew from the second beside every row, is then
 * slow to read weights ahead. Eight rows read them once, and ask for their lines themselves (Zen 4, 8,192 columns: 22 against 15.5 GB/s on one thread, 30
 * against 26 on two; it is slower where activations stay in the cache). A row's sums are the same in any company.
 */
enum { TOGETHER = 8, LONG_ROW = 16384, SHORTLY = 2048 };

INLINE void dots(const struct product *p, int32_t n) {
  const uint8_t *w = p->w + n * p->w_row;
  const uint8_t *x = p->act;
  __m512 sum[TOGETHER][2];
  for (int r = 0; r < TOGETHER; r++) {
    sum[r][0] = _mm512_setzero_ps();
    sum[r][1] = _mm512_setzero_ps();
  }
  int64_t i = 0;
  for (; i + 64 <= p->k; i += 64) {
    for (int r = 0; r < TOGETHER; r++) {
      __builtin_prefetch(w + r * p->w_row + 2 * i + SHORTLY, 0, 2);
      __builtin_prefetch(w + r * p->w_row + 2 * i + SHORTLY + 64, 0, 2);
    }
    for (int j = 0; j < 2; j++) {
      int64_t at = 2 * (i + 32 * j);
      __m512bh a = pairs_of(_mm512_loadu_si512(x + at));
      for (int r = 0; r < TOGETHER; r++) {
        sum[r][j] = _mm512_dpbf16_ps(sum[r][j], a, pairs_of(_mm512_loadu_si512(w + r * p->w_row + at)));
      }
    }
  }
  for (; i < p->k; i += 32) {
    __m512bh a = pairs_of(_mm512_loadu_si512(x + 2 * i));
    for (int r = 0; r < TOGETHER; r++) {
      sum[r][0] = _mm512_dpbf16_ps(sum[r][0], a, pairs_of(_mm512_maskz_loadu_epi16(elements(p->k - i), w + r * p->w_row + 2 * i)));
    }
  }
  for (int r = 0; r < TOGETHER; r++) {
    float v = _mm512_reduce_add_ps(_mm512_add_ps(sum[r][0], sum[r][1]));
    memcpy(p->y + 4 * (int64_t)(n + r), &v, 4);
  }
}

INLINE void gemv_long(const struct product *p) {
  int32_t n = p->n0;
  for (; n + TOGETHER <= p->n1; n += TOGETHER) {
    dots(p, n);
  }
  for (; n < p->n1; n++) {
    float v = dot(p->w + n * p->w_row, p->act, p->k, 0);
    memcpy(p->y + 4 * (int64_t)n, &v, 4);
  }
}

void gatun_gemv_bf16_by_bf16_avx512(const struct product *p) {
  if (p->asks) {
    gemv(p, 1);
  } else if (2 * p->k >= LONG_ROW) {
    gemv_long(p);
  } else {
    gemv(p, 0);
  }
}
