/*
 * Rows of blocks to floats, in plain C that compilers turn into vectors: included by a file of each level, which has `f16_at`. The layouts are in the Javadoc
 * of dev.gatun.DType. Products are exact in F32, so that at most one sum rounds, as in Java.
 */
#ifndef GATUN_WIDEN_H
#define GATUN_WIDEN_H

#include "kernels.h"

static void widen_q8_0(const uint8_t *w, float *y, int64_t k) {
  for (; k > 0; k -= 32, w += 34, y += 32) {
    float d = f16_at(w);
    for (int i = 0; i < 32; i++) {
      y[i] = d * (float)(int8_t)w[2 + i];
    }
  }
}

INLINE void widen_nibbles(const uint8_t *w, float *y, int64_t k, const int minimum, const int fifth) {
  const int bytes = 18 + 2 * minimum + 4 * fifth;
  const int offset = minimum ? 0 : fifth ? 16 : 8;
  for (; k > 0; k -= 32, w += bytes, y += 32) {
    float d = f16_at(w);
    float m = minimum ? f16_at(w + 2) : 0;
    const uint8_t *q = w + bytes - 16;
    uint32_t high = 0;
    if (fifth) {
      memcpy(&high, w + 2 + 2 * minimum, 4);
    }
    for (int i = 0; i < 16; i++) {
      int left = (q[i] & 15) | (int)(high >> i & 1) << 4;
      int right = q[i] >> 4 | (int)(high >> (16 + i) & 1) << 4;
      /* Adding 0 would take a zero's sign. */
      y[i] = minimum ? d * (float)left + m : d * (float)(left - offset);
      y[16 + i] = minimum ? d * (float)right + m : d * (float)(right - offset);
    }
  }
}

static void widen_q4_0(const uint8_t *w, float *y, int64_t k) { widen_nibbles(w, y, k, 0, 0); }
static void widen_q4_1(const uint8_t *w, float *y, int64_t k) { widen_nibbles(w, y, k, 1, 0); }
static void widen_q5_0(const uint8_t *w, float *y, int64_t k) { widen_nibbles(w, y, k, 0, 1); }
static void widen_q5_1(const uint8_t *w, float *y, int64_t k) { widen_nibbles(w, y, k, 1, 1); }

/* The scale of group g in the twelve bytes at s, and its minimum. */
INLINE int scale_of(const uint8_t *s, int g) { return g < 4 ? s[g] & 63 : (s[g + 4] & 15) | (s[g - 4] & 0xc0) >> 2; }
INLINE int minimum_of(const uint8_t *s, int g) { return g < 4 ? s[g + 4] & 63 : s[g + 4] >> 4 | (s[g] & 0xc0) >> 2; }

INLINE void widen_k(const uint8_t *w, float *y, int64_t k, const int fifth) {
  for (; k > 0; k -= 256, w += 144 + 32 * fifth, y += 256) {
    float d = f16_at(w);
    float dmin = f16_at(w + 2);
    for (int g = 0; g < 8; g += 2) {
      float scale[2] = {d * (float)scale_of(w + 4, g), d * (float)scale_of(w + 4, g + 1)};
      float least[2] = {dmin * (float)minimum_of(w + 4, g), dmin * (float)minimum_of(w + 4, g + 1)};
      const uint8_t *q = w + 16 + 32 * fifth + 16 * g;
      for (int i = 0; i < 32; i++) {
        int high = fifth ? w[16 + i] >> g : 0;
        y[32 * g + i] = scale[0] * (float)((q[i] & 15) | (high & 1) << 4) - least[0];
        y[32 * g + 32 + i] = scale[1] * (float)(q[i] >> 4 | (high & 2) << 3) - least[1];
      }
    }
  }
}

static void widen_q4_k(const uint8_t *w, float *y, int64_t k) { widen_k(w, y, k, 0); }
static void widen_q5_k(const uint8_t *w, float *y, int64_t k) { widen_k(w, y, k, 1); }

static void widen_q6_k(const uint8_t *w, float *y, int64_t k) {
  for (; k > 0; k -= 256, w += 210, y += 256) {
    float d = f16_at(w + 208);
    /* Sixteen elements of each of a half's four quarters share their bytes. */
    for (int part = 0; part < 4; part++) {
      const uint8_t *low = w + 64 * (part / 2) + 16 * (part % 2);
      const uint8_t *pairs = w + 128 + 32 * (part / 2) + 16 * (part % 2);
      const int8_t *s = (const int8_t *)w + 192 + 8 * (part / 2) + part % 2;
      float *to = y + 128 * (part / 2) + 16 * (part % 2);
      float scale[4] = {d * (float)s[0], d * (float)s[2], d * (float)s[4], d * (float)s[6]};
      for (int i = 0; i < 16; i++) {
        to[i] = scale[0] * (float)(((low[i] & 15) | (pairs[i] & 3) << 4) - 32);
        to[32 + i] = scale[1] * (float)(((low[32 + i] & 15) | (pairs[i] >> 2 & 3) << 4) - 32);
        to[64 + i] = scale[2] * (float)((low[i] >> 4 | (pairs[i] >> 4 & 3) << 4) - 32);
        to[96 + i] = scale[3] * (float)((low[32 + i] >> 4 | (pairs[i] >> 6) << 4) - 32);
      }
    }
  }
}

static widen_fn widening(int32_t type) {
  switch (type) {
    case GATUN_Q8_0: return widen_q8_0;
    case GATUN_Q4_0: return widen_q4_0;
    case GATUN_Q4_1: return widen_q4_1;
    case GATUN_Q5_0: return widen_q5_0;
    case GATUN_Q5_1: return widen_q5_1;
    case GATUN_Q4_K: return widen_q4_k;
    case GATUN_Q5_K: return widen_q5_k;
    case GATUN_Q6_K: return widen_q6_k;
    default: return NULL;
  }
}

#endif
