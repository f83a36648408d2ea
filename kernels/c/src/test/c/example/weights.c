/* Operators that read weights: matmul and embedding, over F32, F16, BF16 and Q8_0. */
#include <math.h>

#include "example.h"

static int served(const gatun_tensor *t, const char *function, const char *name) {
  if (t->dtype == GATUN_Q8_0) {
    return GATUN_OK;
  }
  if (floats(t, function, name) == GATUN_OK) {
    return GATUN_OK;
  }
  return failed(GATUN_UNSUPPORTED, "%s takes %s in F32, F16, BF16 and Q8_0, not in %s", function, name, dtype_name(t->dtype));
}

static void run_matmul(const task *t) {
  const gatun_tensor *x = t->pointer[0];
  const gatun_tensor *w = t->pointer[1];
  const gatun_tensor *bias = t->pointer[2];
  const gatun_tensor *y = t->pointer[3];
  int64_t rows = actual(y);
  for (int64_t m = 0; m < rows; m++) {
    const float *activations = (const float *)x->data + m * x->stride[0];
    for (int64_t n = 0; n < w->size[0]; n++) {
      double sum = bias == NULL ? 0 : get(bias->data, bias->dtype, n);
      for (int64_t k = 0; k < w->size[1]; k++) {
        sum += (double)activations[k] * weight(w, n * w->stride[0], k);
      }
      ((float *)y->data)[m * y->stride[0] + n] = (float)sum;
    }
  }
}

int gatun_matmul(gatun_device *device, gatun_stream *stream, const gatun_tensor *x, const gatun_tensor *w, const gatun_tensor *scale, const gatun_tensor *bias,
                 const gatun_tensor *y) {
  (void)device;
  if (scale != NULL) {
    return failed(GATUN_UNSUPPORTED, "%s takes no scale", __func__);
  }
  if (x->dtype != GATUN_F32 || y->dtype != GATUN_F32) {
    return failed(GATUN_UNSUPPORTED, "%s takes x and y in F32, not in %s and %s", __func__, dtype_name(x->dtype), dtype_name(y->dtype));
  }
  int refused = served(w, __func__, "w");
  if (refused != GATUN_OK) {
    return refused;
  }
  task t = {.run = run_matmul, .pointer = {x, w, bias, y}};
  return stream == NULL ? GATUN_OK : enqueue(stream, t);
}

static void run_embedding(const task *t) {
  const gatun_tensor *ids = t->pointer[0];
  const gatun_tensor *table = t->pointer[1];
  const gatun_tensor *y = t->pointer[2];
  int64_t tokens = actual(y);
  for (int64_t token = 0; token < tokens; token++) {
    int32_t id = integer(ids, token);
    int known = id >= 0 && id < table->size[0];
    for (int64_t i = 0; i < y->size[1]; i++) {
      put(y->data, y->dtype, token * y->stride[0] + i, known ? weight(table, id * table->stride[0], i) : NAN);
    }
  }
}

int gatun_embedding(gatun_device *device, gatun_stream *stream, const gatun_tensor *ids, const gatun_tensor *table, const gatun_tensor *y) {
  (void)device;
  int refused = served(table, __func__, "table");
  if (refused == GATUN_OK) {
    refused = floats(y, __func__, "y");
  }
  task t = {.run = run_embedding, .pointer = {ids, table, y}};
  return refused != GATUN_OK || stream == NULL ? refused : enqueue(stream, t);
}
