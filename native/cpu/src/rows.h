/*
 * Loops over rows of floats, in plain C that compilers turn into vectors: included by a file of each level. Sums are cut in a fixed number of parts, so that a
 * row's bits depend on its length and what it holds alone. y may be one of the inputs.
 */
#ifndef GATUN_ROWS_H
#define GATUN_ROWS_H

#include "kernels.h"

#include <math.h>

enum { PARTS = 32 };

static void add_row(const float *a, const float *b, float *y, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    y[i] = a[i] + b[i];
  }
}

static void scale_row(const float *x, float factor, float *y, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    y[i] = x[i] * factor;
  }
}

static float sum_of_squares(const float *x, int64_t n) {
  float sum[PARTS] = {0};
  int64_t i = 0;
  for (; i + PARTS <= n; i += PARTS) {
    for (int j = 0; j < PARTS; j++) {
      sum[j] += x[i + j] * x[i + j];
    }
  }
  for (; i < n; i++) {
    sum[i % PARTS] += x[i] * x[i];
  }
  for (int half = PARTS / 2; half > 0; half /= 2) {
    for (int j = 0; j < half; j++) {
      sum[j] += sum[j + half];
    }
  }
  return sum[0];
}

static void rms_norm_row(const float *x, const float *weight, float eps, float *y, int64_t n) {
  float factor = (float)(1 / sqrt((double)sum_of_squares(x, n) / (double)n + (double)eps));
  for (int64_t i = 0; i < n; i++) {
    y[i] = x[i] * factor * weight[i];
  }
}

/* The table: `dims` / 2 cosines, as many sines. */
static void rotate_halves_row(const float *x, const float *table, float *y, int64_t dims) {
  int64_t half = dims / 2;
  for (int64_t i = 0; i < half; i++) {
    float a = x[i];
    float b = x[half + i];
    y[i] = a * table[i] - b * table[half + i];
    y[half + i] = a * table[half + i] + b * table[i];
  }
}

/* The table: each cosine twice, each sine twice, the first of the two negated. */
static void rotate_pairs_row(const float *x, const float *table, float *y, int64_t dims) {
  for (int64_t i = 0; i < dims; i += 2) {
    float a = x[i];
    float b = x[i + 1];
    y[i] = a * table[i] + b * table[dims + i];
    y[i + 1] = b * table[i + 1] + a * table[dims + i + 1];
  }
}

/* The first index of the largest element, or of the first NaN; -1 of none. */
static int64_t largest_of_row(const float *x, int64_t n, float *value) {
  float most[PARTS];
  int unordered[PARTS] = {0};
  for (int j = 0; j < PARTS; j++) {
    most[j] = -__builtin_inff();
  }
  int64_t i = 0;
  for (; i + PARTS <= n; i += PARTS) {
    for (int j = 0; j < PARTS; j++) {
      most[j] = x[i + j] > most[j] ? x[i + j] : most[j];
      unordered[j] |= x[i + j] != x[i + j];
    }
  }
  int nan = 0;
  float top = -__builtin_inff();
  for (int j = 0; j < PARTS; j++) {
    top = most[j] > top ? most[j] : top;
    nan |= unordered[j];
  }
  for (; i < n; i++) {
    top = x[i] > top ? x[i] : top;
    nan |= x[i] != x[i];
  }
  for (i = 0; i < n; i++) {
    if (nan ? x[i] != x[i] : x[i] == top) {
      *value = x[i];
      return i;
    }
  }
  *value = top;
  return -1;
}

#define ROWS {add_row, scale_row, rms_norm_row, rotate_halves_row, rotate_pairs_row, largest_of_row, widening}

#endif
