package dev.gatun.cpu.format;

import static dev.gatun.cpu.format.RowConversion.BYTE;
import static dev.gatun.cpu.format.RowConversion.FLOAT;
import static dev.gatun.cpu.format.RowConversion.SHORT;

import java.lang.foreign.MemorySegment;

/** The block types of 256 elements to F32, group by group; the layouts are in {@link dev.gatun.DType}. */
final class SuperBlocks {
  private SuperBlocks() {}

  static void q2(MemorySegment src, long from, MemorySegment dst, long to, int n) {
    for (long b = from, o = to, end = to + 4L * n; o < end; b += 84, o += 1024) {
      float d = Half.f16(src.get(SHORT, b + 80));
      float dmin = Half.f16(src.get(SHORT, b + 82));
      for (int g = 0; g < 16; g++) {
        int packed = src.get(BYTE, b + g) & 0xFF;
        float scale = d * (packed & 15);
        float minimum = dmin * (packed >> 4);
        long q = b + 16 + 32 * (g >> 3) + 16 * (g & 1);
        int shift = g & 6;
        for (int l = 0; l < 16; l++) {
          dst.set(FLOAT, o + 64L * g + 4L * l, scale * (src.get(BYTE, q + l) >> shift & 3) - minimum);
        }
      }
    }
  }

  static void q3(MemorySegment src, long from, MemorySegment dst, long to, int n) {
    for (long b = from, o = to, end = to + 4L * n; o < end; b += 110, o += 1024) {
      float d = Half.f16(src.get(SHORT, b + 108));
      for (int g = 0; g < 16; g++) {
        int low = src.get(BYTE, b + 96 + (g & 7)) >> (g < 8 ? 0 : 4) & 15;
        int high = src.get(BYTE, b + 104 + (g & 3)) >> (2 * (g >> 2)) & 3;
        float scale = d * ((low | high << 4) - 32);
        long mask = b + 16 * (g & 1);
        long q = b + 32 + 32 * (g >> 3) + 16 * (g & 1);
        int shift = g & 6;
        int bit = g >> 1;
        for (int l = 0; l < 16; l++) {
          int code = src.get(BYTE, q + l) >> shift & 3 | (src.get(BYTE, mask + l) >> bit & 1) << 2;
          dst.set(FLOAT, o + 64L * g + 4L * l, scale * (code - 4));
        }
      }
    }
  }

  static void q4(MemorySegment src, long from, MemorySegment dst, long to, int n) {
    for (long b = from, o = to, end = to + 4L * n; o < end; b += 144, o += 1024) {
      float d = Half.f16(src.get(SHORT, b));
      float dmin = Half.f16(src.get(SHORT, b + 2));
      for (int g = 0; g < 8; g += 2) {
        float scale = d * scale(src, b + 4, g);
        float minimum = dmin * minimum(src, b + 4, g);
        float nextScale = d * scale(src, b + 4, g + 1);
        float nextMinimum = dmin * minimum(src, b + 4, g + 1);
        long q = b + 16 + 16 * g;
        long p = o + 128L * g;
        for (int l = 0; l < 32; l++) {
          int pair = src.get(BYTE, q + l);
          dst.set(FLOAT, p + 4L * l, scale * (pair & 15) - minimum);
          dst.set(FLOAT, p + 128 + 4L * l, nextScale * (pair >> 4 & 15) - nextMinimum);
        }
      }
    }
  }

  static void q5(MemorySegment src, long from, MemorySegment dst, long to, int n) {
    for (long b = from, o = to, end = to + 4L * n; o < end; b += 176, o += 1024) {
      float d = Half.f16(src.get(SHORT, b));
      float dmin = Half.f16(src.get(SHORT, b + 2));
      for (int g = 0; g < 8; g += 2) {
        float scale = d * scale(src, b + 4, g);
        float minimum = dmin * minimum(src, b + 4, g);
        float nextScale = d * scale(src, b + 4, g + 1);
        float nextMinimum = dmin * minimum(src, b + 4, g + 1);
        long q = b + 48 + 16 * g;
        long p = o + 128L * g;
        for (int l = 0; l < 32; l++) {
          int pair = src.get(BYTE, q + l);
          int high = src.get(BYTE, b + 16 + l) >> g;
          dst.set(FLOAT, p + 4L * l, scale * (pair & 15 | (high & 1) << 4) - minimum);
          dst.set(FLOAT, p + 128 + 4L * l, nextScale * (pair >> 4 & 15 | (high & 2) << 3) - nextMinimum);
        }
      }
    }
  }

  static void q6(MemorySegment src, long from, MemorySegment dst, long to, int n) {
    for (long b = from, o = to, end = to + 4L * n; o < end; b += 210, o += 1024) {
      float d = Half.f16(src.get(SHORT, b + 208));
      for (int part = 0; part < 4; part++) {
        // Sixteen elements of each of a half's four quarters share their bytes.
        int half = part >> 1;
        long low = b + 64 * half + 16 * (part & 1);
        long high = b + 128 + 32 * half + 16 * (part & 1);
        long s = b + 192 + 8 * half + (part & 1);
        float scale0 = d * src.get(BYTE, s);
        float scale1 = d * src.get(BYTE, s + 2);
        float scale2 = d * src.get(BYTE, s + 4);
        float scale3 = d * src.get(BYTE, s + 6);
        long p = o + 512L * half + 64L * (part & 1);
        for (int l = 0; l < 16; l++) {
          int h = src.get(BYTE, high + l);
          int a = src.get(BYTE, low + l);
          int c = src.get(BYTE, low + 32 + l);
          dst.set(FLOAT, p + 4L * l, scale0 * ((a & 15 | (h & 3) << 4) - 32));
          dst.set(FLOAT, p + 128 + 4L * l, scale1 * ((c & 15 | (h >> 2 & 3) << 4) - 32));
          dst.set(FLOAT, p + 256 + 4L * l, scale2 * ((a >> 4 & 15 | (h >> 4 & 3) << 4) - 32));
          dst.set(FLOAT, p + 384 + 4L * l, scale3 * ((c >> 4 & 15 | (h >> 6 & 3) << 4) - 32));
        }
      }
    }
  }

  /** The 6-bit scale of group {@code g} in the twelve bytes at {@code s} of a Q4_K or Q5_K block. */
  static int scale(MemorySegment src, long s, int g) {
    return g < 4 ? src.get(BYTE, s + g) & 63 : src.get(BYTE, s + g + 4) & 15 | (src.get(BYTE, s + g - 4) & 0xC0) >> 2;
  }

  /** The 6-bit minimum of group {@code g}, in the same bytes. */
  static int minimum(MemorySegment src, long s, int g) {
    return g < 4 ? src.get(BYTE, s + g + 4) & 63 : src.get(BYTE, s + g + 4) >> 4 & 15 | (src.get(BYTE, s + g) & 0xC0) >> 2;
  }
}
