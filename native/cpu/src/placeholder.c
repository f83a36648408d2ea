/* F32 and Q8_0 in plain C, for both levels: what the interface promises, at no speed. */
#include "gatun_cpu.h"

#include <string.h>

static const int LINE = 64;

static float half(const unsigned char *at) {
  uint16_t bits;
  memcpy(&bits, at, 2);
  uint32_t magnitude = bits & 0x7fffu;
  uint32_t sign = (uint32_t)(bits & 0x8000u) << 16;
  float value;
  if (magnitude < 0x400u) {
    value = (float)magnitude * 0x1p-24f;
    memcpy(&magnitude, &value, 4);
  } else {
    magnitude = (magnitude << 13) + (magnitude < 0x7c00u ? 112u << 23 : 224u << 23);
  }
  magnitude |= sign;
  memcpy(&value, &magnitude, 4);
  return value;
}

int32_t gatun_cpu_abi(void) { return GATUN_CPU_ABI; }

int32_t gatun_cpu_level(void) {
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) {
    return GATUN_CPU_NONE;
  }
  return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vnni") ? GATUN_CPU_AVX512 : GATUN_CPU_AVX2;
}

int32_t gatun_cpu_activation_form(int32_t level, int32_t type) {
  if (level != GATUN_CPU_AVX2 && level != GATUN_CPU_AVX512) {
    return -1;
  }
  return type == GATUN_F32 ? 0 : type == GATUN_Q8_0 ? 1 : -1;
}

int64_t gatun_cpu_activation_bytes(int32_t level, int32_t type, int64_t k) {
  return gatun_cpu_activation_form(level, type) > 0 ? (4 * k + LINE - 1) / LINE * LINE : 0;
}

void gatun_cpu_activate(int32_t level, int32_t type, const void *x, int64_t x_offset, int64_t x_row_bytes, int32_t rows, int64_t k, void *act,
    int64_t act_offset, int32_t m0, int32_t m1) {
  (void)rows;
  int64_t bytes = gatun_cpu_activation_bytes(level, type, k);
  for (int32_t m = m0; bytes > 0 && m < m1; m++) {
    memcpy((char *)act + act_offset + m * bytes, (const char *)x + x_offset + m * x_row_bytes, (size_t)(4 * k));
  }
}

void gatun_cpu_matmul(int32_t level, int32_t type, const void *act, int64_t act_offset, int64_t act_row_bytes, int32_t rows, const void *w,
    int64_t w_offset, int64_t w_row_bytes, int64_t k, int32_t n0, int32_t n1, void *y, int64_t y_offset, int64_t y_row_bytes) {
  (void)level;
  for (int32_t n = n0; n < n1; n++) {
    const unsigned char *weights = (const unsigned char *)w + w_offset + n * w_row_bytes;
    for (int32_t m = 0; m < rows; m++) {
      const char *a = (const char *)act + act_offset + m * act_row_bytes;
      float sum = 0;
      for (int64_t i = 0; i < k; i++) {
        float x;
        float value;
        memcpy(&x, a + 4 * i, 4);
        if (type == GATUN_Q8_0) {
          const unsigned char *block = weights + i / 32 * 34;
          value = half(block) * (float)(signed char)block[2 + i % 32];
        } else {
          memcpy(&value, weights + 4 * i, 4);
        }
        sum += x * value;
      }
      memcpy((char *)y + y_offset + m * y_row_bytes + 4 * (int64_t)n, &sum, 4);
    }
  }
}
