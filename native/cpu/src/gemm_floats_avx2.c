/* Two or more rows of x with floating-point weights: 16 weight rows, six rows of x; see gemm_floats_avx512.c. */
#include "avx2.h"
#include "turn_avx2.h"

enum { F32, F16, BF16 };
enum { WIDE = 16, DEPTH = 256, HIGH = 6 };

/* The first n of eight elements of a row; the others 0. */
INLINE floats part_of_row(const uint8_t *w, int n, const int type) {
  uint8_t copy[32];
  if (n < 8) {
    memset(copy, 0, sizeof copy);
    memcpy(copy, w, (size_t)((type == F32 ? 4 : 2) * n));
    w = copy;
  }
  if (type == F32) {
    return _mm256_loadu_ps((const float *)w);
  }
  __m128i v = _mm_loadu_si128((const __m128i *)w);
  return type == F16 ? f16x8(v) : bf16x8(v);
}

INLINE void pack(const struct product *p, int64_t n, int64_t k0, int64_t depth, float *panel, const int type) {
  const int size = type == F32 ? 4 : 2;
  const int64_t next = n + WIDE;
  for (int half = 0; half < 2; half++) {
    for (int64_t i = 0; i < depth; i += 8) {
      for (int64_t b = 0; next < p->n1 && b < 64 * size; b += 64) {
        _mm_prefetch((const char *)(p->w + next * p->w_row + WIDE * size * k0 + 8 * size * half * depth + 8 * size * i + b), _MM_HINT_T1);
      }
      floats r[8];
      for (int j = 0; j < 8; j++) {
        int64_t row = n + 8 * half + j;
        r[j] = part_of_row(p->w + (row < p->n1 ? row : p->n1 - 1) * p->w_row + size * (k0 + i), of8(depth - i), type);
      }
      turn(r);
      for (int j = 0; j < 8; j++) {
        _mm256_storeu_ps(panel + WIDE * (i + j) + 8 * half, r[j]);
      }
    }
  }
}

INLINE void tile(const struct product *p, int64_t m, int64_t n, int64_t k0, int64_t depth, const float *panel, const int high) {
  floats sum[HIGH][2];
  const uint8_t *x[HIGH];
  ints first = lanes(of8(p->n1 - n));
  ints second = lanes(of8(p->n1 - n - 8));
  for (int r = 0; r < high; r++) {
    x[r] = p->act + (m + r) * p->act_row + 4 * k0;
    sum[r][0] = k0 == 0 ? _mm256_setzero_ps() : _mm256_maskload_ps(y_at(p, m + r, n), first);
    sum[r][1] = k0 == 0 ? _mm256_setzero_ps() : _mm256_maskload_ps(y_at(p, m + r, n + 8), second);
  }
  for (int64_t k = 0; k < depth; k++) {
    floats w0 = _mm256_loadu_ps(panel + WIDE * k);
    floats w1 = _mm256_loadu_ps(panel + WIDE * k + 8);
    for (int r = 0; r < high; r++) {
      floats v = _mm256_castsi256_ps(_mm256_set1_epi32(i32_at(x[r] + 4 * k)));
      sum[r][0] = _mm256_fmadd_ps(v, w0, sum[r][0]);
      sum[r][1] = _mm256_fmadd_ps(v, w1, sum[r][1]);
    }
  }
  for (int r = 0; r < high; r++) {
    _mm256_maskstore_ps(y_at(p, m + r, n), first, sum[r][0]);
    _mm256_maskstore_ps(y_at(p, m + r, n + 8), second, sum[r][1]);
  }
}

#define TILE(high) \
  case high:       \
    tile(p, m, n, k0, depth, panel, high); \
    break;

static void rest(const struct product *p, int64_t m, int64_t n, int64_t k0, int64_t depth, const float *panel) {
  switch (p->rows - m) {
    TILE(1) TILE(2) TILE(3) TILE(4) TILE(5)
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

void gatun_gemm_f32_avx2(const struct product *p) { gemm(p, F32); }
void gatun_gemm_f16_avx2(const struct product *p) { gemm(p, F16); }
void gatun_gemm_bf16_avx2(const struct product *p) { gemm(p, BF16); }
