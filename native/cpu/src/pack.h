/*
 * From blocks to the panel of a product with two or more rows of x: sixteen or eight weight rows at once, a lane to a row. The file that includes this
 * defines what a vector is and does (`ints`, `floats`, `and_` and so on), `turn`, `halves_at`, `words_at`, `fifth_bits`, and where codes and scales go.
 */
INLINE ints low_nibbles(ints v) { return and_(v, bytes_of(15)); }
INLINE ints high_nibbles(ints v) { return low_nibbles(right16(v, 4)); }

INLINE void pack_q8_0(const struct half *h, int64_t k0, int64_t depth) {
  for (int64_t g = 0; g < depth / GROUP; g++) {
    int64_t at = 34 * (k0 / GROUP + g);
    for (int i = 0; i < 2; i++) {
      ints z[4];
      turn(h, at + 2 + 16 * i, z);
      for (int j = 0; j < 4; j++) {
        put_codes(h, 8 * g + 4 * i + j, z[j]);
      }
    }
    put_scales(h, g, 8 * g, 8, to_floats(halves_at(h, at)));
  }
}

INLINE void pack_nibbles(const struct half *h, int64_t k0, int64_t depth, const int minimum, const int fifth) {
  const int bytes = 18 + 2 * minimum + 4 * fifth;
  const int bits_at = 2 + 2 * minimum;
  const ints offset = bytes_of(minimum ? 0 : fifth ? 16 : 8);
  for (int64_t g = 0; g < depth / GROUP; g++) {
    int64_t at = bytes * (k0 / GROUP + g);
    ints z[4];
    turn(h, at + bits_at + 4 * fifth, z);
    ints bits = fifth ? words_at(h, at + bits_at) : offset;
    for (int j = 0; j < 4; j++) {
      ints low = low_nibbles(z[j]);
      ints high = high_nibbles(z[j]);
      if (fifth) {
        low = or_(low, fifth_bits(bits, 4 * j));
        high = or_(high, fifth_bits(bits, 16 + 4 * j));
      }
      put_codes(h, 8 * g + j, minus8(low, offset));
      put_codes(h, 8 * g + 4 + j, minus8(high, offset));
    }
    put_scales(h, g, 8 * g, 8, to_floats(halves_at(h, at)));
    if (minimum) {
      put_minima(h, g, to_floats(halves_at(h, at + 2)));
    }
  }
}

INLINE floats byte_of(ints v, int i) { return as_floats(and_(right32(v, 8 * (unsigned)i), words_of(255))); }

INLINE void pack_k(const struct half *h, int64_t k0, int64_t depth, const int fifth) {
  const int bytes = 144 + 32 * fifth;
  const ints six = words_of(0x3f3f3f3f);
  const ints two = words_of(0x30303030);
  for (int64_t b = 0; b < depth / 256; b++) {
    int64_t at = bytes * (k0 / 256 + b);
    ints head[4];
    turn(h, at, head);
    floats scale = to_floats(head[0]);
    floats least = minus(no_floats(), to_floats(right32(head[0], 16)));
    ints scales[2] = {and_(head[1], six),
        or_(low_nibbles(head[3]), and_(right32(head[1], 2), two))};
    ints minima[2] = {and_(head[2], six),
        or_(high_nibbles(head[3]), and_(right32(head[2], 2), two))};
    ints bits[8];
    if (fifth) {
      turn(h, at + 16, bits);
      turn(h, at + 32, bits + 4);
    }
    for (int i = 0; i < 4; i++) {
      ints z[8];
      turn(h, at + 16 + 32 * fifth + 32 * i, z);
      turn(h, at + 32 + 32 * fifth + 32 * i, z + 4);
      int64_t group = 8 * b + 2 * i;
      for (int j = 0; j < 8; j++) {
        ints low = low_nibbles(z[j]);
        ints high = high_nibbles(z[j]);
        if (fifth) {
          const ints one = bytes_of(1);
          low = or_(low, left32(and_(right32(bits[j], 2 * (unsigned)i), one), 4));
          high = or_(high, left32(and_(right32(bits[j], 2 * (unsigned)i + 1), one), 4));
        }
        put_codes(h, 8 * group + j, low);
        put_codes(h, 8 * group + 8 + j, high);
      }
      for (int64_t g = group; g < group + 2; g++) {
        int s = (int)(g - 8 * b);
        put_scales(h, g, 8 * g, 8, times(scale, byte_of(scales[s / 4], s % 4)));
        put_minima(h, g, times(least, byte_of(minima[s / 4], s % 4)));
      }
    }
  }
}

INLINE void pack_q6_k(const struct half *h, int64_t k0, int64_t depth) {
  const ints high2 = bytes_of(0x30);
  const ints offset = bytes_of(32);
  for (int64_t b = 0; b < depth / 256; b++) {
    int64_t at = 210 * (k0 / 256 + b);
    ints scales[4];
    turn(h, at + 192, scales);
    floats scale = to_floats(halves_at(h, at + 208));
    for (int i = 0; i < 2; i++) {
      for (int part = 0; part < 2; part++) {
        ints pairs[4];
        ints left[4];
        ints right[4];
        turn(h, at + 128 + 32 * i + 16 * part, pairs);
        turn(h, at + 64 * i + 16 * part, left);
        turn(h, at + 64 * i + 32 + 16 * part, right);
        for (int j = 0; j < 4; j++) {
          ints z[4] = {
              or_(low_nibbles(left[j]), and_(left32(pairs[j], 4), high2)),
              or_(low_nibbles(right[j]), and_(left32(pairs[j], 2), high2)),
              or_(high_nibbles(left[j]), and_(pairs[j], high2)),
              or_(high_nibbles(right[j]), and_(right32(pairs[j], 2), high2))};
          for (int q = 0; q < 4; q++) {
            put_codes(h, 64 * b + 32 * i + 8 * q + 4 * part + j, minus8(z[q], offset));
          }
        }
      }
    }
    for (int g = 0; g < 16; g++) {
      ints s = signed_right32(left32(scales[g / 4], 24 - 8 * (unsigned)(g % 4)), 24);
      put_scales(h, 16 * b + g, 64 * b + 4 * g, 4, times(scale, as_floats(s)));
    }
  }
}
