/*
 * Products with weights as GGUF files hold them, on a CPU: y[m][n] = sum over k of x[m][k] * w[n][k], x and y in F32.
 *
 * Row n of w starts at byte w_offset + n * w_row_bytes of w and holds k elements in the weight's type, in place: blocks as in the file. No result
 * depends on how [n0, n1) is cut, nor on what other rows of x hold; one row of x takes another path than two or more, whose number changes no bit.
 * NaN and infinities give results that are not finite. No function allocates, writes anything but its output, or keeps state.
 *
 * `type` is GGUF's number of the weight's type, `level` the instructions to use: GATUN_CPU_AVX2 or GATUN_CPU_AVX512, not above gatun_cpu_level().
 */
#ifndef GATUN_CPU_H
#define GATUN_CPU_H

#include <stdint.h>

#define GATUN_CPU_ABI 4

enum gatun_cpu_level_of {
  GATUN_CPU_NONE = 0,
  GATUN_CPU_AVX2 = 2,  /* AVX2, FMA, F16C */
  GATUN_CPU_AVX512 = 3 /* AVX-512 F, BW, DQ, VL, VNNI */
};

enum gatun_cpu_type {
  GATUN_F32 = 0,
  GATUN_F16 = 1,
  GATUN_Q4_0 = 2,
  GATUN_Q4_1 = 3,
  GATUN_Q5_0 = 6,
  GATUN_Q5_1 = 7,
  GATUN_Q8_0 = 8,
  GATUN_Q2_K = 10,
  GATUN_Q3_K = 11,
  GATUN_Q4_K = 12,
  GATUN_Q5_K = 13,
  GATUN_Q6_K = 14,
  GATUN_IQ4_NL = 20,
  GATUN_IQ4_XS = 23,
  GATUN_BF16 = 30,
  GATUN_TQ1_0 = 34,
  GATUN_TQ2_0 = 35,
  GATUN_MXFP4 = 39,
  GATUN_BF16_BY_BF16 = 256 + 30, /* weights in BF16, and activations rounded to it; where the processor has AVX-512 BF16 */
  GATUN_F16_BY_HALF = 512 + 1,   /* weights in F16; activations rounded to F16 once divided by a power of two, one for a row, that leaves the largest in range */
  GATUN_BF16_BY_HALF = 512 + 30  /* weights in BF16; activations likewise */
};

#define GATUN_EXPORT __attribute__((visibility("default")))

/* The version of this interface. */
GATUN_EXPORT int32_t gatun_cpu_abi(void);

/* The best level that this processor and system run. */
GATUN_EXPORT int32_t gatun_cpu_level(void);

/* -1: no kernel for the type at this level. 0: x is read where it lies. Else the number of a form: types of one number read each other's activations. */
GATUN_EXPORT int32_t gatun_cpu_activation_form(int32_t level, int32_t type);

/* Bytes of a row of k activations in that form, a multiple of 64; 0 where x is read where it lies. */
GATUN_EXPORT int64_t gatun_cpu_activation_bytes(int32_t level, int32_t type, int64_t k);

/*
 * Writes rows [m0, m1) of x in the type's form. Row m of x starts at byte x_offset + m * x_row_bytes, of act at act_offset + m * the form's bytes.
 * rows: how many the product will be given, since one may take another form than more.
 */
GATUN_EXPORT void gatun_cpu_activate(int32_t level, int32_t type, const void *x, int64_t x_offset, int64_t x_row_bytes, int32_t rows, int64_t k, void *act,
    int64_t act_offset, int32_t m0, int32_t m1);

/* Writes y[m][n] for m in [0, rows) and n in [n0, n1), the float at byte y_offset + m * y_row_bytes + 4 * n of y. k is at least 1, and whole blocks. */
GATUN_EXPORT void gatun_cpu_matmul(int32_t level, int32_t type, const void *act, int64_t act_offset, int64_t act_row_bytes, int32_t rows, const void *w,
    int64_t w_offset, int64_t w_row_bytes, int64_t k, int32_t n0, int32_t n1, void *y, int64_t y_offset, int64_t y_row_bytes);

/* Whether gatun_cpu_widen takes a type: Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K and Q6_K. */
GATUN_EXPORT int32_t gatun_cpu_widens(int32_t level, int32_t type);

/*
 * y = w as floats, for rows of k weights, whole blocks: row r starts at byte w_offset + r * w_row_bytes of w and at y_offset + r * y_row_bytes of y, which do
 * not overlap.
 */
GATUN_EXPORT void gatun_cpu_widen(int32_t level, int32_t type, const void *w, int64_t w_offset, int64_t w_row_bytes, void *y, int64_t y_offset,
    int64_t y_row_bytes, int32_t rows, int64_t k);

/* Whether gatun_cpu_attend takes keys and values of a type: F32, F16, BF16 and, in whole blocks, Q8_0. */
GATUN_EXPORT int32_t gatun_cpu_attends(int32_t level, int32_t type);

/* Positions of a tile at most. */
#define GATUN_CPU_TILE 64

/* Bytes that gatun_cpu_attend works in. */
GATUN_EXPORT int64_t gatun_cpu_attend_bytes(int32_t key_size, int32_t value_size, int32_t group);

/*
 * The online softmax goes on over `count` positions of one key/value head, for the query heads of its group and a number of tokens.
 *
 * Position j has key_size elements at key_offset + j * key_stride of `keys` and value_size at value_offset + j * value_stride of `values`. The query of
 * token t and head g is key_size floats at q_offset + t * q_token_bytes + g * q_head_bytes of q. All that follows lies in `scratch`, from base on: row
 * r = t * group + g has its largest score and the sum of its weights, two floats, at state + 8 * r, its weighted sum of values, value_size floats, at
 * sums + r * sums_row_bytes; token t sees positions [first, end), two 32-bit integers at bounds + 8 * t, neither of which needs to lie in the tile; and
 * the function works in gatun_cpu_attend_bytes from `work` on. A row's bits depend on what its token sees alone.
 */
GATUN_EXPORT void gatun_cpu_attend(int32_t level, int32_t type, const void *q, int64_t q_offset, int64_t q_token_bytes, int64_t q_head_bytes, int32_t tokens,
    int32_t group, const void *keys, int64_t key_offset, int64_t key_stride, int32_t key_size, const void *values, int64_t value_offset, int64_t value_stride,
    int32_t value_size, int32_t count, float scale, void *scratch, int64_t base, int64_t state, int64_t sums, int64_t sums_row_bytes, int64_t bounds,
    int64_t work);

/*
 * y = gate / (1 + exp(-gate)) * up, for rows of n floats: row r of each starts at its offset + r * its row's bytes. y may be gate or up. An element's bits
 * depend on its own gate and up alone.
 */
GATUN_EXPORT void gatun_cpu_silu_mul(int32_t level, const void *gate, int64_t gate_offset, int64_t gate_row_bytes, const void *up, int64_t up_offset,
    int64_t up_row_bytes, void *y, int64_t y_offset, int64_t y_row_bytes, int32_t rows, int64_t n);

/* y = a + b, for rows of n floats as above; y may be a or b. */
GATUN_EXPORT void gatun_cpu_add(int32_t level, const void *a, int64_t a_offset, int64_t a_row_bytes, const void *b, int64_t b_offset, int64_t b_row_bytes,
    void *y, int64_t y_offset, int64_t y_row_bytes, int32_t rows, int64_t n);

/* y = x * factor, for rows of n floats as above, each with the float at factor_offset + r * factor_bytes of `factors`; y may be x. */
GATUN_EXPORT void gatun_cpu_scale(int32_t level, const void *x, int64_t x_offset, int64_t x_row_bytes, const void *factors, int64_t factor_offset,
    int64_t factor_bytes, void *y, int64_t y_offset, int64_t y_row_bytes, int32_t rows, int64_t n);

/* y = x / sqrt(mean(x^2) + eps) * weight, for rows of n floats as above and one row of weights; y may be x. A row's bits depend on it alone. */
GATUN_EXPORT void gatun_cpu_rms_norm(int32_t level, const void *x, int64_t x_offset, int64_t x_row_bytes, const void *weight, int64_t weight_offset, float eps,
    void *y, int64_t y_offset, int64_t y_row_bytes, int32_t rows, int64_t n);

/*
 * Turns pairs of the first `dims` floats of rows of n, and copies what is behind them. Not interleaved: elements i and dims / 2 + i, by a table of dims / 2
 * cosines and as many sines. Interleaved: elements 2i and 2i + 1, by a table of each cosine twice, then each sine twice, the first of the two negated.
 * y may be x.
 */
GATUN_EXPORT void gatun_cpu_rotate(int32_t level, int32_t interleaved, const void *x, int64_t x_offset, int64_t x_row_bytes, const void *table,
    int64_t table_offset, void *y, int64_t y_offset, int64_t y_row_bytes, int32_t rows, int64_t dims, int64_t n);

/* The largest of n floats at x_offset of x, at least one, or the first NaN, at found_offset of `found`, and behind it its first index plus `first`, 32 bits. */
GATUN_EXPORT void gatun_cpu_largest(int32_t level, const void *x, int64_t x_offset, int64_t n, int32_t first, void *found, int64_t found_offset);

#endif
