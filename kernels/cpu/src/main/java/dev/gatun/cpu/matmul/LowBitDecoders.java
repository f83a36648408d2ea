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
    for (int h = 0; h < count / 128; h++) {
      long from = offset + 84L * (h >> 1) + 16 + 32 * (h & 1);
      for (int l = 0; l < 32; l += L) {
        IntVector v = Wide.unsigned(w, from + l);
        int g = 8 * h + (l >> 4);
        int to = at + 128 * h + l;
        Wide.toFloats(v.and(3)).fma(Wide.all(scales[g]), Wide.all(mins[g])).intoArray(out, to);
        Wide.toFloats(v.lanewise(VectorOperators.LSHR, 2).and(3)).fma(Wide.all(scales[g + 2]), Wide.all(mins[g + 2])).intoArray(out, to + 32);
        Wide.toFloats(v.lanewise(VectorOperators.LSHR, 4).and(3)).fma(Wide.all(scales[g + 4]), Wide.all(mins[g + 4])).intoArray(out, to + 64);
        Wide.toFloats(v.lanewise(VectorOperators.LSHR, 6)).fma(Wide.all(scales[g + 6]), Wide.all(mins[g + 6])).intoArray(out, to + 96);
      }
    }
  }

  static void q3k(MemorySegment w, long offset, int count, float[] out, int at) {
    float[] scales = Panel.ofThread().scales(count / 16);
    KScales.three(w, offset, count / 256, scales);
    for (int h = 0; h < count / 128; h++) {
      long block = offset + 110L * (h >> 1);
      long from = block + 32 + 32 * (h & 1);
      for (int l = 0; l < 32; l += L) {
        IntVector v = Wide.unsigned(w, from + l);
        // Bit s of the high ones is bit 2 of quarter s.
        IntVector high = Wide.unsigned(w, block + l).lanewise(VectorOperators.LSHR, 4 * (h & 1)).lanewise(VectorOperators.LSHL, 2);
        int g = 8 * h + (l >> 4);
        int to = at + 128 * h + l;
        Wide.toFloats(v.and(3).or(high.and(4)).sub(4)).mul(scales[g]).intoArray(out, to);
        v = v.lanewise(VectorOperators.LSHR, 2);
        high = high.lanewise(VectorOperators.LSHR, 1);
        Wide.toFloats(v.and(3).or(high.and(4)).sub(4)).mul(scales[g + 2]).intoArray(out, to + 32);
        v = v.lanewise(VectorOperators.LSHR, 2);
        high = high.lanewise(VectorOperators.LSHR, 1);
        Wide.toFloats(v.and(3).or(high.and(4)).sub(4)).mul(scales[g + 4]).intoArray(out, to + 64);
        v = v.lanewise(VectorOperators.LSHR, 2);
        high = high.lanewise(VectorOperators.LSHR, 1);
        Wide.toFloats(v.or(high.and(4)).sub(4)).mul(scales[g + 6]).intoArray(out, to + 96);
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
    for (int h = 0; h < count / 128; h++) {
      long block = offset + 66L * (h >> 1);
      FloatVector d = Wide.all(Wide.half(w, block + 64));
      for (int l = 0; l < 32; l += L) {
        IntVector v = Wide.unsigned(w, block + 32 * (h & 1) + l);
        int to = at + 128 * h + l;
        Wide.toFloats(v.and(3).sub(1)).mul(d).intoArray(out, to);
        Wide.toFloats(v.lanewise(VectorOperators.LSHR, 2).and(3).sub(1)).mul(d).intoArray(out, to + 32);
        Wide.toFloats(v.lanewise(VectorOperators.LSHR, 4).and(3).sub(1)).mul(d).intoArray(out, to + 64);
        Wide.toFloats(v.lanewise(VectorOperators.LSHR, 6).sub(1)).mul(d).intoArray(out, to + 96);
      }
    }
  }

  static void tq1(MemorySegment w, long offset, int count, float[] out, int at) {
    for (int b = 0; b < count / 256; b++) {
      long block = offset + 54L * b;
      int to = at + 256 * b;
      float d = Wide.half(w, block + 52);
      for (int m = 0; m < 32; m += L) {
        digits(Wide.unsigned(w, block + m), d, out, to + m, 32);
      }
      for (int m = 0; m < 16; m += L) {
        digits(Wide.unsigned(w, block + 32 + m), d, out, to + 160 + m, 16);
      }
      for (int i = 0; i < 16; i++) {
        out[to + 240 + i] = d * (((w.get(JAVA_BYTE, block + 48 + (i & 3)) * POWERS[i >> 2] & 255) * 3 >> 8) - 1);
      }
    }
  }

  /** Five digits to base 3 of each of L bytes as fractions of 256: three times a byte is the next one above bit 8, and what follows below. */
  private static void digits(IntVector bytes, float d, float[] out, int to, int step) {
    IntVector v = bytes.mul(3);
    Wide.toFloats(v.lanewise(VectorOperators.LSHR, 8).sub(1)).mul(d).intoArray(out, to);
    v = v.and(255).mul(3);
    Wide.toFloats(v.lanewise(VectorOperators.LSHR, 8).sub(1)).mul(d).intoArray(out, to + step);
    v = v.and(255).mul(3);
    Wide.toFloats(v.lanewise(VectorOperators.LSHR, 8).sub(1)).mul(d).intoArray(out, to + 2 * step);
    v = v.and(255).mul(3);
    Wide.toFloats(v.lanewise(VectorOperators.LSHR, 8).sub(1)).mul(d).intoArray(out, to + 3 * step);
    v = v.and(255).mul(3);
    Wide.toFloats(v.lanewise(VectorOperators.LSHR, 8).sub(1)).mul(d).intoArray(out, to + 4 * step);
  }
}
