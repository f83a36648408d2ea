package dev.gatun.cpu.matmul;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** The scales of the K-quants, as {@link dev.gatun.DType#Q4_K} and {@link dev.gatun.DType#Q6_K} lay them out. */
final class KScales {
  private KScales() {}

  /** Scale g of the twelve bytes at {@code at}. */
  static int scale(MemorySegment w, long at, int g) {
    return g < 4 ? w.get(JAVA_BYTE, at + g) & 63 : w.get(JAVA_BYTE, at + g + 4) & 15 | w.get(JAVA_BYTE, at + g - 4) >> 2 & 48;
  }

  /** Minimum g of the twelve bytes at {@code at}. */
  static int min(MemorySegment w, long at, int g) {
    return g < 4 ? w.get(JAVA_BYTE, at + g + 4) & 63 : w.get(JAVA_BYTE, at + g + 4) >> 4 & 15 | w.get(JAVA_BYTE, at + g) >> 2 & 48;
  }

  /**
   * Of each Q4_K or Q5_K block b writes {@code d·scale[g]} at {@code 8b + g} of {@code scales} and {@code −dmin·min[g]} at the same place of
   * {@code mins}.
   */
  static void affine(MemorySegment w, long offset, int blocks, int bytes, float[] scales, float[] mins) {
    for (int b = 0; b < blocks; b++) {
      long at = offset + (long) b * bytes;
      float d = Float.float16ToFloat(w.get(JAVA_SHORT_UNALIGNED, at));
      float m = -Float.float16ToFloat(w.get(JAVA_SHORT_UNALIGNED, at + 2));
      int s = w.get(JAVA_INT_UNALIGNED, at + 4);
      int t = w.get(JAVA_INT_UNALIGNED, at + 8);
      int u = w.get(JAVA_INT_UNALIGNED, at + 12);
      four(s & 0x3f3f3f3f, d, scales, 8 * b);
      four(u & 0x0f0f0f0f | s >>> 2 & 0x30303030, d, scales, 8 * b + 4);
      four(t & 0x3f3f3f3f, m, mins, 8 * b);
      four(u >>> 4 & 0x0f0f0f0f | t >>> 2 & 0x30303030, m, mins, 8 * b + 4);
    }
  }

  private static void four(int bytes, float d, float[] out, int at) {
    out[at] = d * (bytes & 255);
    out[at + 1] = d * (bytes >>> 8 & 255);
    out[at + 2] = d * (bytes >>> 16 & 255);
    out[at + 3] = d * (bytes >>> 24);
  }

  /** Of each Q2_K block b writes {@code d·scale[g]} at {@code 16b + g} of {@code scales} and {@code −dmin·min[g]} at the same place of {@code mins}. */
  static void two(MemorySegment w, long offset, int blocks, float[] scales, float[] mins) {
    for (int b = 0; b < blocks; b++) {
      long at = offset + 84L * b;
      float d = Float.float16ToFloat(w.get(JAVA_SHORT_UNALIGNED, at + 80));
      float m = -Float.float16ToFloat(w.get(JAVA_SHORT_UNALIGNED, at + 82));
      for (int g = 0; g < 16; g++) {
        int both = w.get(JAVA_BYTE, at + g);
        scales[16 * b + g] = d * (both & 15);
        mins[16 * b + g] = m * (both >> 4 & 15);
      }
    }
  }

  /** Of each Q3_K block b writes {@code d·(scale[g] − 32)} at {@code 16b + g}. */
  static void three(MemorySegment w, long offset, int blocks, float[] scales) {
    for (int b = 0; b < blocks; b++) {
      long at = offset + 110L * b;
      float d = Float.float16ToFloat(w.get(JAVA_SHORT_UNALIGNED, at + 108));
      for (int g = 0; g < 16; g++) {
        int low = w.get(JAVA_BYTE, at + 96 + (g & 7)) >> (g >> 3 << 2) & 15;
        int high = w.get(JAVA_BYTE, at + 104 + (g & 3)) >> (g >> 2 << 1) & 3;
        scales[16 * b + g] = d * ((low | high << 4) - 32);
      }
    }
  }

  /** Of each IQ4_XS block b writes {@code d·(scale[g] − 32)} at {@code 8b + g}. */
  static void eights(MemorySegment w, long offset, int blocks, float[] scales) {
    for (int b = 0; b < blocks; b++) {
      long at = offset + 136L * b;
      float d = Float.float16ToFloat(w.get(JAVA_SHORT_UNALIGNED, at));
      int high = w.get(JAVA_SHORT_UNALIGNED, at + 2);
      int low = w.get(JAVA_INT_UNALIGNED, at + 4);
      for (int g = 0; g < 8; g++) {
        scales[8 * b + g] = d * ((low >>> 4 * g & 15 | (high >> 2 * g & 3) << 4) - 32);
      }
    }
  }

  /** Of each Q6_K block b writes {@code d·scale[g]} at {@code 16b + g}. */
  static void signed(MemorySegment w, long offset, int blocks, float[] scales) {
    for (int b = 0; b < blocks; b++) {
      float d = Float.float16ToFloat(w.get(JAVA_SHORT_UNALIGNED, offset + 210L * b + 208));
      for (int g = 0; g < 16; g++) {
        scales[16 * b + g] = d * w.get(JAVA_BYTE, offset + 210L * b + 192 + g);
      }
    }
  }
}
