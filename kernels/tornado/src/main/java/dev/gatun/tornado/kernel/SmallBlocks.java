package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Element {@code i} of a block of 32 elements that starts at byte {@code at}, by the layouts that {@link dev.gatun.DType} documents. Every product here is exact,
 * so that a value is rounded at most once, by a sum. Inlined into kernels.
 */
final class SmallBlocks {
  private SmallBlocks() {}

  /** The F16 at a byte, which may be odd. */
  static float half(ByteArray w, FloatArray powers, int at) {
    return Elements.half((w.get(at) & 255) | ((w.get(at + 1) & 255) << 8), powers);
  }

  /** The code of 4 bits: of 16 bytes the low nibbles are the first half, the high ones the second. */
  static int nibble(ByteArray w, int at, int i) {
    return (w.get(at + (i & 15)) >> ((i >> 4) << 2)) & 15;
  }

  /** Bit {@code i} of a little-endian word, in the place of bit 4. */
  private static int fifth(ByteArray w, int at, int i) {
    return ((w.get(at + (i >> 3)) >> (i & 7)) & 1) << 4;
  }

  /** Q8_0. */
  static float q80(ByteArray w, FloatArray powers, int at, int i) {
    return half(w, powers, at) * w.get(at + 2 + i);
  }

  /** Q4_0. */
  static float q40(ByteArray w, FloatArray powers, int at, int i) {
    return half(w, powers, at) * (nibble(w, at + 2, i) - 8);
  }

  /** Q4_1. */
  static float q41(ByteArray w, FloatArray powers, int at, int i) {
    return half(w, powers, at) * nibble(w, at + 4, i) + half(w, powers, at + 2);
  }

  /** Q5_0. */
  static float q50(ByteArray w, FloatArray powers, int at, int i) {
    return half(w, powers, at) * (nibble(w, at + 6, i) + fifth(w, at + 2, i) - 16);
  }

  /** Q5_1. */
  static float q51(ByteArray w, FloatArray powers, int at, int i) {
    return half(w, powers, at) * (nibble(w, at + 8, i) + fifth(w, at + 4, i)) + half(w, powers, at + 2);
  }

  /** IQ4_NL. */
  static float iq4nl(ByteArray w, FloatArray powers, int at, int i) {
    return half(w, powers, at) * iq4(nibble(w, at + 2, i));
  }

  /** MXFP4. */
  static float mxfp4(ByteArray w, FloatArray powers, int at, int i) {
    int scale = w.get(at) & 255;
    int twice = e2m1(nibble(w, at + 1, i));
    return scale == 0 ? twice * 0x1p-24f * 0x1p-104f : twice * powers.get(scale - 1);
  }

  /** What an IQ4_NL code stands for: the table's bytes, 127 added to each, four in an integer. */
  static int iq4(int code) {
    int four = 0x3E2C1700;
    if (code >= 12) {
      four = 0xF0D8C4B4;
    } else if (code >= 8) {
      four = 0xA5988C80;
    } else if (code >= 4) {
      four = 0x75695C4E;
    }
    return ((four >> ((code & 3) << 3)) & 255) - 127;
  }

  /** Twice what an E2M1 code stands for: 0, 1, 2, 3, 4, 6, 8, 12 and their negatives. */
  static int e2m1(int code) {
    int magnitude = code & 7;
    int twice = magnitude;
    if (magnitude >= 4) {
      twice = (2 + (magnitude & 1)) << ((magnitude >> 1) - 1);
    }
    return code >= 8 ? -twice : twice;
  }
}
