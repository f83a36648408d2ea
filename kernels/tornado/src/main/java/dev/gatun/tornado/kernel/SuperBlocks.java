package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Element {@code i} of a block of 256 elements that starts at byte {@code at}, by the layouts that {@link dev.gatun.DType} documents. Every product here is exact,
 * so that a value is rounded at most once, by a sum. Inlined into kernels.
 */
final class SuperBlocks {
  private SuperBlocks() {}

  /** Two bits: 128 elements in 32 bytes, their quarters in rising pairs of bits. */
  private static int pair(ByteArray w, int at, int i) {
    return (w.get(at + ((i >> 7) << 5) + (i & 31)) >> (((i >> 5) & 3) << 1)) & 3;
  }

  /** Four bits: 64 elements in 32 bytes, the first half in the low nibbles. */
  static int nibble(ByteArray w, int at, int i) {
    return (w.get(at + ((i >> 6) << 5) + (i & 31)) >> (((i >> 5) & 1) << 2)) & 15;
  }

  /** The 6-bit scale of group {@code g} of a Q4_K or Q5_K block, whose 12 bytes of scales start at {@code at}. */
  static int scale(ByteArray w, int at, int g) {
    int scale;
    if (g < 4) {
      scale = w.get(at + g) & 63;
    } else {
      scale = (w.get(at + g + 4) & 15) | (((w.get(at + g - 4) >> 6) & 3) << 4);
    }
    return scale;
  }

  /** The 6-bit minimum of group {@code g} of a Q4_K or Q5_K block, whose 12 bytes of scales start at {@code at}. */
  static int minimum(ByteArray w, int at, int g) {
    int minimum;
    if (g < 4) {
      minimum = w.get(at + g + 4) & 63;
    } else {
      minimum = ((w.get(at + g + 4) >> 4) & 15) | (((w.get(at + g) >> 6) & 3) << 4);
    }
    return minimum;
  }

  /** Q2_K. */
  static float q2k(ByteArray w, FloatArray powers, int at, int i) {
    int group = w.get(at + (i >> 4));
    return SmallBlocks.half(w, powers, at + 80) * (group & 15) * pair(w, at + 16, i) - SmallBlocks.half(w, powers, at + 82) * ((group >> 4) & 15);
  }

  /** Q3_K. */
  static float q3k(ByteArray w, FloatArray powers, int at, int i) {
    int g = i >> 4;
    int low = (w.get(at + 96 + (g & 7)) >> ((g >> 3) << 2)) & 15;
    int high = (w.get(at + 104 + (g & 3)) >> ((g >> 2) << 1)) & 3;
    int code = pair(w, at + 32, i) | (((w.get(at + (i & 31)) >> (i >> 5)) & 1) << 2);
    return SmallBlocks.half(w, powers, at + 108) * ((low | (high << 4)) - 32) * (code - 4);
  }

  /** Q4_K. */
  static float q4k(ByteArray w, FloatArray powers, int at, int i) {
    return withMinimum(w, powers, at, i >> 5, nibble(w, at + 16, i));
  }

  /** Q5_K. */
  static float q5k(ByteArray w, FloatArray powers, int at, int i) {
    int high = (w.get(at + 16 + (i & 31)) >> (i >> 5)) & 1;
    return withMinimum(w, powers, at, i >> 5, nibble(w, at + 48, i) | (high << 4));
  }

  private static float withMinimum(ByteArray w, FloatArray powers, int at, int g, int code) {
    return SmallBlocks.half(w, powers, at) * scale(w, at + 4, g) * code - SmallBlocks.half(w, powers, at + 2) * minimum(w, at + 4, g);
  }

  /** The code of 6 bits of a Q6_K block, from 0 to 63. */
  static int q6kCode(ByteArray w, int at, int i) {
    int quarter = (i >> 5) & 3;
    int low = (w.get(at + ((i >> 7) << 6) + ((quarter & 1) << 5) + (i & 31)) >> ((quarter >> 1) << 2)) & 15;
    return low | (pair(w, at + 128, i) << 4);
  }

  /** Q6_K. */
  static float q6k(ByteArray w, FloatArray powers, int at, int i) {
    return SmallBlocks.half(w, powers, at + 208) * w.get(at + 192 + (i >> 4)) * (q6kCode(w, at, i) - 32);
  }

  /** IQ4_XS. */
  static float iq4xs(ByteArray w, FloatArray powers, int at, int i) {
    int g = i >> 5;
    int low = (w.get(at + 4 + (g >> 1)) >> ((g & 1) << 2)) & 15;
    int high = (w.get(at + 2 + (g >> 2)) >> ((g & 3) << 1)) & 3;
    return SmallBlocks.half(w, powers, at) * ((low | (high << 4)) - 32) * SmallBlocks.iq4(SmallBlocks.nibble(w, at + 8 + (g << 4), i & 31));
  }

  /** TQ1_0. */
  static float tq1(ByteArray w, FloatArray powers, int at, int i) {
    int digit = i >> 5;
    int from = at + (i & 31);
    if (i >= 240) {
      digit = (i - 240) >> 2;
      from = at + 48 + (i & 3);
    } else if (i >= 160) {
      digit = (i - 160) >> 4;
      from = at + 32 + (i & 15);
    }
    int fraction = ((w.get(from) & 255) * power(digit)) & 255;
    return SmallBlocks.half(w, powers, at + 52) * (((fraction * 3) >> 8) - 1);
  }

  /** Three to the power of a digit's place, 0 to 4. */
  static int power(int digit) {
    int power = (0x1B090301 >> (digit << 3)) & 255;
    if (digit == 4) {
      power = 81;
    }
    return power;
  }

  /** TQ2_0. */
  static float tq2(ByteArray w, FloatArray powers, int at, int i) {
    return SmallBlocks.half(w, powers, at + 64) * (pair(w, at, i) - 1);
  }
}
