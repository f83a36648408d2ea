/* What the files of kernels share: the forms of activations, the table of each level. */
#ifndef GATUN_KERNELS_H
#define GATUN_KERNELS_H

#include "gatun_cpu.h"

#include <stddef.h>
#include <string.h>

/* Activations of one group share a scale. */
#define GROUP 32

/*
 * A row of activations in 8 bits: k codes, then for each group of 32 the scale, the sum of its codes, and the two multiplied, then the sums of halves of
 * groups; all but the codes in F32. x is scale * code. Sections start at multiples of 64 bytes.
 *
 * Two more sections are for a row alone, where a level has a use for them. `turned` has the codes of each four groups as the first halves of the four, then
 * the second halves; groups that make no four are not there. `factors` has what the scales and minima of eight groups are multiplied by, in the order in
 * which Q4_K has them: four scales, those of odd groups divided by 16 since high nibbles stay where they are, four scaled sums, negative, and again.
 */
struct row8 {
  const int8_t *codes;
  const float *scales;
  const float *sums;
  const float *scaled_sums;
  const float *half_sums;
  const int8_t *turned;
  const float *factors;
};

static inline int64_t section(int64_t bytes) { return (bytes + 63) & ~(int64_t)63; }

static inline int64_t row8_bytes(int64_t k) { return 2 * section(k) + 3 * section(4 * (k / GROUP)) + 2 * section(8 * (k / GROUP)); }

static inline struct row8 row8_at(const void *at, int64_t k) {
  const char *p = at;
  int64_t groups = section(4 * (k / GROUP));
  struct row8 row;
  row.codes = (const int8_t *)p;
  row.scales = (const float *)(p + section(k));
  row.sums = (const float *)(p + section(k) + groups);
  row.scaled_sums = (const float *)(p + section(k) + 2 * groups);
  row.half_sums = (const float *)(p + section(k) + 3 * groups);
  row.turned = (const int8_t *)row.half_sums + section(8 * (k / GROUP));
  row.factors = (const float *)(row.turned + section(k));
  return row;
}

/* Bits of a float that are not those of a finite one, sign aside, are at least these. */
#define NOT_FINITE 0x7f800000u

static inline uint16_t u16_at(const uint8_t *p) {
  uint16_t v;
  memcpy(&v, p, 2);
  return v;
}

static inline uint64_t u64_at(const uint8_t *p) {
  uint64_t v;
  memcpy(&v, p, 8);
  return v;
}

static inline uint32_t u32_at(const uint8_t *p) {
  uint32_t v;
  memcpy(&v, p, 4);
  return v;
}

/* What the codes of IQ4_NL and IQ4_XS stand for, and twice what those of MXFP4 do. */
static const int8_t IQ4_VALUES[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
static const int8_t E2M1_VALUES[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

/* 2^(e - 128), half of MXFP4's scale, a normal number from e = 2 on. */
static inline float half_power(uint8_t e) {
  uint32_t bits = e < 2 ? 0x00200000u << e : ((uint32_t)e - 1) << 23;
  float power;
  memcpy(&power, &bits, 4);
  return power;
}

static inline int32_t i32_at(const void *p) {
  int32_t v;
  memcpy(&v, p, 4);
  return v;
}

/* One matmul, its offsets added up. */
struct product {
  const uint8_t *act;
  int64_t act_row;
  int32_t rows;
  const uint8_t *w;
  int64_t w_row;
  int64_t k;
  int32_t n0;
  int32_t n1;
  uint8_t *y;
  int64_t y_row;
  /* Whether loops that little but loads fill may ask for weights ahead of reading them. */
  int asks;
};

/*
 * How far ahead of the weights being read lines are asked for: over the page boundaries where the processor's own prefetching stops. Loops that wait for
 * memory ask for them in the first cache; in those that compute about as long as memory takes, such lines come too early or too late, and the second
 * cache, from farther ahead, is better (on Zen 4, 2,048 columns: Q4_K 25 against 21 GB/s, Q8_0 24 against 27).
 */
#define AHEAD 4096
#define FAR_AHEAD 8192

static inline __attribute__((always_inline)) void ahead(const uint8_t *w, int bytes) {
  for (int i = 0; i < bytes; i += 64) {
    __builtin_prefetch(w + AHEAD + i);
  }
}

static inline __attribute__((always_inline)) void ahead_far(const uint8_t *w, int bytes) {
  for (int i = 0; i < bytes; i += 64) {
    __builtin_prefetch(w + FAR_AHEAD + i, 0, 2);
  }
}

static inline float *y_at(const struct product *p, int64_t m, int64_t n) { return (float *)(p->y + m * p->y_row) + n; }

typedef void (*product_fn)(const struct product *p);
typedef void (*round_fn)(const float *x, int64_t k, int32_t rows, void *to);

/*
 * How activations are made ready: not at all, as a row8, as k numbers in BF16 and as many zeros as fill the section, or so in F16 with the power of two
 * they are to be multiplied by, a float in a section of its own.
 */
enum form { IN_PLACE = 0, IN_8_BITS = 1, IN_BF16 = 2, IN_HALVES = 3 };

static inline int64_t form_bytes(int32_t form, int64_t k) {
  return form == IN_8_BITS ? row8_bytes(k) : form == IN_BF16 ? section(2 * k) : form == IN_HALVES ? section(2 * k) + 64 : 0;
}

static inline float factor_of_halves(const uint8_t *act, int64_t k) {
  float factor;
  memcpy(&factor, act + section(2 * k), 4);
  return factor;
}

/* The power of two that brings numbers up to `largest`, these bits of a float, under 2^15: past that F16 has no room, far below it no precision. */
static inline float factor_for_halves(uint32_t largest) {
  int32_t exponent = (int32_t)(largest >> 23) - 127 - 14;
  uint32_t bits = largest >= NOT_FINITE ? 127u << 23 : (uint32_t)(127 + (exponent < -100 ? -100 : exponent)) << 23;
  float factor;
  memcpy(&factor, &bits, 4);
  return factor;
}

/* A weight type at a level: the product with one row of x and with more, or NULL where that is one row after the other; and the form of x. */
struct kernel {
  int32_t type;
  int32_t form;
  product_fn one;
  product_fn many;
};

/* A tile of an attention, its offsets added up; gatun_cpu_attend tells what each is. */
struct attention {
  int32_t type;
  const uint8_t *q;
  int64_t q_token;
  int64_t q_head;
  int32_t tokens;
  int32_t group;
  const uint8_t *keys;
  int64_t key_stride;
  int32_t key_size;
  const uint8_t *values;
  int64_t value_stride;
  int32_t value_size;
  int32_t count;
  float scale;
  uint8_t *state;
  uint8_t *sums;
  int64_t sums_row;
  const uint8_t *bounds;
  float *work;
};

typedef void (*attend_fn)(const struct attention *a);

/* Elements up to which sizes are filled up in working memory. */
#define FILLED 16

static inline int64_t filled(int64_t n) { return (n + FILLED - 1) / FILLED * FILLED; }

/* y = silu(gate) * up, n elements. */
typedef void (*silu_fn)(const float *gate, const float *up, float *y, int64_t n);

/* A row of k weights as floats. */
typedef void (*widen_fn)(const uint8_t *w, float *y, int64_t k);

/* Loops over a row. */
struct rows {
  void (*add)(const float *a, const float *b, float *y, int64_t n);
  void (*scale)(const float *x, float factor, float *y, int64_t n);
  void (*rms_norm)(const float *x, const float *weight, float eps, float *y, int64_t n);
  void (*rotate_halves)(const float *x, const float *table, float *y, int64_t dims);
  void (*rotate_pairs)(const float *x, const float *table, float *y, int64_t dims);
  int64_t (*largest)(const float *x, int64_t n, float *value);
  /* The loop over weights of a type, where there is one. */
  widen_fn (*widening)(int32_t type);
};

/* What the gated unit's exponential shares at all levels: ln 2 in two parts, and what makes a sum's low bits an integer. */
#define LN2_HIGH 0x1.62e43p-1f
#define LN2_LOW ((float)(0.69314718055994530942 - 0x1.62e43p-1))
#define ROUNDER 0x1.8p23f

struct level {
  const struct kernel *kernels;
  int32_t count;
  round_fn round;
  round_fn round_bf16;
  round_fn round_halves;
  attend_fn attend;
  silu_fn silu;
  const struct rows *rows;
};

const struct level *gatun_avx512(void);
const struct level *gatun_avx2(void);

#endif
