/*
 * A backend in C that is small enough to read: the host's processor as a device, one worker thread for each stream, plain loops. Device, memory and
 * streams are here, operators in rows.c, weights.c and attention.c; what is not there is not exported, and so not served.
 *
 * Options: memory=N, the most MiB to allocate; host_memory=on or off, whether operators may read the host's memory where it lies.
 */
#define _POSIX_C_SOURCE 200809L

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "example.h"

enum { ALIGNMENT = 64, QUEUE = 256 };

struct gatun_device {
  pthread_mutex_t lock;
  int64_t limit;
  int64_t used;
  int host_memory;
};

struct gatun_stream {
  pthread_t worker;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  task queue[QUEUE];
  int first;
  int waiting; /* tasks in the queue, with the one that runs */
  int ending;
};

static __thread char message[1024];

int gatun_backend_version(void) {
  return GATUN_BACKEND_VERSION;
}

const char *gatun_message(void) {
  return message;
}

int failed(int status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  return status;
}

int gatun_device_open(const gatun_option *options, int32_t option_count, gatun_device **device) {
  int64_t limit = INT64_MAX;
  int host_memory = 0;
  for (int32_t i = 0; i < option_count; i++) {
    const char *name = options[i].name;
    const char *value = options[i].value;
    if (strcmp(name, "memory") == 0) {
      char *end;
      long mebibytes = strtol(value, &end, 10);
      if (mebibytes <= 0 || *end != '\0') {
        return failed(GATUN_INVALID_OPTION, "option memory is a positive number of MiB, not '%s'", value);
      }
      limit = (int64_t)mebibytes << 20;
    } else if (strcmp(name, "host_memory") == 0) {
      if (strcmp(value, "on") != 0 && strcmp(value, "off") != 0) {
        return failed(GATUN_INVALID_OPTION, "option host_memory is on or off, not '%s'", value);
      }
      host_memory = strcmp(value, "on") == 0;
    } else {
      return failed(GATUN_INVALID_OPTION, "unknown option '%s'; it takes memory and host_memory", name);
    }
  }
  gatun_device *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return failed(GATUN_OUT_OF_MEMORY, "no memory for a device");
  }
  pthread_mutex_init(&made->lock, NULL);
  made->limit = limit;
  made->host_memory = host_memory;
  *device = made;
  return GATUN_OK;
}

int gatun_device_close(gatun_device *device) {
  pthread_mutex_destroy(&device->lock);
  free(device);
  return GATUN_OK;
}

int gatun_device_properties(gatun_device *device, gatun_properties *properties) {
  snprintf(properties->name, sizeof properties->name, "example device");
  snprintf(properties->kind, sizeof properties->kind, "example");
  snprintf(properties->facts, sizeof properties->facts, "loops=plain C\nthreads=one a stream");
  properties->memory_bytes = device->limit;
  properties->units = 1;
  properties->alignment = ALIGNMENT;
  properties->host_memory = device->host_memory;
  return GATUN_OK;
}

int gatun_device_allocate(gatun_device *device, int64_t bytes, void **address) {
  int status = GATUN_OK;
  pthread_mutex_lock(&device->lock);
  void *memory = NULL;
  if (bytes > device->limit - device->used || posix_memalign(&memory, ALIGNMENT, (size_t)bytes + ALIGNMENT) != 0) {
    status = failed(GATUN_OUT_OF_MEMORY, "%lld bytes do not fit: %lld of %lld are in use", (long long)bytes, (long long)device->used, (long long)device->limit);
  } else {
    /* The size lies before the memory, for gatun_device_free. */
    memcpy(memory, &bytes, sizeof bytes);
    device->used += bytes;
    *address = (char *)memory + ALIGNMENT;
  }
  pthread_mutex_unlock(&device->lock);
  return status;
}

int gatun_device_free(gatun_device *device, void *address) {
  char *memory = (char *)address - ALIGNMENT;
  int64_t bytes;
  memcpy(&bytes, memory, sizeof bytes);
  pthread_mutex_lock(&device->lock);
  device->used -= bytes;
  pthread_mutex_unlock(&device->lock);
  free(memory);
  return GATUN_OK;
}

static void *work(void *argument) {
  gatun_stream *stream = argument;
  pthread_mutex_lock(&stream->lock);
  for (;;) {
    while (stream->waiting == 0 && !stream->ending) {
      pthread_cond_wait(&stream->changed, &stream->lock);
    }
    if (stream->waiting == 0) {
      break;
    }
    const task *next = &stream->queue[stream->first];
    pthread_mutex_unlock(&stream->lock);
    next->run(next);
    pthread_mutex_lock(&stream->lock);
    stream->first = (stream->first + 1) % QUEUE;
    stream->waiting--;
    pthread_cond_broadcast(&stream->changed);
  }
  pthread_mutex_unlock(&stream->lock);
  return NULL;
}

int gatun_stream_create(gatun_device *device, gatun_stream **stream) {
  (void)device;
  gatun_stream *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return failed(GATUN_OUT_OF_MEMORY, "no memory for a stream");
  }
  pthread_mutex_init(&made->lock, NULL);
  pthread_cond_init(&made->changed, NULL);
  if (pthread_create(&made->worker, NULL, work, made) != 0) {
    free(made);
    return failed(GATUN_ERROR, "no thread for a stream");
  }
  *stream = made;
  return GATUN_OK;
}

int gatun_stream_destroy(gatun_device *device, gatun_stream *stream) {
  (void)device;
  pthread_mutex_lock(&stream->lock);
  stream->ending = 1;
  pthread_cond_broadcast(&stream->changed);
  pthread_mutex_unlock(&stream->lock);
  pthread_join(stream->worker, NULL);
  pthread_cond_destroy(&stream->changed);
  pthread_mutex_destroy(&stream->lock);
  free(stream);
  return GATUN_OK;
}

int enqueue(gatun_stream *stream, task t) {
  pthread_mutex_lock(&stream->lock);
  while (stream->waiting == QUEUE) {
    pthread_cond_wait(&stream->changed, &stream->lock);
  }
  stream->queue[(stream->first + stream->waiting) % QUEUE] = t;
  stream->waiting++;
  pthread_cond_broadcast(&stream->changed);
  pthread_mutex_unlock(&stream->lock);
  return GATUN_OK;
}

static void run_copy(const task *t) {
  memcpy((void *)t->pointer[0], t->pointer[1], (size_t)t->bytes);
}

int gatun_stream_copy(gatun_device *device, gatun_stream *stream, void *to, const void *from, int64_t bytes, int32_t direction) {
  (void)device;
  (void)direction;
  task t = {.run = run_copy, .pointer = {to, from}, .bytes = bytes};
  return enqueue(stream, t);
}

int gatun_stream_is_idle(gatun_device *device, gatun_stream *stream, int32_t *idle) {
  (void)device;
  pthread_mutex_lock(&stream->lock);
  *idle = stream->waiting == 0;
  pthread_mutex_unlock(&stream->lock);
  return GATUN_OK;
}

int gatun_stream_synchronize(gatun_device *device, gatun_stream *stream) {
  (void)device;
  pthread_mutex_lock(&stream->lock);
  while (stream->waiting > 0) {
    pthread_cond_wait(&stream->changed, &stream->lock);
  }
  pthread_mutex_unlock(&stream->lock);
  return GATUN_OK;
}
