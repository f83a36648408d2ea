/* Operators that go row by row: sums and products, norms, softmax, rope, argmax, copy. */
#include <math.h>
#include <string.h>

#include "example.h"

#define REFUSE_UNLESS(check)      \
  do {                            \
    int refused = (check);        \
    if (refused != GATUN_OK) {    \
      return refused;             \
    }                             \
  } while (0)

static float at(const gatun_tensor *t, int64_t index) {
  return get(t->data, t->dtype, index);
}

/* The elements of every row of y, each from those of a and b at its place; a b of rank 1 is one row for all. */
static void each(const gatun_tensor *a, const gatun_tensor *b, const gatun_tensor *y, float (*of)(float a, float b)) {
  int64_t rows = row_count(y);
  int64_t length = row_length(y);
  for (int64_t r = 0; r < rows; r++) {
    int64_t from_a = row_start(a, r);
    int64_t from_b = b->rank == 1 ? 0 : row_start(b, r);
    int64_t to = row_start(y, r);
    for (int64_t i = 0; i < length; i++) {
      put(y->data, y->dtype, to + i, of(at(a, from_a + i), at(b, from_b + i)));
    }
  }
}

static float sum(float a, float b) {
  return a + b;
}

static float product(float a, float b) {
  return a * b;
}

static float gated(float gate, float up) {
  return gate / (1 + expf(-gate)) * up;
}

static void run_add(const task *t) {
  each(t->pointer[0], t->pointer[1], t->pointer[2], sum);
}

static void run_mul(const task *t) {
  each(t->pointer[0], t->pointer[1], t->pointer[2], product);
}

static void run_silu_mul(const task *t) {
  each(t->pointer[0], t->pointer[1], t->pointer[2], gated);
}

int gatun_add(gatun_device *device, gatun_stream *stream, const gatun_tensor *a, const gatun_tensor *b, const gatun_tensor *y) {
  (void)device;
  REFUSE_UNLESS(floats(a, __func__, "a"));
  REFUSE_UNLESS(floats(b, __func__, "b"));
  REFUSE_UNLESS(floats(y, __func__, "y"));
  task t = {.run = run_add, .pointer = {a, b, y}};
  return stream == NULL ? GATUN_OK : enqueue(stream, t);
}

int gatun_mul(gatun_device *device, gatun_stream *stream, const gatun_tensor *a, const gatun_tensor *b, const gatun_tensor *y) {
  (void)device;
  REFUSE_UNLESS(floats(a, __func__, "a"));
  REFUSE_UNLESS(floats(b, __func__, "b"));
  REFUSE_UNLESS(floats(y, __func__, "y"));
  task t = {.run = run_mul, .pointer = {a, b, y}};
  return stream == NULL ? GATUN_OK : enqueue(stream, t);
}

int gatun_silu_mul(gatun_device *device, gatun_stream *stream, const gatun_tensor *gate, const gatun_tensor *up, const gatun_tensor *y) {
  (void)device;
  REFUSE_UNLESS(floats(gate, __func__, "gate"));
  REFUSE_UNLESS(floats(up, __func__, "up"));
  REFUSE_UNLESS(floats(y, __func__, "y"));
  task t = {.run = run_silu_mul, .pointer = {gate, up, y}};
  return stream == NULL ? GATUN_OK : enqueue(stream, t);
}

static void run_scale(const task *t) {
  const gatun_tensor *x = t->pointer[0];
  const gatun_tensor *y = t->pointer[1];
  int64_t rows = row_count(y);
  int64_t length = row_length(y);
  for (int64_t r = 0; r < rows; r++) {
    int64_t from = row_start(x, r);
    int64_t to = row_start(y, r);
    for (int64_t i = 0; i < length; i++) {
      put(y->data, y->dtype, to + i, t->number[0] * at(x, from + i));
    }
  }
}

int gatun_scale(gatun_device *device, gatun_stream *stream, const gatun_tensor *x, float factor, const gatun_tensor *y) {
  (void)device;
  REFUSE_UNLESS(floats(x, __func__, "x"));
  REFUSE_UNLESS(floats(y, __func__, "y"));
  task t = {.run = run_scale, .pointer = {x, y}, .number = {factor}};
  return stream == NULL ? GATUN_OK : enqueue(stream, t);
}

static void run_rms_norm(const task *t) {
  const gatun_tensor *x = t->pointer[0];
  const gatun_tensor *w = t->pointer[1];
  const gatun_tensor *y = t->pointer[2];
  int64_t rows = row_count(y);
  int64_t length = row_length(y);
  for (int64_t r = 0; r < rows; r++) {
    int64_t from = row_start(x, r);
    int64_t to = row_start(y, r);
    double squares = 0;
    for (int64_t i = 0; i < length; i++) {
      squares += (double)at(x, from + i) * at(x, from + i);
    }
    double factor = 1 / sqrt(squares / (double)length + t->number[0]);
    for (int64_t i = 0; i < length; i++) {
      put(y->data, y->dtype, to + i, (float)(at(x, from + i) * factor * at(w, i)));
    }
  }
}

int gatun_rms_norm(gatun_device *device, gatun_stream *stream, const gatun_tensor *x, const gatun_tensor *weight, float eps, const gatun_tensor *y) {
  (void)device;
  REFUSE_UNLESS(floats(x, __func__, "x"));
  REFUSE_UNLESS(floats(y, __func__, "y"));
  task t = {.run = run_rms_norm, .pointer = {x, weight, y}, .number = {eps}};
  return stream == NULL ? GATUN_OK : enqueue(stream, t);
}

static void run_layer_norm(const task *t) {
  const gatun_tensor *x = t->pointer[0];
  const gatun_tensor *w = t->pointer[1];
  const gatun_tensor *bias = t->pointer[2];
  const gatun_tensor *y = t->pointer[3];
  int64_t rows = row_count(y);
  int64_t length = row_length(y);
  for (int64_t r = 0; r < rows; r++) {
    int64_t from = row_start(x, r);
    int64_t to = row_start(y, r);
    double mean = 0;
    for (int64_t i = 0; i < length; i++) {
      mean += at(x, from + i) / (double)length;
    }
    double variance = 0;
    for (int64_t i = 0; i < length; i++) {
      double off = at(x, from + i) - mean;
      variance += off * off / (double)length;
    }
    double factor = 1 / sqrt(variance + t->number[0]);
    for (int64_t i = 0; i < length; i++) {
      put(y->data, y->dtype, to + i, (float)((at(x, from + i) - mean) * factor * at(w, i) + (bias == NULL ? 0 : at(bias, i))));
    }
  }
}

int gatun_layer_norm(gatun_device *device, gatun_stream *stream, const gatun_tensor *x, const gatun_tensor *weight, const gatun_tensor *bias, float eps,
                     const gatun_tensor *y) {
  (void)device;
  REFUSE_UNLESS(floats(x, __func__, "x"));
  REFUSE_UNLESS(floats(y, __func__, "y"));
  task t = {.run = run_layer_norm, .pointer = {x, weight, bias, y}, .number = {eps}};
  return stream == NULL ? GATUN_OK : enqueue(stream, t);
}

static void run_softmax(const task *t) {
  const gatun_tensor *x = t->pointer[0];
  const gatun_tensor *y = t->pointer[1];
  double scale = t->number[0];
  int64_t rows = row_count(y);
  int64_t length = row_length(y);
  for (int64_t r = 0; r < rows; r++) {
    int64_t from = row_start(x, r);
    int64_t to = row_start(y, r);
    double largest = -INFINITY;
    for (int64_t i = 0; i < length; i++) {
      largest = fmax(largest, scale * at(x, from + i));
    }
    double total = 0;
    for (int64_t i = 0; i < length; i++) {
      total += exp(scale * at(x, from + i) - largest);
    }
    for (int64_t i = 0; i < length; i++) {
      put(y->data, y->dtype, to + i, (float)(exp(scale * at(x, from + i) - largest) / total));
    }
  }
}

int gatun_softmax(gatun_device *device, gatun_stream *stream, const gatun_tensor *x, float scale, const gatun_tensor *y) {
  (void)device;
  REFUSE_UNLESS(floats(x, __func__, "x"));
  REFUSE_UNLESS(floats(y, __func__, "y"));
  task t = {.run = run_softmax, .pointer = {x, y}, .number = {scale}};
  return stream == NULL ? GATUN_OK : enqueue(stream, t);
}

static void run_rope(const task *t) {
  const gatun_tensor *x = t->pointer[0];
  const gatun_tensor *positions = t->pointer[1];
  const gatun_tensor *factors = t->pointer[2];
  const gatun_rotation *rotation = t->pointer[3];
  const gatun_tensor *y = t->pointer[4];
  int64_t tokens = actual(y);
  int half = rotation->dims / 2;
  for (int64_t token = 0; token < tokens; token++) {
    for (int64_t head = 0; head < y->size[1]; head++) {
      int64_t from = token * x->stride[0] + head * x->stride[1];
      int64_t to = token * y->stride[0] + head * y->stride[1];
      for (int i = 0; i < half; i++) {
        double angle = integer(positions, token) * rotation->frequencies[i] / (factors == NULL ? 1 : at(factors, i));
        double c = cos(angle) * rotation->amplitude;
        double s = sin(angle) * rotation->amplitude;
        int a = rotation->pairs == GATUN_INTERLEAVED ? 2 * i : i;
        int b = rotation->pairs == GATUN_INTERLEAVED ? 2 * i + 1 : i + half;
        double p = at(x, from + a);
        double q = at(x, from + b);
        put(y->data, y->dtype, to + a, (float)(p * c - q * s));
        put(y->data, y->dtype, to + b, (float)(p * s + q * c));
      }
      for (int64_t i = rotation->dims; i < y->size[2]; i++) {
        put(y->data, y->dtype, to + i, at(x, from + i));
      }
    }
  }
}

int gatun_rope(gatun_device *device, gatun_stream *stream, const gatun_tensor *x, const gatun_tensor *positions, const gatun_tensor *factors,
               const gatun_rotation *rotation, const gatun_tensor *y) {
  (void)device;
  REFUSE_UNLESS(floats(x, __func__, "x"));
  REFUSE_UNLESS(floats(y, __func__, "y"));
  task t = {.run = run_rope, .pointer = {x, positions, factors, rotation, y}};
  return stream == NULL ? GATUN_OK : enqueue(stream, t);
}

static void run_argmax(const task *t) {
  const gatun_tensor *x = t->pointer[0];
  const gatun_tensor *y = t->pointer[1];
  int64_t rows = actual(y);
  for (int64_t r = 0; r < rows; r++) {
    int64_t from = row_start(x, r);
    int64_t best = 0;
    for (int64_t i = 1; i < x->size[1] && !isnan(at(x, from + best)); i++) {
      float candidate = at(x, from + i);
      if (isnan(candidate) || candidate > at(x, from + best)) {
        best = i;
      }
    }
    ((int32_t *)y->data)[r * y->stride[0]] = (int32_t)best;
  }
}

int gatun_argmax(gatun_device *device, gatun_stream *stream, const gatun_tensor *x, const gatun_tensor *y) {
  (void)device;
  REFUSE_UNLESS(floats(x, __func__, "x"));
  task t = {.run = run_argmax, .pointer = {x, y}};
  return stream == NULL ? GATUN_OK : enqueue(stream, t);
}

static int is_integer(int32_t dtype) {
  return dtype == GATUN_I8 || dtype == GATUN_I32;
}

/* Sizes past the rank are 1, so four loops serve every rank. */
static void run_copy_operator(const task *t) {
  const gatun_tensor *x = t->pointer[0];
  const gatun_tensor *y = t->pointer[1];
  size_t width = x->dtype == GATUN_I8 ? 1 : 4;
  int64_t n = actual(y);
  for (int64_t a = 0; a < n; a++) {
    for (int64_t b = 0; b < y->size[1]; b++) {
      for (int64_t c = 0; c < y->size[2]; c++) {
        for (int64_t d = 0; d < y->size[3]; d++) {
          int64_t from = a * x->stride[0] + b * x->stride[1] + c * x->stride[2] + d * x->stride[3];
          int64_t to = a * y->stride[0] + b * y->stride[1] + c * y->stride[2] + d * y->stride[3];
          if (is_integer(x->dtype)) {
            memcpy((char *)y->data + (size_t)to * width, (const char *)x->data + (size_t)from * width, width);
          } else {
            put(y->data, y->dtype, to, at(x, from));
          }
        }
      }
    }
  }
}

int gatun_copy(gatun_device *device, gatun_stream *stream, const gatun_tensor *x, const gatun_tensor *y) {
  (void)device;
  if (!is_integer(x->dtype)) {
    REFUSE_UNLESS(floats(x, __func__, "x"));
    REFUSE_UNLESS(floats(y, __func__, "y"));
  }
  task t = {.run = run_copy_operator, .pointer = {x, y}};
  return stream == NULL ? GATUN_OK : enqueue(stream, t);
}
