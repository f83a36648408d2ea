package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * Units of 32 elements of block types, as what a kernel multiplies: 8 words of 4 codes of 8 bits, and a scale and an offset for each half of them. An element is
 * {@code scale · code + offset}. So scales are made once for a unit, and codes are taken apart 4 at a time, in which compilers for processors find vectors.
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

  /** Code {@code j} of a word, with what its type adds to it; an integer, so that it is exact. Those of Q8_0 alone have signs. */
  static int code(int type, int codes, int j) {
    int code;
    if (type == Blocks.Q8_0) {
      code = (codes << (24 - 8 * j)) >> 24;
    } else {
      code = ((codes >> (8 * j)) & 255) + zero(type);
    }
    return code;
  }

  private static int zero(int type) {
    int zero = 0;
    if (type == Blocks.Q4_0) {
      zero = -8;
    } else if (type == Blocks.Q5_0) {
      zero = -16;
    } else if (type == Blocks.IQ4_NL) {
      zero = -127;
    } else if (type == Blocks.MXFP4) {
      zero = -12;
    } else if (type == Blocks.Q3_K) {
      zero = -4;
    } else if (type == Blocks.Q6_K) {
      zero = -32;
    } else if (type == Blocks.IQ4_XS) {
      zero = -127;
    } else if (type == Blocks.TQ1_0) {
      zero = -1;
    } else if (type == Blocks.TQ2_0) {
      zero = -1;
    }
    return zero;
  }

  /** Word {@code i} of a unit: elements {@code 4i} to {@code 4i + 3}, the first in the lowest byte. */
  static int codes(int type, ShortArray w, int at, int unit, int i) {
    int codes;
    if (type < Blocks.Q2_K) {
      codes = SmallUnits.codes(type, w, at + SmallUnits.bytes(type) * unit, i);
    } else {
      codes = LargeUnits.codes(type, w, (at >> 1) + LargeUnits.shorts(type) * (unit >> 3), unit & 7, i);
    }
    return codes;
  }

  /** The scale of half a unit. */
  static float scale(int type, ShortArray w, FloatArray powers, int at, int unit, int half) {
    float scale;
    if (type < Blocks.Q2_K) {
      scale = SmallUnits.scale(type, w, powers, at + SmallUnits.bytes(type) * unit);
    } else {
      scale = LargeUnits.scale(type, w, powers, (at >> 1) + LargeUnits.shorts(type) * (unit >> 3), unit & 7, half);
    }
    return scale;
  }

  /** The offset of half a unit. */
  static float offset(int type, ShortArray w, FloatArray powers, int at, int unit, int half) {
    float offset;
    if (type < Blocks.Q2_K) {
      offset = SmallUnits.offset(type, w, powers, at + SmallUnits.bytes(type) * unit);
    } else {
      offset = LargeUnits.offset(type, w, powers, (at >> 1) + LargeUnits.shorts(type) * (unit >> 3), unit & 7, half);
    }
    return offset;
  }

  /** Four bytes as a word. */
  static int word(ShortArray w, int at) {
    return (w.get(at) & 0xFFFF) | (w.get(at + 1) << 16);
  }

  /** The byte at {@code at}. */
  static int at(ShortArray w, int at) {
    return (w.get(at >> 1) >> ((at & 1) << 3)) & 255;
  }
}
