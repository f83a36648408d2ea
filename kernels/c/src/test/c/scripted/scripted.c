/*
 * A library whose failures are scripted: fail names a function, status what it returns, message what it leaves, at=decision makes a launch function
 * fail when it is asked rather than when it runs. Without a script, work is done at once and launch functions refuse with an echo of their arguments.
 * Compiled with VERSION it claims that version of the header, with WITHOUT_ALLOCATE it lacks gatun_device_allocate.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scripted.h"

#ifndef VERSION
#define VERSION GATUN_BACKEND_VERSION
#endif

static char message[4096];
static char fail[64];
static char wanted[256];
static int status;
static int at_decision;
static int alignment;

static void script(const gatun_option *options, int32_t count) {
  fail[0] = '\0';
  at_decision = 0;
  alignment = 32;
  for (int32_t i = 0; i < count; i++) {
    if (strcmp(options[i].name, "fail") == 0) {
      snprintf(fail, sizeof fail, "%s", options[i].value);
    } else if (strcmp(options[i].name, "status") == 0) {
      status = atoi(options[i].value);
    } else if (strcmp(options[i].name, "message") == 0) {
      snprintf(wanted, sizeof wanted, "%s", options[i].value);
    } else if (strcmp(options[i].name, "at") == 0) {
      at_decision = strcmp(options[i].value, "decision") == 0;
    } else if (strcmp(options[i].name, "alignment") == 0) {
      alignment = atoi(options[i].value);
    }
  }
}

static int as_scripted(const char *function) {
  if (strcmp(function, fail) != 0) {
    return GATUN_OK;
  }
  snprintf(message, sizeof message, "%s", wanted);
  return status;
}

void begin(void) {
  message[0] = '\0';
}

void say(const char *format, ...) {
  size_t used = strlen(message);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message + used, sizeof message - used, format, arguments);
  va_end(arguments);
}

int answer(const char *function, gatun_stream *stream) {
  if (strcmp(function, fail) == 0) {
    return stream == NULL && !at_decision ? GATUN_OK : as_scripted(function);
  }
  return GATUN_UNSUPPORTED;
}

int gatun_backend_version(void) {
  return VERSION;
}

const char *gatun_message(void) {
  return message;
}

int gatun_device_probe(const gatun_option *options, int32_t option_count) {
  script(options, option_count);
  return as_scripted(__func__);
}

int gatun_device_open(const gatun_option *options, int32_t option_count, gatun_device **device) {
  script(options, option_count);
  *device = (gatun_device *)message;
  return as_scripted(__func__);
}

int gatun_device_close(gatun_device *device) {
  (void)device;
  return as_scripted(__func__);
}

int gatun_device_properties(gatun_device *device, gatun_properties *properties) {
  (void)device;
  memset(properties->name, 'x', sizeof properties->name); /* no NUL: the longest name there can be */
  snprintf(properties->kind, sizeof properties->kind, "scripted");
  snprintf(properties->facts, sizeof properties->facts, "a=1\nno fact\n b = 2 = 3 ");
  properties->alignment = alignment;
  return as_scripted(__func__);
}

int gatun_device_bandwidth(gatun_device *device, double *bytes_per_second) {
  (void)device;
  *bytes_per_second = 123.5e9;
  return as_scripted(__func__);
}

#ifndef WITHOUT_ALLOCATE
int gatun_device_allocate(gatun_device *device, int64_t bytes, void **address) {
  (void)device;
  int failure = as_scripted(__func__);
  *address = failure == GATUN_OK && bytes != 12345 ? malloc((size_t)bytes) : NULL;
  return failure;
}
#endif

int gatun_device_free(gatun_device *device, void *address) {
  (void)device;
  free(address);
  return as_scripted(__func__);
}

int gatun_stream_create(gatun_device *device, gatun_stream **stream) {
  *stream = (gatun_stream *)device;
  return as_scripted(__func__);
}

int gatun_stream_destroy(gatun_device *device, gatun_stream *stream) {
  (void)device;
  (void)stream;
  return as_scripted(__func__);
}

int gatun_stream_copy(gatun_device *device, gatun_stream *stream, void *to, const void *from, int64_t bytes, int32_t direction) {
  (void)device;
  (void)stream;
  (void)direction;
  memcpy(to, from, (size_t)bytes);
  return as_scripted(__func__);
}

int gatun_stream_is_idle(gatun_device *device, gatun_stream *stream, int32_t *idle) {
  (void)device;
  (void)stream;
  *idle = 1;
  return as_scripted(__func__);
}

int gatun_stream_synchronize(gatun_device *device, gatun_stream *stream) {
  (void)device;
  (void)stream;
  return as_scripted(__func__);
}
