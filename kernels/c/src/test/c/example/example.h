/* What the files of the example backend share: refusals, the queue of a stream, elements. */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <stddef.h>

#include "gatun_backend.h"

/* Work of a stream: a function over the arguments that its launch was given. */
typedef struct task task;
struct task {
  void (*run)(const task *t);
  const void *pointer[7];
  float number[2];
  int32_t flag[2];
  int64_t bytes;
};

/* Appends a task; it waits only while the queue is full. Always GATUN_OK. */
int enqueue(gatun_stream *stream, task t);

/* Leaves a message and returns status. */
int failed(int status, const char *format, ...);

/* GATUN_OK if the tensor is of one of the types F32, F16 and BF16, else a refusal that names it. */
int floats(const gatun_tensor *t, const char *function, const char *name);

const char *dtype_name(int32_t dtype);

/* The actual size of dimension 0. */
int64_t actual(const gatun_tensor *t);

/* Rows, as many as there actually are: all dimensions but the last, which is the row's length. */
int64_t row_count(const gatun_tensor *t);
int64_t row_length(const gatun_tensor *t);

/* The element that a row begins with. */
int64_t row_start(const gatun_tensor *t, int64_t row);

/* An element of a float type at a place in memory counted in elements. */
float get(const void *data, int32_t dtype, int64_t index);
void put(void *data, int32_t dtype, int64_t index, float value);

/* An element of a row of a float type or Q8_0, whose row begins at an element. */
float weight(const gatun_tensor *t, int64_t start, int64_t i);

/* An I32 element of a rank 1 tensor. */
int32_t integer(const gatun_tensor *t, int64_t i);

#endif
