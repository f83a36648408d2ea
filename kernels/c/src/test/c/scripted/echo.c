/* Every launch function there is; each says what it was given. */
#include "scripted.h"

static void tensor(const char *name, const gatun_tensor *t) {
  if (t == NULL) {
    say(" %s=none", name);
    return;
  }
  say(" %s=%d", name, (int)t->dtype);
  for (int i = 0; i < t->rank; i++) {
    say("%c%lld/%lld", i == 0 ? '[' : ',', (long long)t->size[i], (long long)t->stride[i]);
  }
  say("]%s", t->varies ? "varies" : "");
  for (int i = t->rank; i < 4; i++) {
    if (t->size[i] != 1 || t->stride[i] != 0) {
      say(" BAD TAIL");
    }
  }
  if (t->data != NULL || t->count != NULL || t->reserved != 0) {
    say(" BAD POINTER");
  }
}

static void batch(const gatun_batch *b) {
  tensor("starts", &b->starts);
  tensor("slots", &b->slots);
  tensor("positions", &b->positions);
}

static void cache(const gatun_cache *c) {
  if (c == NULL) {
    say(" cache=none");
    return;
  }
  say(" cache=%d layers=%d heads=%d key=%d value=%d tokens=%d pages=%d slots=%d slot_tokens=%d slot_pages=%d layer=%d bytes=%lld,%lld,%lld,%lld,%lld",
      (int)c->dtype, (int)c->layers, (int)c->heads, (int)c->key_size, (int)c->value_size, (int)c->page_tokens, (int)c->pages_count, (int)c->slots,
      (int)c->slot_tokens, (int)c->slot_pages, (int)c->layer, (long long)c->key_bytes, (long long)c->value_bytes, (long long)c->head_bytes,
      (long long)c->page_bytes, (long long)c->layer_bytes);
  if (c->pages != NULL || c->table != NULL || c->reserved != 0) {
    say(" BAD POINTER");
  }
}

#define ECHO(DECLARATION, SAY)               \
  int DECLARATION {                          \
    begin();                                 \
    say("%s%s", __func__, device == NULL ? " NO DEVICE" : ""); \
    SAY                                      \
    return answer(__func__, stream);         \
  }

#define HEAD gatun_device *device, gatun_stream *stream
#define T const gatun_tensor

ECHO(gatun_add(HEAD, T *a, T *b, T *y), tensor("a", a); tensor("b", b); tensor("y", y);)
ECHO(gatun_argmax(HEAD, T *x, T *y), tensor("x", x); tensor("y", y);)
ECHO(gatun_attention(HEAD, T *q, const gatun_keys *dense, const gatun_cache *c, const gatun_batch *b, float scale, int32_t causal, int32_t window,
                     float softcap, T *sinks, T *y),
     tensor("q", q);
     if (dense != NULL) {
       tensor("k", &dense->k);
       tensor("v", &dense->v);
       tensor("key_starts", &dense->starts);
     }
     cache(c); batch(b); say(" scale=%g causal=%d window=%d softcap=%g", scale, (int)causal, (int)window, softcap); tensor("sinks", sinks);
     tensor("y", y);)
ECHO(gatun_copy(HEAD, T *x, T *y), tensor("x", x); tensor("y", y);)
ECHO(gatun_dequantize(HEAD, T *x, T *y), tensor("x", x); tensor("y", y);)
ECHO(gatun_embedding(HEAD, T *ids, T *table, T *y), tensor("ids", ids); tensor("table", table); tensor("y", y);)
ECHO(gatun_gather_rows(HEAD, T *x, T *rows, T *y), tensor("x", x); tensor("rows", rows); tensor("y", y);)
ECHO(gatun_gelu(HEAD, T *x, int32_t form, T *y), tensor("x", x); say(" form=%d", (int)form); tensor("y", y);)
ECHO(gatun_gelu_mul(HEAD, T *gate, T *up, int32_t form, T *y), tensor("gate", gate); tensor("up", up); say(" form=%d", (int)form); tensor("y", y);)
ECHO(gatun_kv_append(HEAD, T *k, T *v, const gatun_batch *b, const gatun_cache *c), tensor("k", k); tensor("v", v); batch(b); cache(c);)
ECHO(gatun_layer_norm(HEAD, T *x, T *weight, T *bias, float eps, T *y), tensor("x", x); tensor("weight", weight); tensor("bias", bias);
     say(" eps=%g", eps); tensor("y", y);)
ECHO(gatun_matmul(HEAD, T *x, T *w, T *scale, T *bias, T *y), tensor("x", x); tensor("w", w); tensor("scale", scale); tensor("bias", bias); tensor("y", y);)
ECHO(gatun_mul(HEAD, T *a, T *b, T *y), tensor("a", a); tensor("b", b); tensor("y", y);)
ECHO(gatun_penalize(HEAD, T *x, T *history, T *lengths, T *penalties, T *y), tensor("x", x); tensor("history", history); tensor("lengths", lengths);
     tensor("penalties", penalties); tensor("y", y);)
ECHO(gatun_quantize(HEAD, T *x, T *y), tensor("x", x); tensor("y", y);)
ECHO(gatun_rms_norm(HEAD, T *x, T *weight, float eps, T *y), tensor("x", x); tensor("weight", weight); say(" eps=%g", eps); tensor("y", y);)
ECHO(gatun_rope(HEAD, T *x, T *positions, T *factors, const gatun_rotation *r, T *y), tensor("x", x); tensor("positions", positions);
     tensor("factors", factors);
     say(" pairs=%d dims=%d base=%g magnitude=%g scaling=%d factor=%g low=%g high=%g attention=%g fast=%g slow=%g context=%lld amplitude=%.4f", (int)r->pairs,
         (int)r->dims, r->base, r->magnitude, (int)r->scaling, r->factor, r->low_factor, r->high_factor, r->attention_factor, r->beta_fast, r->beta_slow,
         (long long)r->context, r->amplitude);
     say(" frequencies=%.6f..%.6f", r->frequencies[0], r->frequencies[r->dims / 2 - 1]); tensor("y", y);)
ECHO(gatun_sample(HEAD, T *x, T *controls, T *seeds, T *positions, T *ids), tensor("x", x); tensor("controls", controls); tensor("seeds", seeds);
     tensor("positions", positions); tensor("ids", ids);)
ECHO(gatun_scale(HEAD, T *x, float factor, T *y), tensor("x", x); say(" factor=%g", factor); tensor("y", y);)
ECHO(gatun_silu_mul(HEAD, T *gate, T *up, T *y), tensor("gate", gate); tensor("up", up); tensor("y", y);)
ECHO(gatun_softcap(HEAD, T *x, float cap, T *y), tensor("x", x); say(" cap=%g", cap); tensor("y", y);)
ECHO(gatun_softmax(HEAD, T *x, float scale, T *y), tensor("x", x); say(" scale=%g", scale); tensor("y", y);)
ECHO(gatun_top_k(HEAD, T *x, T *values, T *indices), tensor("x", x); tensor("values", values); tensor("indices", indices);)
