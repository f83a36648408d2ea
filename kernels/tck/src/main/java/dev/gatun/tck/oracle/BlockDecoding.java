package dev.gatun.tck.oracle;

import static dev.gatun.tck.oracle.Bits.f16;
import static dev.gatun.tck.oracle.Bits.i8;
import static dev.gatun.tck.oracle.Bits.nibble;
import static dev.gatun.tck.oracle.Bits.u8;

import dev.gatun.DType;
import java.lang.foreign.MemorySegment;

/**
 * Element {@code i} of one block, straight from the layout that {@link DType} documents. Every product has at most 23 significant bits
 * and a sum of two spans fewer than 53, so float64 carries each of these values exactly.
 */
final class BlockDecoding {
  static final int[] IQ4_NL_VALUES = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
  static final double[] MXFP4_VALUES = {0, 0.5, 1, 1.5, 2, 3, 4, 6, 0, -0.5, -1, -1.5, -2, -3, -4, -6};

  private BlockDecoding() {}

  /** Value of element {@code i} of the block of type {@code type} that starts at byte {@code b}. */
  static double element(DType type, MemorySegment data, long b, int i) {
    return switch (type) {
      case Q8_0 -> f16(data, b) * i8(data, b + 2 + i);
      case Q4_0 -> f16(data, b) * (nibble32(data, b + 2, i) - 8);
      case Q4_1 -> f16(data, b) * nibble32(data, b + 4, i) + f16(data, b + 2);
      case Q5_0 -> f16(data, b) * (nibble32(data, b + 6, i) + 16 * bit(data, b + 2, i) - 16);
      case Q5_1 -> f16(data, b) * (nibble32(data, b + 8, i) + 16 * bit(data, b + 4, i)) + f16(data, b + 2);
      case IQ4_NL -> f16(data, b) * IQ4_NL_VALUES[nibble32(data, b + 2, i)];
      case MXFP4 -> Math.scalb(MXFP4_VALUES[nibble32(data, b + 1, i)], u8(data, b) - 127);
      case Q2_K -> q2K(data, b, i);
      case Q3_K -> q3K(data, b, i);
      case Q4_K -> withMinimum(data, b, i, nibble64(data, b + 16, i));
      case Q5_K -> withMinimum(data, b, i, nibble64(data, b + 48, i) + 16 * (u8(data, b + 16 + i % 32) >> (i / 32) & 1));
      case Q6_K -> q6K(data, b, i);
      case IQ4_XS -> iq4Xs(data, b, i);
      case TQ1_0 -> f16(data, b + 52) * (digit(data, b, i) - 1);
      case TQ2_0 -> f16(data, b + 64) * (pair(data, b, i) - 1);
      case F32, F16, BF16, I8, I32, F8_E4M3, F8_E5M2 -> throw new IllegalArgumentException(type + " has no blocks");
    };
  }

  /** Of 32 elements in 16 bytes: the first half in the low nibbles, the second in the high ones. */
  private static int nibble32(MemorySegment data, long at, int i) {
    return nibble(data, at + i % 16, i >= 16);
  }

  /** Of each 64 elements in 32 bytes: the first half in the low nibbles, the second in the high ones. */
  private static int nibble64(MemorySegment data, long at, int i) {
    return nibble(data, at + i / 64 * 32 + i % 32, i % 64 >= 32);
  }

  /** Bit {@code i} of a little-endian word. */
  private static int bit(MemorySegment data, long at, int i) {
    return u8(data, at + i / 8) >> (i % 8) & 1;
  }

  /** Two bits of element {@code i}: 128 elements in 32 bytes, their four quarters in rising bit pairs. */
  private static int pair(MemorySegment data, long at, int i) {
    return u8(data, at + i / 128 * 32 + i % 32) >> (2 * (i % 128 / 32)) & 3;
  }

  private static double iq4Xs(MemorySegment data, long b, int i) {
    int g = i / 32;
    int scale = nibble(data, b + 4 + g / 2, g % 2 == 1) + 16 * (u8(data, b + 2 + g / 4) >> (2 * (g % 4)) & 3);
    return f16(data, b) * (scale - 32) * IQ4_NL_VALUES[nibble32(data, b + 8 + 16 * g, i % 32)];
  }

  /** The ternary digit of element {@code i}: the byte is a fraction of 256, and each multiplication by 3 brings the next digit before the point. */
  private static int digit(MemorySegment data, long b, int i) {
    int from = i < 160 ? 0 : i < 240 ? 32 : 48;
    int width = i < 160 ? 32 : i < 240 ? 16 : 4;
    int within = i - (i < 160 ? 0 : i < 240 ? 160 : 240);
    int rest = u8(data, b + from + within % width);
    for (int n = 0; n < within / width; n++) {
      rest = rest * 3 % 256;
    }
    return rest * 3 / 256;
  }

  private static double q2K(MemorySegment data, long b, int i) {
    int group = u8(data, b + i / 16);
    return f16(data, b + 80) * (group & 15) * pair(data, b + 16, i) - f16(data, b + 82) * (group >> 4);
  }

  private static double q3K(MemorySegment data, long b, int i) {
    int g = i / 16;
    int scale = nibble(data, b + 96 + g % 8, g >= 8) + 16 * (u8(data, b + 104 + g % 4) >> (2 * (g / 4)) & 3);
    int q = pair(data, b + 32, i) + 4 * (u8(data, b + i % 32) >> (i / 32) & 1);
    return f16(data, b + 108) * (scale - 32) * (q - 4);
  }

  private static double withMinimum(MemorySegment data, long b, int i, int q) {
    int g = i / 32;
    long s = b + 4;
    int scale = g < 4 ? u8(data, s + g) & 63 : nibble(data, s + g + 4, false) + 16 * (u8(data, s + g - 4) >> 6);
    int minimum = g < 4 ? u8(data, s + g + 4) & 63 : nibble(data, s + g + 4, true) + 16 * (u8(data, s + g) >> 6);
    return f16(data, b) * scale * q - f16(data, b + 2) * minimum;
  }

  private static double q6K(MemorySegment data, long b, int i) {
    int half = i / 128;
    int quarter = i % 128 / 32;
    int low = nibble(data, b + 64 * half + 32 * (quarter % 2) + i % 32, quarter >= 2);
    int q = low + 16 * pair(data, b + 128, i);
    return f16(data, b + 208) * i8(data, b + 192 + i / 16) * (q - 32);
  }
}
