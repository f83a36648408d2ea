package dev.gatun.cpu.format;

import static dev.gatun.cpu.format.RowConversion.BYTE;
import static dev.gatun.cpu.format.RowConversion.FLOAT;
import static dev.gatun.cpu.format.RowConversion.INT;
import static dev.gatun.cpu.format.RowConversion.SHORT;

import java.lang.foreign.MemorySegment;

/** The block types of 32 elements to F32, block by block; the layouts are in {@link dev.gatun.DType}. */
final class SmallBlocks {
  private static final float[] IQ4_NL = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
  /** Twice the E2M1 values; the other half is in the scale, which then never needs an exponent that F32 lacks. */
  private static final float[] TWICE_E2M1 = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

  private SmallBlocks() {}

  static void q8(MemorySegment src, long from, MemorySegment dst, long to, int n) {
    for (long b = from, o = to, end = to + 4L * n; o < end; b += 34, o += 128) {
      float d = Half.f16(src.get(SHORT, b));
      for (int j = 0; j < 32; j++) {
        dst.set(FLOAT, o + 4L * j, d * src.get(BYTE, b + 2 + j));
      }
    }
  }

  static void q4(MemorySegment src, long from, MemorySegment dst, long to, int n) {
    for (long b = from, o = to, end = to + 4L * n; o < end; b += 18, o += 128) {
      float d = Half.f16(src.get(SHORT, b));
      for (int j = 0; j < 16; j++) {
        int pair = src.get(BYTE, b + 2 + j);
        dst.set(FLOAT, o + 4L * j, d * ((pair & 15) - 8));
        dst.set(FLOAT, o + 64 + 4L * j, d * ((pair >> 4 & 15) - 8));
      }
    }
  }

  static void q4WithMinimum(MemorySegment src, long from, MemorySegment dst, long to, int n) {
    for (long b = from, o = to, end = to + 4L * n; o < end; b += 20, o += 128) {
      float d = Half.f16(src.get(SHORT, b));
      float m = Half.f16(src.get(SHORT, b + 2));
      for (int j = 0; j < 16; j++) {
        int pair = src.get(BYTE, b + 4 + j);
        dst.set(FLOAT, o + 4L * j, d * (pair & 15) + m);
        dst.set(FLOAT, o + 64 + 4L * j, d * (pair >> 4 & 15) + m);
      }
    }
  }

  static void q5(MemorySegment src, long from, MemorySegment dst, long to, int n) {
    for (long b = from, o = to, end = to + 4L * n; o < end; b += 22, o += 128) {
      float d = Half.f16(src.get(SHORT, b));
      int high = src.get(INT, b + 2);
      for (int j = 0; j < 16; j++) {
        int pair = src.get(BYTE, b + 6 + j);
        dst.set(FLOAT, o + 4L * j, d * ((pair & 15 | (high >>> j & 1) << 4) - 16));
        dst.set(FLOAT, o + 64 + 4L * j, d * ((pair >> 4 & 15 | (high >>> (j + 16) & 1) << 4) - 16));
      }
    }
  }

  static void q5WithMinimum(MemorySegment src, long from, MemorySegment dst, long to, int n) {
    for (long b = from, o = to, end = to + 4L * n; o < end; b += 24, o += 128) {
      float d = Half.f16(src.get(SHORT, b));
      float m = Half.f16(src.get(SHORT, b + 2));
      int high = src.get(INT, b + 4);
      for (int j = 0; j < 16; j++) {
        int pair = src.get(BYTE, b + 8 + j);
        dst.set(FLOAT, o + 4L * j, d * (pair & 15 | (high >>> j & 1) << 4) + m);
        dst.set(FLOAT, o + 64 + 4L * j, d * (pair >> 4 & 15 | (high >>> (j + 16) & 1) << 4) + m);
      }
    }
  }

  static void iq4(MemorySegment src, long from, MemorySegment dst, long to, int n) {
    for (long b = from, o = to, end = to + 4L * n; o < end; b += 18, o += 128) {
      tabled(IQ4_NL, Half.f16(src.get(SHORT, b)), src, b + 2, dst, o);
    }
  }

  static void mxfp4(MemorySegment src, long from, MemorySegment dst, long to, int n) {
    for (long b = from, o = to, end = to + 4L * n; o < end; b += 17, o += 128) {
      int e = src.get(BYTE, b) & 0xFF;
      // 2^(e - 128): a normal number from e = 2 on.
      float halfScale = Float.intBitsToFloat(e < 2 ? 0x0020_0000 << e : (e - 1) << 23);
      tabled(TWICE_E2M1, halfScale, src, b + 1, dst, o);
    }
  }

  private static void tabled(float[] values, float d, MemorySegment src, long q, MemorySegment dst, long o) {
    for (int j = 0; j < 16; j++) {
      int pair = src.get(BYTE, q + j);
      dst.set(FLOAT, o + 4L * j, d * values[pair & 15]);
      dst.set(FLOAT, o + 64 + 4L * j, d * values[pair >> 4 & 15]);
    }
  }
}
