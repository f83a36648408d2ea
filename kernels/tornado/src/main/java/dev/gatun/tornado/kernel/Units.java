package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * Units of 32 elements of block types, as what a kernel multiplies: 8 words of 4 codes of 8 bits, and a scale and an offset for each half of them. An element is
 * {@code scale · (code + zero) + offset}. So scales are made once for a unit, and codes are taken apart 4 at a time, in which compilers for processors find vectors.
 *
 * <p>{@code at} counts bytes, {@code unit} the units of the row that starts there; {@code half} is 0 or 1. Inlined into kernels, where the type is a constant. What stores many
 * elements stands in the kernels themselves: local memory cannot be handed to another method.
 */
final class Units {
  /** Elements of a unit. */
  static final int SIZE = 32;

  /** Words of a unit. */
  static final int WORDS = 8;

  private Units() {}

  /** What is added to a code: an integer, so that it is exact. */
  static int zero(int type) {
    int zero = 0;
    if (type == Weights.Q8_0) {
      zero = -128;
    } else if (type == Weights.Q4_0) {
      zero = -8;
    } else if (type == Weights.Q6_K) {
      zero = -32;
    }
    return zero;
  }

  /** Word {@code i} of a unit: elements {@code 4i} to {@code 4i + 3}, the first in the lowest byte. */
  static int codes(int type, ShortArray w, int at, int unit, int i) {
    int codes;
    if (type == Weights.Q8_0) {
      codes = word(w, (at >> 1) + 17 * unit + 1 + 2 * i) ^ 0x80808080;
    } else if (type == Weights.Q4_0) {
      codes = (word(w, (at >> 1) + 9 * unit + 1 + 2 * (i & 3)) >> ((i >> 2) << 2)) & 0x0F0F0F0F;
    } else if (type == Weights.Q4_K) {
      codes = (word(w, (at >> 1) + 72 * (unit >> 3) + 8 + 16 * ((unit >> 1) & 3) + 2 * i) >> ((unit & 1) << 2)) & 0x0F0F0F0F;
    } else {
      int block = (at >> 1) + 105 * (unit >> 3);
      int half = (unit >> 2) & 1;
      int low = word(w, block + 32 * half + 16 * (unit & 1) + 2 * i) >> (((unit >> 1) & 1) << 2);
      int high = word(w, block + 64 + 16 * half + 2 * i) >> ((unit & 3) << 1);
      codes = (low & 0x0F0F0F0F) | ((high & 0x03030303) << 4);
    }
    return codes;
  }

  /** The scale of half a unit. */
  static float scale(int type, ShortArray w, FloatArray powers, int at, int unit, int half) {
    float scale;
    if (type == Weights.Q8_0) {
      scale = half(w.get((at >> 1) + 17 * unit), powers);
    } else if (type == Weights.Q4_0) {
      scale = half(w.get((at >> 1) + 9 * unit), powers);
    } else if (type == Weights.Q4_K) {
      int block = (at >> 1) + 72 * (unit >> 3);
      scale = half(w.get(block), powers) * scaleOf(word(w, block + 2), word(w, block + 6), unit & 7);
    } else {
      int block = (at >> 1) + 105 * (unit >> 3);
      int pair = w.get(block + 96 + (unit & 7));
      scale = half(w.get(block + 104), powers) * (half == 0 ? (pair << 24) >> 24 : pair >> 8);
    }
    return scale;
  }

  /** The offset of half a unit. */
  static float offset(int type, ShortArray w, FloatArray powers, int at, int unit, int half) {
    float offset = 0f;
    if (type == Weights.Q4_K) {
      int block = (at >> 1) + 72 * (unit >> 3);
      offset = -(half(w.get(block + 1), powers) * scaleOf(word(w, block + 4), word(w, block + 6) >> 4, unit & 7));
    }
    return offset;
  }

  /** Of Q4_K's and Q5_K's twelve bytes a scale, or a minimum: {@code own} are the four bytes of its first four, {@code last} those with low nibbles of its last four. */
  private static int scaleOf(int own, int last, int unit) {
    int turn = (unit & 3) << 3;
    int first = (own >> turn) & 63;
    int later = ((last >> turn) & 15) | (((own >> turn) & 192) >> 2);
    return unit < 4 ? first : later;
  }

  /** Four bytes as a word. */
  private static int word(ShortArray w, int at) {
    return (w.get(at) & 0xFFFF) | (w.get(at + 1) << 16);
  }

  /** The byte at {@code at}. */
  static int at(ShortArray w, int at) {
    return (w.get(at >> 1) >> ((at & 1) << 3)) & 255;
  }

  /** The value of F16 bits of which only the lower 16 count. */
  static float half(int bits, FloatArray powers) {
    int exponent = (bits >> 10) & 31;
    int mantissa = bits & 1023;
    float magnitude;
    if (exponent == 31) {
      float infinite = powers.get(255);
      magnitude = mantissa == 0 ? infinite : infinite - infinite;
    } else {
      int whole = exponent == 0 ? mantissa : mantissa + 1024;
      int shift = exponent == 0 ? 1 : exponent;
      magnitude = whole * ((float) (1 << shift) * 0x1p-25f);
    }
    return (bits & 0x8000) == 0 ? magnitude : -magnitude;
  }
}
