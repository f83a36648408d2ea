/*
 * Two or more rows of x with floating-point weights. 32 weight rows are turned into floats so that a vector holds one element of 16 of them, 256
 * elements at a time, and stay in the first-level cache while all rows of x pass by, eight at once; no sum crosses lanes.
 */
#include "avx512.h"
#include "turn_avx512.h"

enum { F32, F16, BF16 };
enum { WIDE = 32, DEPTH = 256, HIGH = 8 };

INLINE __m512 part_of_row(const uint8_t *w, __mmask16 mask, const int type) {
  if (type == F32) {
    return _mm512_maskz_loadu_ps(mask, w);
  }
  __m256i v = _mm256_maskz_loadu_epi16(mask, w);
  return type == F16 ? f16x16(v) : bf16x16(v);
}

/*
 * Elements [k0, k0 + depth) of rows [n, n + 32), of which the last stands for those that are not there. On the way as many bytes of the next rows are
 * asked for: 32 rows read side by side are more than the processor sees coming.
 */
INLINE void pack(const struct product *p, int64_t n, int64_t k0, int64_t depth, float *panel, const int type) {
  const int size = type == F32 ? 4 : 2;
  const int64_t next = n + WIDE;
  for (int half = 0; half < 2; half++) {
    for (int64_t i = 0; i < depth; i += 16) {
      for (int64_t b = 0; next < p->n1 && b < 256 * size; b += 64) {
        _mm_prefetch((const char *)(p->w + next * p->w_row + WIDE * size * k0 + 16 * size * half * depth + 16 * size * i + b), _MM_HINT_T1);
      }
      __mmask16 mask = lanes(depth - i);
      __m512 r[16];
      for (int j = 0; j < 16; j++) {
        int64_t row = n + 16 * half + j;
        r[j] = part_of_row(p->w + (row < p->n1 ? row : p->n1 - 1) * p->w_row + size * (k0 + i), mask, type);
      }
      turn(r);
      for (int j = 0; j < 16; j++) {
        _mm512_storeu_ps(panel + WIDE * (i + j) + 16 * half, r[j]);
      }
    }
  }
}

INLINE void tile(const struct product *p, int64_t m, int64_t n, int64_t k0, int64_t depth, const float *panel, const int high) {
  __m512 sum[HIGH][2];
  const uint8_t *x[HIGH];
  __mmask16 first = lanes(p->n1 - n);
  __mmask16 second = lanes(p->n1 - n - 16);
  for (int r = 0; r < high; r++) {
    x[r] = p->act + (m + r) * p->act_row + 4 * k0;
    sum[r][0] = k0 == 0 ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(first, y_at(p, m + r, n));
    sum[r][1] = k0 == 0 ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(second, y_at(p, m + r, n + 16));
  }
  for (int64_t k = 0; k < depth; k++) {
    __m512 w0 = _mm512_loadu_ps(panel + WIDE * k);
    __m512 w1 = _mm512_loadu_ps(panel + WIDE * k + 16);
    for (int r = 0; r < high; r++) {
      __m512 v = _mm512_castsi512_ps(_mm512_set1_epi32(i32_at(x[r] + 4 * k)));
      sum[r][0] = _mm512_fmadd_ps(v, w0, sum[r][0]);
      sum[r][1] = _mm512_fmadd_ps(v, w1, sum[r][1]);
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

static void rest(const struct product *p, int64_t m, int64_t n, int64_t k0, int64_t depth, const float *panel) {
  switch (p->rows - m) {
    TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6) TILE(7)
  }
}

INLINE void gemm(const struct product *p, const int type) {
  float panel[WIDE * DEPTH] __attribute__((aligned(64)));
  for (int64_t n = p->n0; n < p->n1; n += WIDE) {
    for (int64_t k0 = 0; k0 < p->k; k0 += DEPTH) {
      int64_t depth = p->k - k0 < DEPTH ? p->k - k0 : DEPTH;
      pack(p, n, k0, depth, panel, type);
      int64_t m = 0;
      for (; m + HIGH <= p->rows; m += HIGH) {
        tile(p, m, n, k0, depth, panel, HIGH);
      }
      rest(p, m, n, k0, depth, panel);
    }
  }
}

void gatun_gemm_f32_avx512(const struct product *p) { gemm(p, F32); }
void gatun_gemm_f16_avx512(const struct product *p) { gemm(p, F16); }
void gatun_gemm_bf16_avx512(const struct product *p) { gemm(p, BF16); }
