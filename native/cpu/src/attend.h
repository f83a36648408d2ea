/*
 * A tile of an attention. Keys are turned round first, so that a vector holds one element of some positions and no score is summed across lanes; the
 * scores of a token's query heads then become weights, and its values are summed with them. The file that includes this says what a vector is: `floats` of
 * LANES, `load`, `store`, `all_of`, `fma_`, `times`, `plus`, `minus`, `largest`, `exponential`, `lowest_outside`, `zero_outside`, `part_of_row`, `turn`,
 * `sum_of`, `most_of`, and HEADS, the query heads taken at once.
 */
enum { TILE = GATUN_CPU_TILE, ACROSS = TILE / LANES };

/* keys: element d of position j at d * 64 + j. Positions past the last are the last again; nobody sees them. */
INLINE void turn_keys(const struct attention *a, float *keys, const int type) {
  for (int64_t d = 0; d < a->key_size; d += LANES) {
    int64_t n = a->key_size - d;
    for (int j0 = 0; j0 < a->count; j0 += LANES) {
      floats r[LANES];
      for (int j = 0; j < LANES; j++) {
        int64_t at = j0 + j < a->count ? j0 + j : a->count - 1;
        r[j] = part_of_row(a->keys + at * a->key_stride, d, n < LANES ? (int)n : LANES, type);
      }
      turn(r);
      for (int i = 0; i < LANES; i++) {
        store(keys + TILE * (d + i) + j0, r[i]);
      }
    }
  }
}

/* values: element d of position j at j * the filled size + d. */
INLINE void spread_values(const struct attention *a, float *values, const int type) {
  int64_t row = filled(a->value_size);
  for (int64_t j = 0; j < a->count; j++) {
    for (int64_t d = 0; d < a->value_size; d += LANES) {
      int64_t n = a->value_size - d;
      store(values + j * row + d, part_of_row(a->values + j * a->value_stride, d, n < LANES ? (int)n : LANES, type));
    }
  }
}

INLINE float float_at(const uint8_t *p) {
  float v;
  memcpy(&v, p, 4);
  return v;
}

INLINE void put_float(uint8_t *p, float v) { memcpy(p, &v, 4); }

/* Weights of positions [first, end) for `heads` heads of a token, row after row of 64, others 0; and each row's sums so far in terms of its new maximum. */
INLINE void weigh(const struct attention *a, int64_t token, int64_t head, const float *keys, float *weights, int first, int end, const int heads) {
  floats score[HEADS][ACROSS];
  const uint8_t *q = a->q + token * a->q_token + head * a->q_head;
  for (int h = 0; h < heads; h++) {
    for (int i = 0; i < ACROSS; i++) {
      score[h][i] = all_of(0);
    }
  }
  for (int64_t d = 0; d < a->key_size; d++) {
    floats k[ACROSS];
    for (int i = 0; i < ACROSS; i++) {
      k[i] = load(keys + TILE * d + LANES * i);
    }
    for (int h = 0; h < heads; h++) {
      floats v = all_of(float_at(q + h * a->q_head + 4 * d));
      for (int i = 0; i < ACROSS; i++) {
        score[h][i] = fma_(v, k[i], score[h][i]);
      }
    }
  }
  for (int h = 0; h < heads; h++) {
    int64_t row = token * a->group + head + h;
    floats most = lowest_outside(times(score[h][0], all_of(a->scale)), first, end);
    score[h][0] = most;
    for (int i = 1; i < ACROSS; i++) {
      score[h][i] = lowest_outside(times(score[h][i], all_of(a->scale)), first - LANES * i, end - LANES * i);
      most = largest(most, score[h][i]);
    }
    float before = float_at(a->state + 8 * row);
    float after = most_of(most);
    after = after > before ? after : before;
    /* While every score is minus infinity weights are 0, not the NaN of a difference. */
    float shift = after == -__builtin_inff() ? 0 : after;
    floats sum = all_of(0);
    for (int i = 0; i < ACROSS; i++) {
      floats w = zero_outside(exponential(minus(score[h][i], all_of(shift))), first - LANES * i, end - LANES * i);
      store(weights + TILE * (head + h) + LANES * i, w);
      sum = plus(sum, w);
    }
    float shrink = 1;
    if (after != before) {
      float one[LANES];
      store(one, exponential(all_of(before - after)));
      shrink = one[0];
      put_float(a->state + 8 * row, after);
      uint8_t *sums = a->sums + row * a->sums_row;
      for (int64_t d = 0; d < a->value_size; d++) {
        put_float(sums + 4 * d, shrink * float_at(sums + 4 * d));
      }
    }
    put_float(a->state + 8 * row + 4, shrink * float_at(a->state + 8 * row + 4) + sum_of(sum));
  }
}

/* Adds the values of positions [first, end) by their weights to `wide` vectors of the sums of `heads` heads, from element d on; n elements are theirs. */
INLINE void add_values(const struct attention *a, int64_t token, int64_t head, const float *values, const float *weights, int first, int end, int64_t d,
    const int heads, const int wide) {
  int64_t row = filled(a->value_size);
  floats sum[HEADS][4];
  uint8_t *at = a->sums + (token * a->group + head) * a->sums_row + 4 * d;
  for (int h = 0; h < heads; h++) {
    for (int i = 0; i < wide; i++) {
      sum[h][i] = load_part((const float *)(at + h * a->sums_row) + LANES * i, a->value_size - d - LANES * i);
    }
  }
  for (int64_t j = first; j < end; j++) {
    floats v[4];
    for (int i = 0; i < wide; i++) {
      v[i] = load(values + j * row + d + LANES * i);
    }
    for (int h = 0; h < heads; h++) {
      floats w = all_of(weights[TILE * (head + h) + j]);
      for (int i = 0; i < wide; i++) {
        sum[h][i] = fma_(w, v[i], sum[h][i]);
      }
    }
  }
  for (int h = 0; h < heads; h++) {
    for (int i = 0; i < wide; i++) {
      store_part((float *)(at + h * a->sums_row) + LANES * i, a->value_size - d - LANES * i, sum[h][i]);
    }
  }
}

INLINE void some_heads(const struct attention *a, int64_t token, int64_t head, const float *keys, const float *values, float *weights, int first, int end,
    const int heads) {
  weigh(a, token, head, keys, weights, first, end, heads);
  int64_t d = 0;
  for (; d + 3 * LANES < a->value_size; d += 4 * LANES) {
    add_values(a, token, head, values, weights, first, end, d, heads, 4);
  }
  for (; d < a->value_size; d += LANES) {
    add_values(a, token, head, values, weights, first, end, d, heads, 1);
  }
}

INLINE void attend(const struct attention *a, const int type) {
  float *keys = a->work;
  float *values = keys + TILE * filled(a->key_size);
  float *weights = values + TILE * filled(a->value_size);
  turn_keys(a, keys, type);
  spread_values(a, values, type);
  for (int64_t token = 0; token < a->tokens; token++) {
    int32_t first = i32_at(a->bounds + 8 * token);
    int32_t end = i32_at(a->bounds + 8 * token + 4);
    first = first < 0 ? 0 : first;
    end = end > a->count ? a->count : end;
    if (first >= end) {
      continue;
    }
    int64_t head = 0;
    for (; head + HEADS <= a->group; head += HEADS) {
      some_heads(a, token, head, keys, values, weights, first, end, HEADS);
    }
    for (; head < a->group; head++) {
      some_heads(a, token, head, keys, values, weights, first, end, 1);
    }
  }
}

static void attend_f32(const struct attention *a) { attend(a, GATUN_F32); }
static void attend_f16(const struct attention *a) { attend(a, GATUN_F16); }
static void attend_bf16(const struct attention *a) { attend(a, GATUN_BF16); }
static void attend_q8_0(const struct attention *a) { attend(a, GATUN_Q8_0); }

INLINE void attend_any(const struct attention *a) {
  switch (a->type) {
    case GATUN_F32:
      attend_f32(a);
      break;
    case GATUN_F16:
      attend_f16(a);
      break;
    case GATUN_BF16:
      attend_bf16(a);
      break;
    default:
      attend_q8_0(a);
      break;
  }
}
