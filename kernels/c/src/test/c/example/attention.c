/* kv_append, and attention over a paged cache that keeps F32 or F16. */
#include <math.h>

#include "example.h"

enum { MOST_VALUES = 1024 };

static int kept(const gatun_cache *cache, const char *function) {
  if (cache->dtype == GATUN_F32 || cache->dtype == GATUN_F16) {
    return GATUN_OK;
  }
  return failed(GATUN_UNSUPPORTED, "%s takes a cache of F32 or F16, not of %s", function, dtype_name(cache->dtype));
}

/* The sequence that owns a token, or -1. */
static int64_t sequence_of(const gatun_batch *batch, int64_t token) {
  int64_t sequences = actual(&batch->slots);
  for (int64_t s = 0; s < sequences; s++) {
    if (integer(&batch->starts, s) <= token && token < integer(&batch->starts, s + 1)) {
      return s;
    }
  }
  return -1;
}

/* The first key of a head of the page that holds a position, or NULL where there is none. */
static char *page_of(const gatun_cache *cache, int32_t slot, int32_t position, int64_t head) {
  if (slot < 0 || slot >= cache->slots || position < 0 || position >= cache->slot_tokens) {
    return NULL;
  }
  int32_t page = cache->table[(int64_t)slot * cache->slot_pages + position / cache->page_tokens];
  return page < 0 ? NULL : (char *)cache->pages + cache->layer * cache->layer_bytes + page * cache->page_bytes + head * cache->head_bytes;
}

static char *key_of(const gatun_cache *cache, int32_t slot, int32_t position, int64_t head) {
  char *page = page_of(cache, slot, position, head);
  return page == NULL ? NULL : page + position % cache->page_tokens * cache->key_bytes;
}

static char *value_of(const gatun_cache *cache, int32_t slot, int32_t position, int64_t head) {
  char *page = page_of(cache, slot, position, head);
  return page == NULL ? NULL : page + cache->page_tokens * cache->key_bytes + position % cache->page_tokens * cache->value_bytes;
}

static void append(const gatun_tensor *from, int64_t token, int64_t head, int32_t dtype, char *to) {
  int64_t start = token * from->stride[0] + head * from->stride[1];
  for (int64_t i = 0; to != NULL && i < from->size[2]; i++) {
    put(to, dtype, i, get(from->data, from->dtype, start + i));
  }
}

static void run_kv_append(const task *t) {
  const gatun_tensor *k = t->pointer[0];
  const gatun_tensor *v = t->pointer[1];
  const gatun_batch *batch = t->pointer[2];
  const gatun_cache *cache = t->pointer[3];
  int64_t tokens = actual(k);
  for (int64_t token = 0; token < tokens; token++) {
    int64_t s = sequence_of(batch, token);
    for (int64_t head = 0; s >= 0 && head < cache->heads; head++) {
      int32_t slot = integer(&batch->slots, s);
      int32_t position = integer(&batch->positions, token);
      append(k, token, head, cache->dtype, key_of(cache, slot, position, head));
      append(v, token, head, cache->dtype, value_of(cache, slot, position, head));
    }
  }
}

int gatun_kv_append(gatun_device *device, gatun_stream *stream, const gatun_tensor *k, const gatun_tensor *v, const gatun_batch *batch,
                    const gatun_cache *cache) {
  (void)device;
  int refused = kept(cache, __func__);
  if (refused == GATUN_OK) {
    refused = floats(k, __func__, "k");
  }
  task t = {.run = run_kv_append, .pointer = {k, v, batch, cache}};
  return refused != GATUN_OK || stream == NULL ? refused : enqueue(stream, t);
}

typedef struct query {
  const gatun_tensor *q;
  int64_t start;
  const gatun_cache *cache;
  int64_t key_head;
  int32_t slot;
  float scale;
  float softcap;
} query;

/* The score of a key. */
static double score(const query *query, int32_t position) {
  const char *key = key_of(query->cache, query->slot, position, query->key_head);
  double dot = 0;
  for (int64_t i = 0; i < query->q->size[2]; i++) {
    dot += (double)get(query->q->data, query->q->dtype, query->start + i) * get(key, query->cache->dtype, i);
  }
  double scaled = query->scale * dot;
  return query->softcap > 0 ? query->softcap * tanh(scaled / query->softcap) : scaled;
}

/* The weighted mean of the values at positions from..to (exclusive), as far as they have pages. */
static void attend(const query *query, int32_t from, int32_t to, const float *sink, double *result) {
  const gatun_cache *cache = query->cache;
  double largest = sink == NULL ? -INFINITY : *sink;
  for (int32_t j = from; j < to; j++) {
    if (key_of(cache, query->slot, j, query->key_head) != NULL) {
      largest = fmax(largest, score(query, j));
    }
  }
  double total = 0;
  int seen = 0;
  for (int64_t i = 0; i < cache->value_size; i++) {
    result[i] = 0;
  }
  for (int32_t j = from; j < to; j++) {
    const char *value = value_of(cache, query->slot, j, query->key_head);
    if (value != NULL) {
      double share = exp(score(query, j) - largest);
      for (int64_t i = 0; i < cache->value_size; i++) {
        result[i] += share * get(value, cache->dtype, i);
      }
      total += share;
      seen = 1;
    }
  }
  if (sink != NULL) {
    total += exp(*sink - largest);
  }
  for (int64_t i = 0; seen && i < cache->value_size; i++) {
    result[i] /= total;
  }
}

static void run_attention(const task *t) {
  const gatun_tensor *q = t->pointer[0];
  const gatun_cache *cache = t->pointer[1];
  const gatun_batch *batch = t->pointer[2];
  const gatun_tensor *sinks = t->pointer[3];
  const gatun_tensor *y = t->pointer[4];
  int causal = t->flag[0];
  int32_t window = t->flag[1];
  int64_t tokens = actual(y);
  int64_t group = q->size[1] / cache->heads;
  for (int64_t token = 0; token < tokens; token++) {
    int64_t s = sequence_of(batch, token);
    int32_t from = 0;
    int32_t to = 0;
    int32_t slot = -1;
    if (s >= 0) {
      int64_t end = integer(&batch->starts, s + 1) < tokens ? integer(&batch->starts, s + 1) : tokens;
      int32_t position = integer(&batch->positions, token);
      slot = integer(&batch->slots, s);
      to = causal ? position + 1 : integer(&batch->positions, end - 1) + 1;
      from = window > 0 && position - window + 1 > 0 ? position - window + 1 : 0;
    }
    for (int64_t head = 0; head < q->size[1]; head++) {
      query query = {q, token * q->stride[0] + head * q->stride[1], cache, head / group, slot, t->number[0], t->number[1]};
      double result[MOST_VALUES];
      attend(&query, from, to, sinks == NULL ? NULL : (const float *)sinks->data + head, result);
      for (int64_t i = 0; i < cache->value_size; i++) {
        put(y->data, y->dtype, token * y->stride[0] + head * y->stride[1] + i, (float)result[i]);
      }
    }
  }
}

int gatun_attention(gatun_device *device, gatun_stream *stream, const gatun_tensor *q, const gatun_keys *dense, const gatun_cache *cache,
                    const gatun_batch *batch, float scale, int32_t causal, int32_t window, float softcap, const gatun_tensor *sinks, const gatun_tensor *y) {
  (void)device;
  if (dense != NULL) {
    return failed(GATUN_UNSUPPORTED, "%s reads keys from a paged cache only", __func__);
  }
  if (cache->value_size > MOST_VALUES) {
    return failed(GATUN_UNSUPPORTED, "%s takes values of up to %d elements, not %d", __func__, MOST_VALUES, (int)cache->value_size);
  }
  int refused = kept(cache, __func__);
  if (refused == GATUN_OK) {
    refused = floats(q, __func__, "q");
  }
  if (refused == GATUN_OK) {
    refused = floats(y, __func__, "y");
  }
  task t = {.run = run_attention, .pointer = {q, cache, batch, sinks, y}, .number = {scale, softcap}, .flag = {causal, window}};
  return refused != GATUN_OK || stream == NULL ? refused : enqueue(stream, t);
}
