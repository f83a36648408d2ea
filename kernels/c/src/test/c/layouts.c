/* What the compiler makes of the header: sizes, offsets and numbers under their names. */
#include <stddef.h>

#include "gatun_backend.h"

typedef struct entry {
  const char *name;
  int64_t value;
} entry;

#define SIZE(type) {#type, (int64_t)sizeof(type)}
#define FIELD(type, field) {#type "." #field, (int64_t)offsetof(type, field)}
#define NUMBER(name) {#name, (int64_t)name}

static const entry ENTRIES[] = {
    SIZE(gatun_option), FIELD(gatun_option, name), FIELD(gatun_option, value),
    SIZE(gatun_tensor), FIELD(gatun_tensor, data), FIELD(gatun_tensor, count), FIELD(gatun_tensor, size), FIELD(gatun_tensor, stride),
    FIELD(gatun_tensor, dtype), FIELD(gatun_tensor, rank), FIELD(gatun_tensor, varies), FIELD(gatun_tensor, reserved),
    SIZE(gatun_batch), FIELD(gatun_batch, starts), FIELD(gatun_batch, slots), FIELD(gatun_batch, positions),
    SIZE(gatun_keys), FIELD(gatun_keys, k), FIELD(gatun_keys, v), FIELD(gatun_keys, starts),
    SIZE(gatun_cache), FIELD(gatun_cache, pages), FIELD(gatun_cache, table), FIELD(gatun_cache, key_bytes), FIELD(gatun_cache, value_bytes),
    FIELD(gatun_cache, head_bytes), FIELD(gatun_cache, page_bytes), FIELD(gatun_cache, layer_bytes), FIELD(gatun_cache, dtype),
    FIELD(gatun_cache, layers), FIELD(gatun_cache, heads), FIELD(gatun_cache, key_size), FIELD(gatun_cache, value_size),
    FIELD(gatun_cache, page_tokens), FIELD(gatun_cache, pages_count), FIELD(gatun_cache, slots), FIELD(gatun_cache, slot_tokens),
    FIELD(gatun_cache, slot_pages), FIELD(gatun_cache, layer), FIELD(gatun_cache, reserved),
    SIZE(gatun_rotation), FIELD(gatun_rotation, frequencies), FIELD(gatun_rotation, amplitude), FIELD(gatun_rotation, base),
    FIELD(gatun_rotation, magnitude), FIELD(gatun_rotation, factor), FIELD(gatun_rotation, low_factor), FIELD(gatun_rotation, high_factor),
    FIELD(gatun_rotation, attention_factor), FIELD(gatun_rotation, beta_fast), FIELD(gatun_rotation, beta_slow), FIELD(gatun_rotation, context),
    FIELD(gatun_rotation, pairs), FIELD(gatun_rotation, dims), FIELD(gatun_rotation, scaling), FIELD(gatun_rotation, reserved),
    SIZE(gatun_properties), FIELD(gatun_properties, name), FIELD(gatun_properties, kind), FIELD(gatun_properties, facts),
    FIELD(gatun_properties, memory_bytes), FIELD(gatun_properties, units), FIELD(gatun_properties, alignment), FIELD(gatun_properties, host_memory),
    FIELD(gatun_properties, reserved),
    NUMBER(GATUN_BACKEND_VERSION), NUMBER(GATUN_F32), NUMBER(GATUN_F16), NUMBER(GATUN_BF16), NUMBER(GATUN_I8), NUMBER(GATUN_I32), NUMBER(GATUN_F8_E4M3),
    NUMBER(GATUN_F8_E5M2), NUMBER(GATUN_Q8_0), NUMBER(GATUN_Q4_0), NUMBER(GATUN_Q4_1), NUMBER(GATUN_Q5_0), NUMBER(GATUN_Q5_1), NUMBER(GATUN_Q2_K),
    NUMBER(GATUN_Q3_K), NUMBER(GATUN_Q4_K), NUMBER(GATUN_Q5_K), NUMBER(GATUN_Q6_K), NUMBER(GATUN_IQ4_NL), NUMBER(GATUN_MXFP4),
    NUMBER(GATUN_IQ4_XS), NUMBER(GATUN_TQ1_0), NUMBER(GATUN_TQ2_0),
};

/* The name and the value at an index; 0 past the last. */
GATUN_EXPORT int layout(int32_t index, const char **name, int64_t *value);

int layout(int32_t index, const char **name, int64_t *value) {
  if (index >= (int32_t)(sizeof ENTRIES / sizeof ENTRIES[0])) {
    return 0;
  }
  *name = ENTRIES[index].name;
  *value = ENTRIES[index].value;
  return 1;
}
