package dev.gatun.cpu.matmul;

import static dev.gatun.cpu.matmul.Wide.L;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Row decoders on the Vector API of the types of two and three bits, of ternary ones and of those whose codes are looked up in a table. */
final class LowBitDecoders {
  private static final ByteVector IQ4_NL = ByteVector.fromArray(ByteVector.SPECIES_128,
      new byte[] {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113}, 0);
  /** Twice the E2M1 values; the other half is in the scale, which then never needs an exponent that F32 lacks. */
  private static final ByteVector TWICE_E2M1 = ByteVector.fromArray(ByteVector.SPECIES_128,
      new byte[] {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12}, 0);
  private static final int[] POWERS = {1, 3, 9, 27, 81};

  private LowBitDecoders() {}

  static void q2k(MemorySegment w, long offset, int count, float[] out, int at) {
    Panel panel = Panel.ofThread();
    float[] scales = panel.scales(count / 16);
    float[] mins = panel.mins;
    KScales.two(w, offset, count / 256, scales, mins);
    for (int g = 0; g < count / 32; g++) {
      long from = offset + 84L * (g >> 3) + 16 + 32 * (g >> 2 & 1);
      int shift = 2 * (g & 3);
      for (int l = 0; l < 32; l += L) {
        IntVector v = Wide.unsigned(w, from + l).lanewise(VectorOperators.LSHR, shift).and(3);
        Wide.toFloats(v).fma(Wide.all(scales[2 * g + l / 16]), Wide.all(mins[2 * g + l / 16])).intoArray(out, at + 32 * g + l);
      }
    }
  }

  static void q3k(MemorySegment w, long offset, int count, float[] out, int at) {
    float[] scales = Panel.ofThread().scales(count / 16);
    KScales.three(w, offset, count / 256, scales);
    for (int g = 0; g < count / 32; g++) {
      long block = offset + 110L * (g >> 3);
      long from = block + 32 + 32 * (g >> 2 & 1);
      int shift = 2 * (g & 3);
      int bit = g & 7;
      for (int l = 0; l < 32; l += L) {
        IntVector high = Wide.unsigned(w, block + l).lanewise(VectorOperators.LSHR, bit).and(1).lanewise(VectorOperators.LSHL, 2);
        IntVector v = Wide.unsigned(w, from + l).lanewise(VectorOperators.LSHR, shift).and(3).or(high).sub(4);
        Wide.toFloats(v).mul(scales[2 * g + l / 16]).intoArray(out, at + 32 * g + l);
      }
    }
  }

  static void iq4nl(MemorySegment w, long offset, int count, float[] out, int at) {
    for (int b = 0; b < count / 32; b++) {
      tabled(IQ4_NL, w, offset + 18L * b + 2, Wide.half(w, offset + 18L * b), out, at + 32 * b);
    }
  }

  static void iq4xs(MemorySegment w, long offset, int count, float[] out, int at) {
    float[] scales = Panel.ofThread().scales(count / 32);
    KScales.eights(w, offset, count / 256, scales);
    for (int g = 0; g < count / 32; g++) {
      tabled(IQ4_NL, w, offset + 136L * (g >> 3) + 8 + 16 * (g & 7), scales[g], out, at + 32 * g);
    }
  }

  static void mxfp4(MemorySegment w, long offset, int count, float[] out, int at) {
    for (int b = 0; b < count / 32; b++) {
      int e = w.get(JAVA_BYTE, offset + 17L * b) & 0xFF;
      // 2^(e - 128): a normal number from e = 2 on.
      float scale = Float.intBitsToFloat(e < 2 ? 0x0020_0000 << e : (e - 1) << 23);
      tabled(TWICE_E2M1, w, offset + 17L * b + 1, scale, out, at + 32 * b);
    }
  }

  /** Thirty-two elements whose codes are the nibbles of sixteen bytes. */
  private static void tabled(ByteVector table, MemorySegment w, long from, float scale, float[] out, int at) {
    ByteVector v = ByteVector.fromMemorySegment(ByteVector.SPECIES_128, w, from, Wide.LE);
    ByteVector low = v.and((byte) 15).selectFrom(table);
    ByteVector high = v.reinterpretAsShorts().lanewise(VectorOperators.LSHR, 4).reinterpretAsBytes().and((byte) 15).selectFrom(table);
    FloatVector d = Wide.all(scale);
    part(low, 0).mul(d).intoArray(out, at);
    part(high, 0).mul(d).intoArray(out, at + 16);
    if (L <= 8) {
      part(low, 1).mul(d).intoArray(out, at + L);
      part(high, 1).mul(d).intoArray(out, at + 16 + L);
    }
    if (L == 4) {
      part(low, 2).mul(d).intoArray(out, at + 8);
      part(high, 2).mul(d).intoArray(out, at + 24);
      part(low, 3).mul(d).intoArray(out, at + 12);
      part(high, 3).mul(d).intoArray(out, at + 28);
    }
  }

  private static FloatVector part(ByteVector v, int part) {
    return Wide.toFloats((IntVector) v.convertShape(VectorOperators.B2I, Wide.I, part));
  }

  static void tq2(MemorySegment w, long offset, int count, float[] out, int at) {
    for (int g = 0; g < count / 32; g++) {
      long block = offset + 66L * (g >> 3);
      long from = block + 32 * (g >> 2 & 1);
      float d = Wide.half(w, block + 64);
      int shift = 2 * (g & 3);
      for (int l = 0; l < 32; l += L) {
        IntVector v = Wide.unsigned(w, from + l).lanewise(VectorOperators.LSHR, shift).and(3).sub(1);
        Wide.toFloats(v).mul(d).intoArray(out, at + 32 * g + l);
      }
    }
  }

  static void tq1(MemorySegment w, long offset, int count, float[] out, int at) {
    for (int b = 0; b < count / 256; b++) {
      long block = offset + 54L * b;
      int to = at + 256 * b;
      float d = Wide.half(w, block + 52);
      for (int n = 0; n < 5; n++) {
        digits(w, block, 32, POWERS[n], d, out, to + 32 * n);
        digits(w, block + 32, 16, POWERS[n], d, out, to + 160 + 16 * n);
      }
      for (int i = 0; i < 16; i++) {
        out[to + 240 + i] = d * (((w.get(JAVA_BYTE, block + 48 + (i & 3)) * POWERS[i >> 2] & 255) * 3 >> 8) - 1);
      }
    }
  }

  private static void digits(MemorySegment w, long from, int bytes, int power, float d, float[] out, int to) {
    for (int m = 0; m < bytes; m += L) {
      IntVector v = Wide.unsigned(w, from + m).mul(power).and(255).mul(3).lanewise(VectorOperators.LSHR, 8).sub(1);
      Wide.toFloats(v).mul(d).intoArray(out, to + m);
    }
  }
}
