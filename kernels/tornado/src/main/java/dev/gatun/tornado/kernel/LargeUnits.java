package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/** {@link Units} of types with blocks of 256 elements; {@code s} is the block's first byte, counted in shorts, {@code unit} one of its eight. Inlined into kernels. */
final class LargeUnits {
  private static final int LOW = 0x0F0F0F0F;
  private static final int PAIRS = 0x03030303;
  private static final int ONES = 0x01010101;

  private LargeUnits() {}

  /** Bytes of a block, in shorts. */
  static int shorts(int type) {
    int shorts = 105;
    if (type == Blocks.Q2_K) {
      shorts = 42;
    } else if (type == Blocks.Q3_K) {
      shorts = 55;
    } else if (type == Blocks.Q4_K) {
      shorts = 72;
    } else if (type == Blocks.Q5_K) {
      shorts = 88;
    } else if (type == Blocks.IQ4_XS) {
      shorts = 68;
    } else if (type == Blocks.TQ1_0) {
      shorts = 27;
    } else if (type == Blocks.TQ2_0) {
      shorts = 33;
    }
    return shorts;
  }

  static float scale(int type, ShortArray w, FloatArray powers, int s, int unit, int half) {
    float scale;
    if (type == Blocks.Q2_K) {
      scale = Elements.half(w.get(s + 40), powers) * ((w.get(s + unit) >> (half << 3)) & 15);
    } else if (type == Blocks.Q3_K) {
      int group = 2 * unit + half;
      int low = (Units.at(w, 2 * s + 96 + (group & 7)) >> ((group >> 3) << 2)) & 15;
      int high = (Units.at(w, 2 * s + 104 + (group & 3)) >> ((group >> 2) << 1)) & 3;
      scale = Elements.half(w.get(s + 54), powers) * ((low | (high << 4)) - 32);
    } else if (type == Blocks.Q6_K) {
      int pair = w.get(s + 96 + unit);
      scale = Elements.half(w.get(s + 104), powers) * (half == 0 ? (pair << 24) >> 24 : pair >> 8);
    } else if (type == Blocks.IQ4_XS) {
      int low = (Units.at(w, 2 * s + 4 + (unit >> 1)) >> ((unit & 1) << 2)) & 15;
      int high = (w.get(s + 1) >> (2 * unit)) & 3;
      scale = Elements.half(w.get(s), powers) * ((low | (high << 4)) - 32);
    } else if (type == Blocks.TQ1_0) {
      scale = Elements.half(w.get(s + 26), powers);
    } else if (type == Blocks.TQ2_0) {
      scale = Elements.half(w.get(s + 32), powers);
    } else {
      scale = Elements.half(w.get(s), powers) * sixBits(Units.word(w, s + 2), Units.word(w, s + 6), unit);
    }
    return scale;
  }

  static float offset(int type, ShortArray w, FloatArray powers, int s, int unit, int half) {
    float offset = 0f;
    if (type == Blocks.Q2_K) {
      offset = -(Elements.half(w.get(s + 41), powers) * ((w.get(s + unit) >> ((half << 3) + 4)) & 15));
    } else if (type == Blocks.Q4_K) {
      offset = -(Elements.half(w.get(s + 1), powers) * sixBits(Units.word(w, s + 4), Units.word(w, s + 6) >> 4, unit));
    } else if (type == Blocks.Q5_K) {
      offset = -(Elements.half(w.get(s + 1), powers) * sixBits(Units.word(w, s + 4), Units.word(w, s + 6) >> 4, unit));
    }
    return offset;
  }

  /** Of Q4_K's and Q5_K's twelve bytes a scale, or a minimum: {@code own} are the four of its first four, {@code last} those with the low nibbles of its last four. */
  private static int sixBits(int own, int last, int unit) {
    int turn = (unit & 3) << 3;
    int first = (own >> turn) & 63;
    int later = ((last >> turn) & 15) | (((own >> turn) & 192) >> 2);
    return unit < 4 ? first : later;
  }

  static int codes(int type, ShortArray w, int s, int unit, int i) {
    int word = 2 * i;
    int half = unit >> 2;
    int quarter = unit & 3;
    int codes;
    if (type == Blocks.Q2_K) {
      codes = (Units.word(w, s + 8 + 16 * half + word) >> (2 * quarter)) & PAIRS;
    } else if (type == Blocks.Q3_K) {
      codes = ((Units.word(w, s + 16 + 16 * half + word) >> (2 * quarter)) & PAIRS) | (((Units.word(w, s + word) >> unit) & ONES) << 2);
    } else if (type == Blocks.Q4_K) {
      codes = (Units.word(w, s + 8 + 16 * (unit >> 1) + word) >> (4 * (unit & 1))) & LOW;
    } else if (type == Blocks.Q5_K) {
      codes = ((Units.word(w, s + 24 + 16 * (unit >> 1) + word) >> (4 * (unit & 1))) & LOW) | (((Units.word(w, s + 8 + word) >> unit) & ONES) << 4);
    } else if (type == Blocks.IQ4_XS) {
      codes = SmallUnits.listed((Units.word(w, s + 4 + 8 * unit + 2 * (i & 3)) >> ((i >> 2) << 2)) & LOW);
    } else if (type == Blocks.TQ1_0) {
      codes = digits(w, s, unit, i);
    } else if (type == Blocks.TQ2_0) {
      codes = (Units.word(w, s + 16 * half + word) >> (2 * quarter)) & PAIRS;
    } else {
      int low = Units.word(w, s + 32 * half + 16 * (unit & 1) + word) >> (4 * (quarter >> 1));
      codes = (low & LOW) | (((Units.word(w, s + 64 + 16 * half + word) >> (2 * quarter)) & PAIRS) << 4);
    }
    return codes;
  }

  /** Of TQ1_0: units 0 to 4 are the digits of 32 bytes, then come five of 16 bytes and four of the last four. */
  private static int digits(ShortArray w, int s, int unit, int i) {
    int from = s + 2 * i;
    int digit = unit;
    if (unit >= 5) {
      from = s + 16 + 2 * (i & 3);
      digit = 2 * (unit - 5) + (i >> 2);
      if (digit == 5) {
        from = s + 24;
        digit = i & 3;
      }
    }
    int bytes = Units.word(w, from);
    int power = SuperBlocks.power(digit);
    int even = ((((bytes & 0x00FF00FF) * power) & 0x00FF00FF) * 3 >> 8) & 0x00030003;
    int odd = ((((bytes >> 8) & 0x00FF00FF) * power) & 0x00FF00FF) * 3 & 0x03000300;
    return even | odd;
  }
}
