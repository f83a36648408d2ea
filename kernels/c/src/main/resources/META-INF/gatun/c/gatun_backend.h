/*
 * A Gatun backend in C: what a shared library exports so that the adapter dev.gatun:gatun-c can drive it. Plain C99, no other header needed.
 *
 * The library implements every function of the section "Device", "Memory" and "Streams" that is not marked optional, and as many launch
 * functions as it likes: one that is not exported makes its operator unsupported, with that as the reason. What each operator computes is told
 * once, in the Javadoc of the record of the same name in the Java package dev.gatun (RmsNorm for gatun_rms_norm); the parameters of a launch
 * function are that record's components in their order.
 *
 * Rules for all functions:
 *
 *  - They return GATUN_OK or another gatun_status and leave a text for gatun_message(). They never exit, abort, print or throw.
 *  - They may be called from any thread, and by several threads at once; one stream is used by one thread at a time.
 *  - What a call gets has been checked by the caller: shapes fit as the record's Javadoc says, an output overlaps no input except where the
 *    record allows the very same view (same data, size and stride), handles are open.
 *  - Pointers to structs are never NULL unless it says so. Their contents, and what they point to in host memory, stay where they are and
 *    unchanged until the work enqueued with them is done; without a stream only until the call returns.
 */
#ifndef GATUN_BACKEND_H
#define GATUN_BACKEND_H

#include <stdint.h>

/* Raised whenever a library made for the version before would no longer work. */
#define GATUN_BACKEND_VERSION 2

#if defined(_WIN32)
#define GATUN_EXPORT __declspec(dllexport)
#elif defined(__GNUC__)
#define GATUN_EXPORT __attribute__((visibility("default")))
#else
#define GATUN_EXPORT
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* What a function returns. Any other value counts as GATUN_ERROR. */
typedef enum gatun_status {
  GATUN_OK = 0,
  /* This case, or this machine, is not served; the message says why in words a user can act on, and is never empty. Nothing was done. */
  GATUN_UNSUPPORTED = 1,
  /* A setting that the library does not know or cannot use; the message names it and those it knows. */
  GATUN_INVALID_OPTION = 2,
  GATUN_OUT_OF_MEMORY = 3,
  /* Anything else that failed; the device can be used on. */
  GATUN_ERROR = 4,
  /* The device is lost to this process: every later call will fail. */
  GATUN_DEVICE_LOST = 5
} gatun_status;

/*
 * Element types. The block types are those of the GGUF format, bit for bit as ggml's ggml-common.h defines them under the same names; the Javadoc
 * of dev.gatun.DType spells each one out. All multi-byte fields are little endian.
 */
typedef enum gatun_dtype {
  GATUN_F32 = 0,
  GATUN_F16 = 1,
  GATUN_BF16 = 2,
  GATUN_I8 = 3,
  GATUN_I32 = 4,
  GATUN_F8_E4M3 = 5,
  GATUN_F8_E5M2 = 6,
  /* elements in a block, bytes of a block */
  GATUN_Q8_0 = 7,    /* 32, 34 */
  GATUN_Q4_0 = 8,    /* 32, 18 */
  GATUN_Q4_1 = 9,    /* 32, 20 */
  GATUN_Q5_0 = 10,   /* 32, 22 */
  GATUN_Q5_1 = 11,   /* 32, 24 */
  GATUN_Q2_K = 12,   /* 256, 84 */
  GATUN_Q3_K = 13,   /* 256, 110 */
  GATUN_Q4_K = 14,   /* 256, 144 */
  GATUN_Q5_K = 15,   /* 256, 176 */
  GATUN_Q6_K = 16,   /* 256, 210 */
  GATUN_IQ4_NL = 17, /* 32, 18 */
  GATUN_MXFP4 = 18,  /* 32, 17 */
  GATUN_IQ4_XS = 19, /* 256, 136 */
  GATUN_TQ1_0 = 20,  /* 256, 54 */
  GATUN_TQ2_0 = 21   /* 256, 66 */
} gatun_dtype;

typedef struct gatun_device gatun_device; /* the library's own, made by gatun_device_open */
typedef struct gatun_stream gatun_stream; /* the library's own, made by gatun_stream_create */

/* A setting given by the user, as NUL-terminated UTF-8. */
typedef struct gatun_option {
  const char *name;
  const char *value;
} gatun_option;

/*
 * A view of memory. Index (i0, i1, ..) is the element i0 * stride[0] + i1 * stride[1] + .. past data. Rows of a block type are whole blocks without
 * gaps, their strides multiples of the block: the row begins at byte stride / (elements in a block) * (bytes of a block).
 *
 * Where varies is 1, dimension 0 varies from one launch to the next: size[0] is the most there can be, and *count, in device memory, the actual size,
 * to be read when the work runs and clamped to 0 .. size[0]. Rows at or past it are neither read nor written. All operands of a launch whose
 * dimension 0 counts the same rows then vary with the same count, so that it is enough to look at the output's. (With another count of their own
 * vary the slots of a gatun_batch, which count sequences, and the x of gatun_gather_rows, whose count nothing needs.)
 */
typedef struct gatun_tensor {
  void *data;           /* the first element, in device memory; NULL without a stream */
  const int32_t *count; /* in device memory; NULL unless varies, and without a stream */
  int64_t size[4];      /* outermost first; 1 past rank */
  int64_t stride[4];    /* in elements; 0 past rank */
  int32_t dtype;        /* a gatun_dtype */
  int32_t rank;         /* 1 to 4 */
  int32_t varies;       /* 0 or 1 */
  int32_t reserved;     /* 0 */
} gatun_tensor;

/*
 * Which token of a step belongs to which sequence: sequence s owns the rows starts[s] to starts[s + 1] of every token-wise tensor. Tokens that no
 * sequence owns are possible.
 */
typedef struct gatun_batch {
  gatun_tensor starts;    /* I32 [S + 1]; entries past the actual sequences plus one are not to be read */
  gatun_tensor slots;     /* I32 [S], the cache slot of each sequence; where it varies, its count is the number of sequences */
  gatun_tensor positions; /* I32 [T], the position of each token in its sequence; where it varies, its count is the number of tokens */
} gatun_batch;

/* Keys and values as plain tensors: sequence s owns the rows starts[s] to starts[s + 1], row j of them is position j. */
typedef struct gatun_keys {
  gatun_tensor k;      /* [Tk, Hkv, D] */
  gatun_tensor v;      /* [Tk, Hkv, Dv] in the dtype of k */
  gatun_tensor starts; /* I32 [S + 1] */
} gatun_keys;

/*
 * One layer of a paged cache, allocated and mapped by the adapter. Position p of slot s is token p % page_tokens of page
 *
 *   page = table[s * slot_pages + p / page_tokens]
 *
 * which is -1 where there is none: an append to it is dropped, and nothing is read there. Of that token and head h, the key is key_size elements
 * from byte
 *
 *   layer * layer_bytes + page * page_bytes + h * head_bytes + (p % page_tokens) * key_bytes
 *
 * of pages on, the value value_size elements from byte
 *
 *   layer * layer_bytes + page * page_bytes + h * head_bytes + page_tokens * key_bytes + (p % page_tokens) * value_bytes
 *
 * A head of a page is thus first page_tokens keys, then as many values, without gaps. Slots at or past slots and positions at or past slot_tokens
 * have no page.
 */
typedef struct gatun_cache {
  void *pages;          /* in device memory; NULL without a stream */
  const int32_t *table; /* [slots, slot_pages] in device memory; NULL without a stream */
  int64_t key_bytes;
  int64_t value_bytes;
  int64_t head_bytes;
  int64_t page_bytes;
  int64_t layer_bytes;
  int32_t dtype; /* F32, F16, BF16, F8_E4M3, F8_E5M2 or Q8_0 */
  int32_t layers;
  int32_t heads;
  int32_t key_size;
  int32_t value_size;
  int32_t page_tokens;
  int32_t pages_count;
  int32_t slots;
  int32_t slot_tokens;
  int32_t slot_pages;
  int32_t layer;    /* the layer that this launch is about */
  int32_t reserved; /* 0 */
} gatun_cache;

/* Which elements of a head form pair i of a rotation. */
enum { GATUN_INTERLEAVED = 0 /* 2i, 2i + 1 */, GATUN_HALF_SPLIT = 1 /* i, i + dims / 2 */ };

/* How a rotation's frequencies are scaled; dev.gatun.Rotation.Scaling has the formulas. */
enum { GATUN_SCALING_NONE = 0, GATUN_SCALING_LINEAR = 1, GATUN_SCALING_LLAMA3 = 2, GATUN_SCALING_YARN = 3 };

/*
 * How gatun_rope rotates. Pair i turns by position * frequencies[i] / factors[i], cosine and sine are multiplied by amplitude: whoever uses these two
 * needs nothing of base, magnitude, scaling and what follows, which is there for kernels that form the frequencies themselves.
 */
typedef struct gatun_rotation {
  const double *frequencies; /* [dims / 2] in host memory, scaled, without the factors tensor */
  double amplitude;          /* the magnitude, times YaRN's own factor */
  double base;
  double magnitude;
  double factor;            /* LINEAR, LLAMA3, YARN; numbers that a scaling does not have are 0 */
  double low_factor;        /* LLAMA3 */
  double high_factor;       /* LLAMA3 */
  double attention_factor;  /* YARN */
  double beta_fast;         /* YARN */
  double beta_slow;         /* YARN */
  int64_t context;          /* LLAMA3, YARN */
  int32_t pairs;            /* GATUN_INTERLEAVED or GATUN_HALF_SPLIT */
  int32_t dims;             /* the elements of a head that rotate; the others are copied */
  int32_t scaling;          /* GATUN_SCALING_.. */
  int32_t reserved;         /* 0 */
} gatun_rotation;

/* Facts about a device; the library writes them, text NUL-terminated UTF-8. */
typedef struct gatun_properties {
  char name[128];       /* the device's own name */
  char kind[32];        /* "gpu", "npu", .. */
  char facts[1024];     /* lines "name=value", whatever else is worth showing: driver, clock, instruction sets */
  int64_t memory_bytes; /* memory there is */
  int32_t units;        /* compute units */
  int32_t alignment;    /* bytes that gatun_device_allocate aligns to, a power of two, at least 16 */
  int32_t host_memory;  /* 1 where launches read and write any host memory, and the host any device memory; else 0 */
  int32_t reserved;
} gatun_properties;

/* ---- Device ---------------------------------------------------------------------------------------------------------------------------------- */

/* GATUN_BACKEND_VERSION of the header that the library was compiled with. Called before anything else. */
GATUN_EXPORT int gatun_backend_version(void);

/* What the last call of this thread that did not return GATUN_OK has to say, one line, UTF-8; valid until the thread's next call. Never NULL. */
GATUN_EXPORT const char *gatun_message(void);

/*
 * Optional. Whether gatun_device_open would find a device: quick, and it changes nothing. GATUN_UNSUPPORTED with what is missing and what to do where not.
 * Without it the library counts as usable wherever it loads.
 */
GATUN_EXPORT int gatun_device_probe(const gatun_option *options, int32_t option_count);

/* Opens a device. options is NULL where there are none. */
GATUN_EXPORT int gatun_device_open(const gatun_option *options, int32_t option_count, gatun_device **device);

/* Closes it; its streams are destroyed and its memory is freed before. */
GATUN_EXPORT int gatun_device_close(gatun_device *device);

/* Fills in *properties, which is all zero bytes before; cheap, and always the same for an open device. */
GATUN_EXPORT int gatun_device_properties(gatun_device *device, gatun_properties *properties);

/* Optional. Bytes per second that memory delivers to reads by all units, measured. Without it the adapter measures copies. */
GATUN_EXPORT int gatun_device_bandwidth(gatun_device *device, double *bytes_per_second);

/* ---- Memory ---------------------------------------------------------------------------------------------------------------------------------- */

/* Device memory of at least one byte, aligned as the properties say; its contents are undefined. */
GATUN_EXPORT int gatun_device_allocate(gatun_device *device, int64_t bytes, void **address);

/* Frees it; nothing in flight uses it. */
GATUN_EXPORT int gatun_device_free(gatun_device *device, void *address);

/* ---- Streams --------------------------------------------------------------------------------------------------------------------------------- */

/* An ordered queue of work: what is enqueued on one stream runs one after the other, each seeing all that the ones before it wrote. */
GATUN_EXPORT int gatun_stream_create(gatun_device *device, gatun_stream **stream);

/* Frees a stream whose work is done. */
GATUN_EXPORT int gatun_stream_destroy(gatun_device *device, gatun_stream *stream);

/* Which way a copy goes. */
enum { GATUN_HOST_TO_DEVICE = 0, GATUN_DEVICE_TO_HOST = 1, GATUN_DEVICE_TO_DEVICE = 2 };

/* Enqueues a copy of at least one byte; the ranges do not overlap. Host memory is ordinary, pageable memory, unchanged until the copy is done. */
GATUN_EXPORT int gatun_stream_copy(gatun_device *device, gatun_stream *stream, void *to, const void *from, int64_t bytes, int32_t direction);

/* Writes 1 to *idle if everything enqueued is done, else 0; does not wait. */
GATUN_EXPORT int gatun_stream_is_idle(gatun_device *device, gatun_stream *stream, int32_t *idle);

/* Waits until everything enqueued is done. Returns the first failure of that work, once. */
GATUN_EXPORT int gatun_stream_synchronize(gatun_device *device, gatun_stream *stream);

/* ---- Launch functions, all optional -----------------------------------------------------------------------------------------------------------
 *
 * Without a stream (NULL) a launch function decides and does nothing: GATUN_OK if it serves these dtypes, sizes, strides and numbers, or
 * GATUN_UNSUPPORTED with the reason. The answer depends on nothing else, so no address is given. With a stream it enqueues the work and returns,
 * without waiting and without allocating; it is only called for what it said GATUN_OK to. Scratch memory is the library's own, one piece
 * for each stream, whose work runs in order.
 *
 * Shapes: [T, N] is rank 2 with size {T, N}. "Floats" are F32, F16 and BF16, "vector" is F32 [N] without gaps. Rows (the last dimension) are
 * without gaps everywhere but in gatun_copy.
 */

/* y = a + b; floats of any rank, b in the shape of a or one row of it. In place over a, or over b where it has the shape of a. */
GATUN_EXPORT int gatun_add(gatun_device *device, gatun_stream *stream, const gatun_tensor *a, const gatun_tensor *b, const gatun_tensor *y);

/* y[r] = the index of the largest element of x[r], the lowest in a tie, the first NaN if there is one; x floats [R, N], y I32 [R]. */
GATUN_EXPORT int gatun_argmax(gatun_device *device, gatun_stream *stream, const gatun_tensor *x, const gatun_tensor *y);

/*
 * Attention of every token over its sequence's keys: q floats [T, H, D], y floats [T, H, Dv]. Exactly one of dense and cache is not NULL; with a
 * cache a sequence has the positions 0 to that of its last token here. Head h reads key head h / (H / Hkv). scale multiplies the dot products;
 * softcap > 0 caps them; causal 1 hides keys past a token's position, window > 0 those further back than that many; sinks, F32 [H] or NULL,
 * takes part in the denominator. A token that sees no key or that no sequence owns gets zeros.
 */
GATUN_EXPORT int gatun_attention(gatun_device *device, gatun_stream *stream, const gatun_tensor *q, const gatun_keys *dense, const gatun_cache *cache,
                                 const gatun_batch *batch, float scale, int32_t causal, int32_t window, float softcap, const gatun_tensor *sinks,
                                 const gatun_tensor *y);

/* y = x with a cast, rounded to nearest even; F32, F16, BF16, F8 among each other, I8 and I32 as they are; strides are free on both sides. */
GATUN_EXPORT int gatun_copy(gatun_device *device, gatun_stream *stream, const gatun_tensor *x, const gatun_tensor *y);

/* y = x expanded; x a block type, y floats. */
GATUN_EXPORT int gatun_dequantize(gatun_device *device, gatun_stream *stream, const gatun_tensor *x, const gatun_tensor *y);

/* y[t] = table[ids[t]], a row of NaN for an id outside [0, V); ids I32 [T], table float or block type [V, N], y floats [T, N]. */
GATUN_EXPORT int gatun_embedding(gatun_device *device, gatun_stream *stream, const gatun_tensor *ids, const gatun_tensor *table, const gatun_tensor *y);

/* y[r] = x[rows[r]], a row of NaN for an index outside [0, T); x floats [T, N], rows I32 [R], y [R, N] in the dtype of x. */
GATUN_EXPORT int gatun_gather_rows(gatun_device *device, gatun_stream *stream, const gatun_tensor *x, const gatun_tensor *rows, const gatun_tensor *y);

/* How the normal distribution is computed in gelu. */
enum { GATUN_GELU_ERF = 0, GATUN_GELU_TANH = 1 };

/* y = x * Phi(x); floats of any rank. In place allowed. */
GATUN_EXPORT int gatun_gelu(gatun_device *device, gatun_stream *stream, const gatun_tensor *x, int32_t form, const gatun_tensor *y);

/* y = gelu(gate) * up; floats of any rank. In place allowed over either. */
GATUN_EXPORT int gatun_gelu_mul(gatun_device *device, gatun_stream *stream, const gatun_tensor *gate, const gatun_tensor *up, int32_t form,
                                const gatun_tensor *y);

/* Writes k [T, Hkv, D] and v [T, Hkv, Dv], floats, into a cache's layer, rounded to its dtype; a token without a page or a sequence is dropped. */
GATUN_EXPORT int gatun_kv_append(gatun_device *device, gatun_stream *stream, const gatun_tensor *k, const gatun_tensor *v, const gatun_batch *batch,
                                 const gatun_cache *cache);

/* y = (x - mean) / sqrt(variance + eps) * weight + bias over the last dimension; floats of rank 2 to 4, vectors, bias may be NULL. In place allowed. */
GATUN_EXPORT int gatun_layer_norm(gatun_device *device, gatun_stream *stream, const gatun_tensor *x, const gatun_tensor *weight, const gatun_tensor *bias,
                                  float eps, const gatun_tensor *y);

/*
 * y[m, n] = sum over k of x[m, k] * w[n, k] * s, + bias[n]; x floats [M, K], w float or block type [N, K], bias F32 [N] or NULL, y floats [M, N].
 * s is 1 where scale is NULL. Otherwise w is of 8-bit floats and scale F32: [1]; [N], by row; or [ceil(N / 128), ceil(K / 128)], scale[n / 128, k / 128].
 */
GATUN_EXPORT int gatun_matmul(gatun_device *device, gatun_stream *stream, const gatun_tensor *x, const gatun_tensor *w, const gatun_tensor *scale,
                              const gatun_tensor *bias, const gatun_tensor *y);

/* y = a * b, as gatun_add. */
GATUN_EXPORT int gatun_mul(gatun_device *device, gatun_stream *stream, const gatun_tensor *a, const gatun_tensor *b, const gatun_tensor *y);

/*
 * Lowers the logits of tokens seen: x, y F32 [R, N], history I32 [R, H] of which the first lengths[r] count, penalties F32 [R, 3]: repetition,
 * frequency, presence. In place allowed.
 */
GATUN_EXPORT int gatun_penalize(gatun_device *device, gatun_stream *stream, const gatun_tensor *x, const gatun_tensor *history,
                                const gatun_tensor *lengths, const gatun_tensor *penalties, const gatun_tensor *y);

/* y = x rounded to a block type; x F32. */
GATUN_EXPORT int gatun_quantize(gatun_device *device, gatun_stream *stream, const gatun_tensor *x, const gatun_tensor *y);

/* y = x / sqrt(mean(x^2) + eps) * weight over the last dimension; floats of rank 2 to 4, weight a vector. In place allowed. */
GATUN_EXPORT int gatun_rms_norm(gatun_device *device, gatun_stream *stream, const gatun_tensor *x, const gatun_tensor *weight, float eps,
                                const gatun_tensor *y);

/* Rotates the heads of x by their token's position; x, y floats [T, H, D], positions I32 [T], factors F32 [dims / 2] or NULL. In place allowed. */
GATUN_EXPORT int gatun_rope(gatun_device *device, gatun_stream *stream, const gatun_tensor *x, const gatun_tensor *positions,
                            const gatun_tensor *factors, const gatun_rotation *rotation, const gatun_tensor *y);

/*
 * Draws ids[r] from logits x[r]: x F32 [R, N], controls F32 [R, 4]: temperature, top_p, min_p, top_k; seeds I32 [R, 3]: low, high, sequence;
 * positions I32 [R], ids I32 [R]. The generator is Philox4x32-10; the Javadoc of dev.gatun.Sample has every step.
 */
GATUN_EXPORT int gatun_sample(gatun_device *device, gatun_stream *stream, const gatun_tensor *x, const gatun_tensor *controls, const gatun_tensor *seeds,
                              const gatun_tensor *positions, const gatun_tensor *ids);

/* y = factor * x; floats of any rank. In place allowed. */
GATUN_EXPORT int gatun_scale(gatun_device *device, gatun_stream *stream, const gatun_tensor *x, float factor, const gatun_tensor *y);

/* y = gate / (1 + exp(-gate)) * up; floats of any rank. In place allowed over either. */
GATUN_EXPORT int gatun_silu_mul(gatun_device *device, gatun_stream *stream, const gatun_tensor *gate, const gatun_tensor *up, const gatun_tensor *y);

/* y = cap * tanh(x / cap); floats of any rank. In place allowed. */
GATUN_EXPORT int gatun_softcap(gatun_device *device, gatun_stream *stream, const gatun_tensor *x, float cap, const gatun_tensor *y);

/* y = softmax(scale * x) over the last dimension, stable; floats of any rank. In place allowed. */
GATUN_EXPORT int gatun_softmax(gatun_device *device, gatun_stream *stream, const gatun_tensor *x, float scale, const gatun_tensor *y);

/* The K largest of each row of x in descending order, ties by the lower index, NaN largest; x floats [R, N], values F32 [R, K], indices I32 [R, K]. */
GATUN_EXPORT int gatun_top_k(gatun_device *device, gatun_stream *stream, const gatun_tensor *x, const gatun_tensor *values, const gatun_tensor *indices);

#ifdef __cplusplus
}
#endif

#endif
