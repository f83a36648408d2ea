/* To the panel, as in pack.h, from blocks of two to four bits; it is included behind that. `ROWS` is how many weight rows a vector has lanes for. */
INLINE floats half_powers_at(const struct half *h, int64_t at) {
  float v[ROWS];
  for (int i = 0; i < ROWS; i++) {
    v[i] = half_power(h->rows[i][at]);
  }
  return loaded(v);
}

INLINE void put_tabled(const struct half *h, int64_t at, int64_t group, const int8_t *table) {
  ints z[4];
  turn(h, at, z);
  for (int j = 0; j < 4; j++) {
    put_codes(h, 8 * group + j, looked_up(table, low_nibbles(z[j])));
    put_codes(h, 8 * group + 4 + j, looked_up(table, high_nibbles(z[j])));
  }
}

INLINE void pack_tabled(const struct half *h, int64_t k0, int64_t depth, const int powers) {
  const int bytes = powers ? 17 : 18;
  for (int64_t g = 0; g < depth / GROUP; g++) {
    int64_t at = bytes * (k0 / GROUP + g);
    put_tabled(h, at + bytes - 16, g, powers ? E2M1_VALUES : IQ4_VALUES);
    put_scales(h, g, 8 * g, 8, powers ? half_powers_at(h, at) : to_floats(halves_at(h, at)));
  }
}

INLINE void pack_iq4_xs(const struct half *h, int64_t k0, int64_t depth) {
  const floats offset = as_floats(words_of(32));
  for (int64_t b = 0; b < depth / 256; b++) {
    int64_t at = 136 * (k0 / 256 + b);
    ints head = words_at(h, at);
    ints low = words_at(h, at + 4);
    floats scale = to_floats(head);
    for (int g = 0; g < 8; g++) {
      ints four = and_(right32(low, 4 * (unsigned)g), words_of(15));
      ints two = and_(right32(head, 16 + 2 * (unsigned)g), words_of(3));
      put_tabled(h, at + 8 + 16 * g, 8 * b + g, IQ4_VALUES);
      put_scales(h, 8 * b + g, 8 * (8 * b + g), 8, times(scale, minus(as_floats(or_(four, left32(two, 4))), offset)));
    }
  }
}

/* 32 bytes of pairs are four groups of 32. */
INLINE ints pair_of_bits(ints v, int quarter) { return and_(right16(v, 2 * (unsigned)quarter), bytes_of(3)); }

INLINE void turn32(const struct half *h, int64_t at, ints z[8]) {
  turn(h, at, z);
  turn(h, at + 16, z + 4);
}

INLINE void pack_tq2_0(const struct half *h, int64_t k0, int64_t depth) {
  for (int64_t b = 0; b < depth / 256; b++) {
    int64_t at = 66 * (k0 / 256 + b);
    floats scale = to_floats(halves_at(h, at + 64));
    for (int i = 0; i < 2; i++) {
      ints z[8];
      turn32(h, at + 32 * i, z);
      for (int s = 0; s < 4; s++) {
        int64_t group = 8 * b + 4 * i + s;
        for (int j = 0; j < 8; j++) {
          put_codes(h, 8 * group + j, minus8(pair_of_bits(z[j], s), bytes_of(1)));
        }
        put_scales(h, group, 8 * group, 8, scale);
      }
    }
  }
}

/* Puts the first digit to base 3 of bytes, as fractions of 256, less one, and leaves what follows it. */
INLINE ints put_digit(const struct half *h, int64_t quad, ints q) {
  const ints bytes = words_of(0x00ff00ff);
  ints even = and_(q, bytes);
  ints odd = and_(right16(q, 8), bytes);
  even = plus32(even, plus32(even, even));
  odd = plus32(odd, plus32(odd, odd));
  put_codes(h, quad, minus8(or_(and_(right16(even, 8), bytes), and_(odd, words_of(0x03000300))), bytes_of(1)));
  return or_(and_(even, bytes), left32(and_(odd, bytes), 8));
}

INLINE void pack_tq1_0(const struct half *h, int64_t k0, int64_t depth) {
  for (int64_t b = 0; b < depth / 256; b++) {
    int64_t at = 54 * (k0 / 256 + b);
    int64_t quad = 64 * b;
    ints z[8];
    turn32(h, at, z);
    for (int n = 0; n < 5; n++) {
      for (int j = 0; j < 8; j++) {
        z[j] = put_digit(h, quad + 8 * n + j, z[j]);
      }
    }
    turn(h, at + 32, z);
    for (int n = 0; n < 5; n++) {
      for (int j = 0; j < 4; j++) {
        z[j] = put_digit(h, quad + 40 + 4 * n + j, z[j]);
      }
    }
    z[0] = words_at(h, at + 48);
    for (int n = 0; n < 4; n++) {
      z[0] = put_digit(h, quad + 60 + n, z[0]);
    }
    floats scale = to_floats(halves_at(h, at + 52));
    for (int g = 0; g < 8; g++) {
      put_scales(h, 8 * b + g, quad + 8 * g, 8, scale);
    }
  }
}

INLINE void pack_q2_k(const struct half *h, int64_t k0, int64_t depth) {
  for (int64_t b = 0; b < depth / 256; b++) {
    int64_t at = 84 * (k0 / 256 + b);
    ints both[4];
    turn(h, at, both);
    floats scale = to_floats(halves_at(h, at + 80));
    floats least = minus(no_floats(), to_floats(halves_at(h, at + 82)));
    for (int i = 0; i < 2; i++) {
      ints z[8];
      turn32(h, at + 16 + 32 * i, z);
      for (int s = 0; s < 4; s++) {
        for (int j = 0; j < 8; j++) {
          put_codes(h, 64 * b + 32 * i + 8 * s + j, pair_of_bits(z[j], s));
        }
      }
    }
    for (int g = 0; g < 16; g++) {
      put_scales(h, 16 * b + g, 64 * b + 4 * g, 4, times(scale, byte_of(low_nibbles(both[g / 4]), g % 4)));
      put_minima(h, 16 * b + g, times(least, byte_of(high_nibbles(both[g / 4]), g % 4)));
    }
  }
}

INLINE void pack_q3_k(const struct half *h, int64_t k0, int64_t depth) {
  const floats offset = as_floats(words_of(32));
  for (int64_t b = 0; b < depth / 256; b++) {
    int64_t at = 110 * (k0 / 256 + b);
    ints thirds[8];
    turn32(h, at, thirds);
    for (int i = 0; i < 2; i++) {
      ints z[8];
      turn32(h, at + 32 + 32 * i, z);
      for (int s = 0; s < 4; s++) {
        for (int j = 0; j < 8; j++) {
          ints third = left32(and_(right16(thirds[j], 4 * (unsigned)i + (unsigned)s), bytes_of(1)), 2);
          put_codes(h, 64 * b + 32 * i + 8 * s + j, minus8(or_(pair_of_bits(z[j], s), third), bytes_of(4)));
        }
      }
    }
    ints low[2] = {words_at(h, at + 96), words_at(h, at + 100)};
    ints upper = words_at(h, at + 104);
    floats scale = to_floats(halves_at(h, at + 108));
    for (int g = 0; g < 16; g++) {
      ints four = g < 8 ? low_nibbles(low[g / 4]) : high_nibbles(low[g / 4 - 2]);
      ints six = or_(four, left32(and_(right16(upper, 2 * (unsigned)(g / 4)), bytes_of(3)), 4));
      put_scales(h, 16 * b + g, 64 * b + 4 * g, 4, times(scale, minus(byte_of(six, g % 4), offset)));
    }
  }
}
