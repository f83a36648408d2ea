package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/** {@link Units} of types with blocks of 32 elements; {@code at} is the block's first byte, which but of MXFP4 is even. Inlined into kernels. */
final class SmallUnits {
  private static final int LOW = 0x0F0F0F0F;

  private SmallUnits() {}

  /** Bytes of a block. */
  static int bytes(int type) {
    int bytes = 17;
    if (type == Blocks.Q8_0) {
      bytes = 34;
    } else if (type == Blocks.Q4_0) {
      bytes = 18;
    } else if (type == Blocks.Q4_1) {
      bytes = 20;
    } else if (type == Blocks.Q5_0) {
      bytes = 22;
    } else if (type == Blocks.Q5_1) {
      bytes = 24;
    } else if (type == Blocks.IQ4_NL) {
      bytes = 18;
    }
    return bytes;
  }

  static float scale(int type, ShortArray w, FloatArray powers, int at) {
    float scale;
    if (type == Blocks.MXFP4) {
      int exponent = Units.at(w, at);
      scale = exponent == 0 ? powers.get(0) * 0.5f : powers.get(exponent - 1);
    } else {
      scale = Elements.half(w.get(at >> 1), powers);
    }
    return scale;
  }

  static float offset(int type, ShortArray w, FloatArray powers, int at) {
    float offset = 0f;
    if (type == Blocks.Q4_1) {
      offset = Elements.half(w.get((at >> 1) + 1), powers);
    } else if (type == Blocks.Q5_1) {
      offset = Elements.half(w.get((at >> 1) + 1), powers);
    }
    return offset;
  }

  static int codes(int type, ShortArray w, int at, int i) {
    int s = at >> 1;
    int turn = (i >> 2) << 2;
    int word = 2 * (i & 3);
    int codes;
    if (type == Blocks.Q8_0) {
      codes = Units.word(w, s + 1 + 2 * i);
    } else if (type == Blocks.Q4_0) {
      codes = (Units.word(w, s + 1 + word) >> turn) & LOW;
    } else if (type == Blocks.Q4_1) {
      codes = (Units.word(w, s + 2 + word) >> turn) & LOW;
    } else if (type == Blocks.Q5_0) {
      codes = ((Units.word(w, s + 3 + word) >> turn) & LOW) | fifths(Units.word(w, s + 1) >> (4 * i));
    } else if (type == Blocks.Q5_1) {
      codes = ((Units.word(w, s + 4 + word) >> turn) & LOW) | fifths(Units.word(w, s + 2) >> (4 * i));
    } else if (type == Blocks.IQ4_NL) {
      codes = listed((Units.word(w, s + 1 + word) >> turn) & LOW);
    } else {
      int from = at + 1 + 2 * word;
      codes = floats((Units.at(w, from) | (Units.at(w, from + 1) << 8) | (Units.at(w, from + 2) << 16) | (Units.at(w, from + 3) << 24)) >> turn);
    }
    return codes;
  }

  /** Four bits, each as bit 4 of a byte. */
  private static int fifths(int bits) {
    return ((bits & 1) << 4) | ((bits & 2) << 11) | ((bits & 4) << 18) | ((bits & 8) << 25);
  }

  /** What four codes of IQ4_NL stand for, 127 added to each. */
  static int listed(int codes) {
    return listed(codes, 0) | (listed(codes, 8) << 8) | (listed(codes, 16) << 16) | (listed(codes, 24) << 24);
  }

  private static int listed(int codes, int turn) {
    int code = (codes >> turn) & 15;
    int negative = (code & 4) == 0 ? 0x3E2C1700 : 0x75695C4E;
    int positive = (code & 4) == 0 ? 0xA5988C80 : 0xF0D8C4B4;
    int four = (code & 8) == 0 ? negative : positive;
    return (four >> ((code & 3) << 3)) & 255;
  }

  /** Twice what the low halves of four bytes stand for as E2M1 floats, 12 added to each. */
  private static int floats(int codes) {
    return twice(codes, 0) | (twice(codes, 8) << 8) | (twice(codes, 16) << 16) | (twice(codes, 24) << 24);
  }

  private static int twice(int codes, int turn) {
    int code = (codes >> turn) & 15;
    int magnitude = (0xC8643210 >> ((code & 7) << 2)) & 15;
    return (code & 8) == 0 ? 12 + magnitude : 12 - magnitude;
  }
}
