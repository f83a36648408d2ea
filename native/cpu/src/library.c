/* The interface: which processor this is, and from a type to its kernel. */
#include "kernels.h"

#if !defined(__x86_64__)
#error "these kernels are for x86-64"
#endif

int32_t gatun_cpu_abi(void) { return GATUN_CPU_ABI; }

int32_t gatun_cpu_level(void) {
  __builtin_cpu_init();
  int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c") && __builtin_cpu_supports("bmi2");
  int avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")
      && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512vnni");
  return avx2 && avx512 ? GATUN_CPU_AVX512 : avx2 ? GATUN_CPU_AVX2 : GATUN_CPU_NONE;
}

/* On Zen 4 a loop of 64-byte loads runs at half its speed once it asks for lines (11 against 20 GB/s), and by the processor's own prefetching it misses none. */
static int asks_ahead(void) { return !__builtin_cpu_is("amdfam19h"); }

static const struct level *of_level(int32_t level) {
  return level == GATUN_CPU_AVX512 ? gatun_avx512() : level == GATUN_CPU_AVX2 ? gatun_avx2() : NULL;
}

static const struct kernel *of_type(const struct level *level, int32_t type) {
  if (type == GATUN_BF16_BY_BF16 && !__builtin_cpu_supports("avx512bf16")) {
    return NULL;
  }
  for (int32_t i = 0; level != NULL && i < level->count; i++) {
    if (level->kernels[i].type == type) {
      return &level->kernels[i];
    }
  }
  return NULL;
}

int32_t gatun_cpu_activation_form(int32_t level, int32_t type) {
  const struct kernel *kernel = of_type(of_level(level), type);
  return kernel == NULL ? -1 : kernel->form;
}

int64_t gatun_cpu_activation_bytes(int32_t level, int32_t type, int64_t k) {
  return form_bytes(gatun_cpu_activation_form(level, type), k);
}

void gatun_cpu_activate(int32_t level, int32_t type, const void *x, int64_t x_offset, int64_t x_row_bytes, int32_t rows, int64_t k, void *act,
    int64_t act_offset, int32_t m0, int32_t m1) {
  const struct level *found = of_level(level);
  const struct kernel *kernel = of_type(found, type);
  if (kernel == NULL || kernel->form == IN_PLACE) {
    return;
  }
  round_fn round = kernel->form == IN_BF16 ? found->round_bf16 : kernel->form == IN_HALVES ? found->round_halves : found->round;
  int64_t bytes = form_bytes(kernel->form, k);
  for (int64_t m = m0; m < m1; m++) {
    round((const float *)((const char *)x + x_offset + m * x_row_bytes), k, rows, (char *)act + act_offset + m * bytes);
  }
}

void gatun_cpu_matmul(int32_t level, int32_t type, const void *act, int64_t act_offset, int64_t act_row_bytes, int32_t rows, const void *w, int64_t w_offset,
    int64_t w_row_bytes, int64_t k, int32_t n0, int32_t n1, void *y, int64_t y_offset, int64_t y_row_bytes) {
  const struct kernel *kernel = of_type(of_level(level), type);
  if (kernel == NULL || rows <= 0 || n0 >= n1) {
    return;
  }
  struct product p = {(const uint8_t *)act + act_offset, act_row_bytes, rows, (const uint8_t *)w + w_offset, w_row_bytes, k, n0, n1,
      (uint8_t *)y + y_offset, y_row_bytes, asks_ahead()};
  if (rows > 1 && kernel->many != NULL) {
    kernel->many(&p);
    return;
  }
  for (int32_t m = 0; m < rows; m++, p.act += act_row_bytes, p.y += y_row_bytes) {
    kernel->one(&p);
  }
}

int32_t gatun_cpu_attends(int32_t level, int32_t type) {
  return of_level(level) != NULL && (type == GATUN_F32 || type == GATUN_F16 || type == GATUN_BF16 || type == GATUN_Q8_0);
}

int64_t gatun_cpu_attend_bytes(int32_t key_size, int32_t value_size, int32_t group) {
  return 4 * GATUN_CPU_TILE * (filled(key_size) + filled(value_size) + group);
}

void gatun_cpu_silu_mul(int32_t level, const void *gate, int64_t gate_offset, int64_t gate_row_bytes, const void *up, int64_t up_offset,
    int64_t up_row_bytes, void *y, int64_t y_offset, int64_t y_row_bytes, int32_t rows, int64_t n) {
  const struct level *found = of_level(level);
  for (int64_t r = 0; found != NULL && r < rows; r++) {
    found->silu((const float *)((const char *)gate + gate_offset + r * gate_row_bytes), (const float *)((const char *)up + up_offset + r * up_row_bytes),
        (float *)((char *)y + y_offset + r * y_row_bytes), n);
  }
}

static const float *floats_at(const void *p, int64_t offset, int64_t row_bytes, int64_t row) {
  return (const float *)((const char *)p + offset + row * row_bytes);
}

static float *result_at(void *p, int64_t offset, int64_t row_bytes, int64_t row) { return (float *)((char *)p + offset + row * row_bytes); }

void gatun_cpu_add(int32_t level, const void *a, int64_t a_offset, int64_t a_row_bytes, const void *b, int64_t b_offset, int64_t b_row_bytes, void *y,
    int64_t y_offset, int64_t y_row_bytes, int32_t rows, int64_t n) {
  const struct level *found = of_level(level);
  for (int64_t r = 0; found != NULL && r < rows; r++) {
    found->rows->add(floats_at(a, a_offset, a_row_bytes, r), floats_at(b, b_offset, b_row_bytes, r), result_at(y, y_offset, y_row_bytes, r), n);
  }
}

void gatun_cpu_scale(int32_t level, const void *x, int64_t x_offset, int64_t x_row_bytes, const void *factors, int64_t factor_offset, int64_t factor_bytes,
    void *y, int64_t y_offset, int64_t y_row_bytes, int32_t rows, int64_t n) {
  const struct level *found = of_level(level);
  for (int64_t r = 0; found != NULL && r < rows; r++) {
    found->rows->scale(floats_at(x, x_offset, x_row_bytes, r), *floats_at(factors, factor_offset, factor_bytes, r), result_at(y, y_offset, y_row_bytes, r), n);
  }
}

void gatun_cpu_rms_norm(int32_t level, const void *x, int64_t x_offset, int64_t x_row_bytes, const void *weight, int64_t weight_offset, float eps, void *y,
    int64_t y_offset, int64_t y_row_bytes, int32_t rows, int64_t n) {
  const struct level *found = of_level(level);
  for (int64_t r = 0; found != NULL && r < rows; r++) {
    found->rows->rms_norm(floats_at(x, x_offset, x_row_bytes, r), floats_at(weight, weight_offset, 0, 0), eps, result_at(y, y_offset, y_row_bytes, r), n);
  }
}

void gatun_cpu_rotate(int32_t level, int32_t interleaved, const void *x, int64_t x_offset, int64_t x_row_bytes, const void *table, int64_t table_offset, void *y,
    int64_t y_offset, int64_t y_row_bytes, int32_t rows, int64_t dims, int64_t n) {
  const struct level *found = of_level(level);
  const float *turns = floats_at(table, table_offset, 0, 0);
  for (int64_t r = 0; found != NULL && r < rows; r++) {
    const float *from = floats_at(x, x_offset, x_row_bytes, r);
    float *to = result_at(y, y_offset, y_row_bytes, r);
    (interleaved ? found->rows->rotate_pairs : found->rows->rotate_halves)(from, turns, to, dims);
    if (from != to) {
      memcpy(to + dims, from + dims, (size_t)(4 * (n - dims)));
    }
  }
}

void gatun_cpu_largest(int32_t level, const void *x, int64_t x_offset, int64_t n, int32_t first, void *found, int64_t found_offset) {
  const struct level *of = of_level(level);
  if (of == NULL || n <= 0) {
    return;
  }
  float value;
  int32_t index = first + (int32_t)of->rows->largest(floats_at(x, x_offset, 0, 0), n, &value);
  memcpy((char *)found + found_offset, &value, 4);
  memcpy((char *)found + found_offset + 4, &index, 4);
}

static widen_fn widening(int32_t level, int32_t type) {
  const struct level *found = of_level(level);
  return found == NULL ? NULL : found->rows->widening(type);
}

int32_t gatun_cpu_widens(int32_t level, int32_t type) { return widening(level, type) != NULL; }

void gatun_cpu_widen(int32_t level, int32_t type, const void *w, int64_t w_offset, int64_t w_row_bytes, void *y, int64_t y_offset, int64_t y_row_bytes,
    int32_t rows, int64_t k) {
  widen_fn widen = widening(level, type);
  for (int64_t r = 0; widen != NULL && r < rows; r++) {
    widen((const uint8_t *)w + w_offset + r * w_row_bytes, result_at(y, y_offset, y_row_bytes, r), k);
  }
}

void gatun_cpu_attend(int32_t level, int32_t type, const void *q, int64_t q_offset, int64_t q_token_bytes, int64_t q_head_bytes, int32_t tokens,
    int32_t group, const void *keys, int64_t key_offset, int64_t key_stride, int32_t key_size, const void *values, int64_t value_offset, int64_t value_stride,
    int32_t value_size, int32_t count, float scale, void *scratch, int64_t base, int64_t state, int64_t sums, int64_t sums_row_bytes, int64_t bounds,
    int64_t work) {
  if (!gatun_cpu_attends(level, type) || count <= 0 || count > GATUN_CPU_TILE) {
    return;
  }
  uint8_t *own = (uint8_t *)scratch + base;
  struct attention a = {type, (const uint8_t *)q + q_offset, q_token_bytes, q_head_bytes, tokens, group, (const uint8_t *)keys + key_offset, key_stride, key_size,
      (const uint8_t *)values + value_offset, value_stride, value_size, count, scale, own + state, own + sums, sums_row_bytes, own + bounds, (float *)(own + work)};
  of_level(level)->attend(&a);
}
