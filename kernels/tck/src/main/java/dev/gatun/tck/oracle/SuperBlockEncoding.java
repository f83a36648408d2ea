package dev.gatun.tck.oracle;

import static dev.gatun.tck.oracle.Bits.or8;
import static dev.gatun.tck.oracle.Bits.put16;
import static dev.gatun.tck.oracle.Bits.put8;

import dev.gatun.DType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The types of 256 elements: each group's ideal scale (and minimum) first, then d (and dmin) such that the largest of them gets the
 * largest code, then every element's nearest code under the scales as stored.
 */
final class SuperBlockEncoding {
  private SuperBlockEncoding() {}

  static void block(DType type, float[] x, boolean finite, MemorySegment out, long b) {
    switch (type) {
      case Q2_K -> withMinimum(type, finite ? x : new float[256], 16, 15, 3, out, b);
      case Q4_K -> withMinimum(type, finite ? x : new float[256], 32, 63, 15, out, b);
      case Q5_K -> withMinimum(type, finite ? x : new float[256], 32, 63, 31, out, b);
      case Q3_K -> signed(type, finite ? x : new float[256], 31, 4, out, b);
      case Q6_K -> signed(type, finite ? x : new float[256], 127, 32, out, b);
      case IQ4_XS -> tabled(finite ? x : new float[256], out, b);
      default -> throw new IllegalArgumentException(type + " has no super-blocks");
    }
    if (!finite) {
      put16(out, b + dOffset(type), MiniFloat.F16.encode(Double.NaN));
    }
  }

  private static int dOffset(DType type) {
    return switch (type) {
      case Q2_K -> 80;
      case Q3_K -> 108;
      case Q6_K -> 208;
      default -> 0;
    };
  }

  private static double putF16(MemorySegment out, long at, double value) {
    int bits = MiniFloat.F16.encode(value);
    put16(out, at, bits);
    return MiniFloat.F16.decode(bits);
  }

  /** {@code value / step} to the nearest integer in range; 0 where the step is 0. */
  private static int code(double value, double step, int low, int high) {
    return step == 0 ? Math.clamp(0, low, high) : (int) Math.rint(Math.clamp(value / step, low, high));
  }

  private static void withMinimum(DType type, float[] x, int size, int topScale, int topCode, MemorySegment out, long b) {
    double[] range = new double[256 / size];
    double[] below = new double[256 / size];
    double widest = 0;
    double deepest = 0;
    for (int g = 0; g < range.length; g++) {
      double min = 0;
      double max = 0;
      for (int i = g * size; i < (g + 1) * size; i++) {
        min = Math.min(min, x[i]);
        max = Math.max(max, x[i]);
      }
      range[g] = (max - min) / topCode;
      below[g] = -min;
      widest = Math.max(widest, range[g]);
      deepest = Math.max(deepest, below[g]);
    }
    double d = putF16(out, b + dOffset(type), widest / topScale);
    double dmin = putF16(out, b + dOffset(type) + 2, deepest / topScale);
    for (int g = 0; g < range.length; g++) {
      int scale = code(range[g], d, 0, topScale);
      int minimum = code(below[g], dmin, 0, topScale);
      if (type == DType.Q2_K) {
        put8(out, b + g, scale | minimum << 4);
      } else {
        putScaleAndMinimum(out, b + 4, g, scale, minimum);
      }
      for (int i = g * size; i < (g + 1) * size; i++) {
        putCode(type, out, b, i, code(x[i] + dmin * minimum, d * scale, 0, topCode));
      }
    }
  }

  private static void signed(DType type, float[] x, int topScale, int half, MemorySegment out, long b) {
    double[] ideal = new double[16];
    double largest = 0;
    for (int g = 0; g < 16; g++) {
      ideal[g] = BlockEncoding.extreme(x, 16 * g, 16 * g + 16) / -half;
      largest = Math.max(largest, Math.abs(ideal[g]));
    }
    double d = putF16(out, b + dOffset(type), largest / topScale);
    for (int g = 0; g < 16; g++) {
      int scale = code(ideal[g], d, -topScale, topScale);
      if (type == DType.Q6_K) {
        put8(out, b + 192 + g, scale);
      } else {
        or8(out, b + 96 + g % 8, ((scale + 32) & 15) << (g < 8 ? 0 : 4));
        or8(out, b + 104 + g % 4, ((scale + 32) >> 4) << (2 * (g / 4)));
      }
      for (int i = 16 * g; i < 16 * g + 16; i++) {
        putCode(type, out, b, i, code(x[i], d * scale, -half, half - 1) + half);
      }
    }
  }

  private static void tabled(float[] x, MemorySegment out, long b) {
    double[] ideal = new double[8];
    double largest = 0;
    for (int g = 0; g < 8; g++) {
      ideal[g] = BlockEncoding.extreme(x, 32 * g, 32 * g + 32) / -127;
      largest = Math.max(largest, Math.abs(ideal[g]));
    }
    double d = putF16(out, b, largest / 31);
    for (int g = 0; g < 8; g++) {
      int scale = code(ideal[g], d, -32, 31);
      or8(out, b + 4 + g / 2, ((scale + 32) & 15) << (4 * (g % 2)));
      or8(out, b + 2 + g / 4, ((scale + 32) >> 4) << (2 * (g % 4)));
      double step = d * scale;
      double[] values = Arrays.stream(BlockDecoding.IQ4_NL_VALUES).mapToDouble(v -> v * step).toArray();
      for (int i = 0; i < 32; i++) {
        or8(out, b + 8 + 16 * g + i % 16, BlockEncoding.nearest(values, x[32 * g + i]) << (i < 16 ? 0 : 4));
      }
    }
  }

  private static void putScaleAndMinimum(MemorySegment out, long s, int g, int scale, int minimum) {
    if (g < 4) {
      or8(out, s + g, scale);
      or8(out, s + g + 4, minimum);
    } else {
      or8(out, s + g + 4, (scale & 15) | (minimum & 15) << 4);
      or8(out, s + g - 4, (scale >> 4) << 6);
      or8(out, s + g, (minimum >> 4) << 6);
    }
  }

  private static void putCode(DType type, MemorySegment out, long b, int i, int code) {
    int half = i / 128;
    int quarter = i % 128 / 32;
    int l = i % 32;
    int nibbles64 = i / 64 * 32 + l;
    int highNibble = i % 64 < 32 ? 0 : 4;
    switch (type) {
      case Q2_K -> or8(out, b + 16 + 32 * half + l, code << (2 * quarter));
      case Q3_K -> {
        or8(out, b + 32 + 32 * half + l, (code & 3) << (2 * quarter));
        or8(out, b + l, (code >> 2) << (i / 32));
      }
      case Q4_K -> or8(out, b + 16 + nibbles64, code << highNibble);
      case Q5_K -> {
        or8(out, b + 48 + nibbles64, (code & 15) << highNibble);
        or8(out, b + 16 + l, (code >> 4) << (i / 32));
      }
      case Q6_K -> {
        or8(out, b + 64 * half + 32 * (quarter % 2) + l, (code & 15) << (quarter < 2 ? 0 : 4));
        or8(out, b + 128 + 32 * half + l, (code >> 4) << (2 * quarter));
      }
      default -> throw new IllegalArgumentException(type + " has no super-blocks");
    }
  }
}
