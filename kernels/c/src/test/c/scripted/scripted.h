#ifndef SCRIPTED_H
#define SCRIPTED_H

#include <stddef.h>

#include "gatun_backend.h"

/* Text that grows. */
void say(const char *format, ...);

/* What a launch function answers: as the options script it, else a refusal whose reason is what was said since begin(). */
void begin(void);
int answer(const char *function, gatun_stream *stream);

#endif
