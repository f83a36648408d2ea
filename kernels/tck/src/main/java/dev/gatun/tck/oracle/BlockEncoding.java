package dev.gatun.tck.oracle;

import static dev.gatun.tck.oracle.Bits.or8;
import static dev.gatun.tck.oracle.Bits.put16;
import static dev.gatun.tck.oracle.Bits.put8;

import dev.gatun.DType;
import dev.gatun.ShapeException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * One block of values to bytes. The types of 32 elements round as llama.cpp's reference does, in float32; the float32 arithmetic decides
 * the bytes, so it must not be widened or fused. The rest choose scales in the plainest way that wastes little.
 */
final class BlockEncoding {
  private static final int F16_NAN = MiniFloat.F16.encode(Double.NaN);

  private BlockEncoding() {}

  /** Writes the block at byte {@code b}, whose bytes are zero. */
  static void block(DType type, double[] values, MemorySegment out, long b) {
    float[] x = new float[values.length];
    boolean finite = true;
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) values[i];
      finite &= Float.isFinite(x[i]);
    }
    switch (type) {
      case Q8_0 -> q8(x, finite, out, b);
      case Q4_0 -> symmetric(x, finite, 8, out, b);
      case Q5_0 -> symmetric(x, finite, 16, out, b);
      case Q4_1 -> ranged(x, finite, 15, out, b);
      case Q5_1 -> ranged(x, finite, 31, out, b);
      case IQ4_NL -> iq4(x, finite, out, b);
      case MXFP4 -> mxfp4(x, finite, out, b);
      case TQ1_0, TQ2_0 -> ternary(type, x, finite, out, b);
      case Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_XS -> SuperBlockEncoding.block(type, x, finite, out, b);
      case F32, F16, BF16, I8, I32, F8_E4M3, F8_E5M2 -> throw new IllegalArgumentException(type + " has no blocks");
    }
  }

  /** The signed value of largest magnitude, the first of equals. */
  static float extreme(float[] x, int from, int to) {
    float extreme = 0;
    for (int i = from; i < to; i++) {
      extreme = Math.abs(x[i]) > Math.abs(extreme) ? x[i] : extreme;
    }
    return extreme;
  }

  /** 1/d, or 0 where that is no finite number; llama.cpp leaves the overflow of a tiny d undefined. */
  private static float inverse(float d) {
    float inverse = 1.0f / d;
    return Float.isFinite(inverse) ? inverse : 0;
  }

  private static void q8(float[] x, boolean finite, MemorySegment out, long b) {
    float d = Math.abs(extreme(x, 0, 32)) / 127;
    float id = inverse(d);
    put16(out, b, finite ? MiniFloat.F16.encode(d) : F16_NAN);
    for (int i = 0; finite && i < 32; i++) {
      double scaled = x[i] * id;
      // Half away from zero; the sum is exact in float64.
      put8(out, b + 2 + i, (int) (scaled + Math.copySign(0.5, scaled)));
    }
  }

  /** Q4_0 and Q5_0: {@code middle} is the code of zero, and the extreme value gets code 0. */
  private static void symmetric(float[] x, boolean finite, int middle, MemorySegment out, long b) {
    float d = extreme(x, 0, 32) / -middle;
    float id = inverse(d);
    put16(out, b, finite ? MiniFloat.F16.encode(d) : F16_NAN);
    for (int i = 0; i < 32; i++) {
      float scaled = finite ? x[i] * id : 0;
      putCode(out, middle == 16, b + 2, i, Math.min(2 * middle - 1, (int) (scaled + (middle + 0.5f))));
    }
  }

  /** Q4_1 and Q5_1: codes 0 to {@code top} spread between the smallest and the largest value. */
  private static void ranged(float[] x, boolean finite, int top, MemorySegment out, long b) {
    float min = Float.MAX_VALUE;
    float max = -Float.MAX_VALUE;
    for (float v : x) {
      min = v < min ? v : min;
      max = v > max ? v : max;
    }
    float d = (max - min) / top;
    float id = inverse(d);
    put16(out, b, finite ? MiniFloat.F16.encode(d) : F16_NAN);
    put16(out, b + 2, finite ? MiniFloat.F16.encode(min) : F16_NAN);
    for (int i = 0; finite && i < 32; i++) {
      float scaled = (x[i] - min) * id;
      putCode(out, top == 31, b + 4, i, Math.min(top, (int) (scaled + 0.5f)));
    }
  }

  /** A code of four bits in the nibbles at {@code at}, or of five with the fifth bits in a word before them. */
  private static void putCode(MemorySegment out, boolean fifthBit, long at, int i, int code) {
    if (fifthBit) {
      or8(out, at + i / 8, (code >> 4) << (i % 8));
    }
    putNibble32(out, fifthBit ? at + 4 : at, i, code & 15);
  }

  private static void putNibble32(MemorySegment out, long at, int i, int code) {
    or8(out, at + i % 16, i < 16 ? code : code << 4);
  }

  private static void iq4(float[] x, boolean finite, MemorySegment out, long b) {
    int bits = finite ? MiniFloat.F16.encode(extreme(x, 0, 32) / -127) : F16_NAN;
    put16(out, b, bits);
    double[] values = Arrays.stream(BlockDecoding.IQ4_NL_VALUES).mapToDouble(v -> v * MiniFloat.F16.decode(bits)).toArray();
    for (int i = 0; finite && i < 32; i++) {
      putNibble32(out, b + 2, i, nearest(values, x[i]));
    }
  }

  private static void mxfp4(float[] x, boolean finite, MemorySegment out, long b) {
    if (!finite) {
      throw new ShapeException("MXFP4 has no NaN or infinity; give it finite values");
    }
    // The largest value, 6, has exponent 2.
    int e = Math.clamp(Math.getExponent((double) extreme(x, 0, 32)) - 2 + 127, 0, 254);
    put8(out, b, e);
    double[] values = Arrays.stream(BlockDecoding.MXFP4_VALUES).map(v -> Math.scalb(v, e - 127)).toArray();
    for (int i = 0; i < 32; i++) {
      putNibble32(out, b + 1, i, nearest(values, x[i]));
    }
  }

  /** d is the largest magnitude, and each element the nearest of −d, 0 and d, halves away from zero. */
  private static void ternary(DType type, float[] x, boolean finite, MemorySegment out, long b) {
    float d = Math.abs(extreme(x, 0, 256));
    float id = inverse(d);
    put16(out, b + type.blockBytes() - 2, finite ? MiniFloat.F16.encode(d) : F16_NAN);
    int[] codes = new int[256];
    for (int i = 0; i < 256; i++) {
      double scaled = finite ? x[i] * id : 0;
      codes[i] = 1 + (int) (scaled + Math.copySign(0.5, scaled));
    }
    if (type == DType.TQ2_0) {
      for (int i = 0; i < 256; i++) {
        or8(out, b + i / 128 * 32 + i % 32, codes[i] << (2 * (i % 128 / 32)));
      }
      return;
    }
    digits(codes, 0, 32, 5, out, b);
    digits(codes, 160, 16, 5, out, b + 32);
    digits(codes, 240, 4, 4, out, b + 48);
  }

  /** As many bytes as {@code width} of so many digits each: the number they are to base 3 over 243, in parts of 256 and no less than it is. */
  private static void digits(int[] codes, int from, int width, int count, MemorySegment out, long at) {
    for (int m = 0; m < width; m++) {
      int number = 0;
      for (int n = 0; n < 5; n++) {
        number = 3 * number + (n < count ? codes[from + n * width + m] : 0);
      }
      put8(out, at + m, (number * 256 + 242) / 243);
    }
  }

  static int nearest(double[] values, double x) {
    int best = 0;
    for (int code = 1; code < values.length; code++) {
      best = Math.abs(values[code] - x) < Math.abs(values[best] - x) ? code : best;
    }
    return best;
  }
}
