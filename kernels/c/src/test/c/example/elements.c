/* Elements of the float types and of Q8_0, and where the rows of a tensor lie. */
#include <math.h>
#include <string.h>

#include "example.h"

const char *dtype_name(int32_t dtype) {
  static const char *const names[] = {"F32",  "F16",  "BF16", "I8",   "I32",  "F8_E4M3", "F8_E5M2", "Q8_0",   "Q4_0", "Q4_1",
                                      "Q5_0", "Q5_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K",    "Q6_K",    "IQ4_NL", "MXFP4",
                                      "IQ4_XS", "TQ1_0", "TQ2_0"};
  return dtype >= 0 && dtype <= GATUN_TQ2_0 ? names[dtype] : "an unknown type";
}

int floats(const gatun_tensor *t, const char *function, const char *name) {
  if (t->dtype == GATUN_F32 || t->dtype == GATUN_F16 || t->dtype == GATUN_BF16) {
    return GATUN_OK;
  }
  return failed(GATUN_UNSUPPORTED, "%s takes %s in F32, F16 and BF16, not in %s", function, name, dtype_name(t->dtype));
}

int64_t actual(const gatun_tensor *t) {
  if (!t->varies) {
    return t->size[0];
  }
  int32_t count = *t->count;
  return count < 0 ? 0 : count < t->size[0] ? count : t->size[0];
}

int64_t row_count(const gatun_tensor *t) {
  int64_t rows = t->rank == 1 ? 1 : actual(t);
  for (int i = 1; i < t->rank - 1; i++) {
    rows *= t->size[i];
  }
  return rows;
}

int64_t row_length(const gatun_tensor *t) {
  return t->rank == 1 ? actual(t) : t->size[t->rank - 1];
}

int64_t row_start(const gatun_tensor *t, int64_t row) {
  int64_t start = 0;
  for (int i = t->rank - 2; i >= 0; i--) {
    start += row % t->size[i] * t->stride[i];
    row /= t->size[i];
  }
  return start;
}

static float from_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static uint32_t to_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static float from_half(uint16_t half) {
  int exponent = half >> 10 & 0x1F;
  int fraction = half & 0x3FF;
  float magnitude;
  if (exponent == 0x1F) {
    magnitude = fraction == 0 ? INFINITY : NAN;
  } else {
    magnitude = exponent == 0 ? ldexpf((float)fraction, -24) : ldexpf((float)(fraction + 0x400), exponent - 25);
  }
  return half & 0x8000 ? -magnitude : magnitude;
}

/* To nearest, ties to even, in whole steps of the F16 at hand: 2^-24 below the smallest normal, 2^(e - 10) at exponent e above it. */
static uint16_t to_half(float value) {
  uint16_t sign = signbit(value) ? 0x8000 : 0;
  float magnitude = fabsf(value);
  if (isnan(value)) {
    return sign | 0x7E00;
  }
  if (magnitude >= 65520.0f) {
    return sign | 0x7C00;
  }
  if (magnitude < 0x1p-14f) {
    return (uint16_t)(sign | (uint16_t)nearbyintf(ldexpf(magnitude, 24)));
  }
  int exponent;
  frexpf(magnitude, &exponent);
  int steps = (int)nearbyintf(ldexpf(magnitude, 11 - exponent)); /* 1024 to 2048: a carry goes into the exponent by itself */
  return (uint16_t)(sign | (((exponent + 13) << 10) + steps));
}

static uint16_t to_bfloat(float value) {
  uint32_t bits = to_bits(value);
  if (isnan(value)) {
    return (uint16_t)(bits >> 16 | 0x40);
  }
  return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

float get(const void *data, int32_t dtype, int64_t index) {
  if (dtype == GATUN_F32) {
    return ((const float *)data)[index];
  }
  uint16_t bits = ((const uint16_t *)data)[index];
  return dtype == GATUN_F16 ? from_half(bits) : from_bits((uint32_t)bits << 16);
}

void put(void *data, int32_t dtype, int64_t index, float value) {
  if (dtype == GATUN_F32) {
    ((float *)data)[index] = value;
  } else {
    ((uint16_t *)data)[index] = dtype == GATUN_F16 ? to_half(value) : to_bfloat(value);
  }
}

/* A block of Q8_0: the scale in F16, then 32 signed bytes. */
enum { BLOCK = 32, BLOCK_BYTES = 34 };

float weight(const gatun_tensor *t, int64_t start, int64_t i) {
  if (t->dtype != GATUN_Q8_0) {
    return get(t->data, t->dtype, start + i);
  }
  const unsigned char *block = (const unsigned char *)t->data + (start + i) / BLOCK * BLOCK_BYTES;
  uint16_t scale;
  memcpy(&scale, block, sizeof scale);
  return from_half(scale) * (float)(signed char)block[2 + i % BLOCK];
}

int32_t integer(const gatun_tensor *t, int64_t i) {
  return ((const int32_t *)t->data)[i * t->stride[0]];
}
