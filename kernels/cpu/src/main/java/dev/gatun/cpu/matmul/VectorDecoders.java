package dev.gatun.cpu.matmul;

import static dev.gatun.cpu.matmul.Wide.L;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.gatun.DType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Row decoders on the Vector API. */
final class VectorDecoders {
  private VectorDecoders() {}

  static RowDecoder of(DType type) {
    return switch (type) {
      case F32 -> (w, offset, count, out, at) -> MemorySegment.copy(w, JAVA_FLOAT_UNALIGNED, offset, out, at, count);
      case F16 -> VectorDecoders::f16;
      case BF16 -> VectorDecoders::bf16;
      case F8_E4M3 -> VectorDecoders::e4m3;
      case F8_E5M2 -> VectorDecoders::e5m2;
      case Q8_0 -> VectorDecoders::q8x0;
      case Q4_0 -> VectorDecoders::q4x0;
      case Q4_1 -> VectorDecoders::q4x1;
      case Q5_0 -> VectorDecoders::q5x0;
      case Q5_1 -> VectorDecoders::q5x1;
      case Q4_K -> VectorDecoders::q4k;
      case Q5_K -> VectorDecoders::q5k;
      case Q6_K -> VectorDecoders::q6k;
      case Q2_K -> LowBitDecoders::q2k;
      case Q3_K -> LowBitDecoders::q3k;
      case IQ4_NL -> LowBitDecoders::iq4nl;
      case IQ4_XS -> LowBitDecoders::iq4xs;
      case MXFP4 -> LowBitDecoders::mxfp4;
      case TQ1_0 -> LowBitDecoders::tq1;
      case TQ2_0 -> LowBitDecoders::tq2;
      default -> throw new IllegalArgumentException("matmul does not take weights of type " + type);
    };
  }

  private static void f16(MemorySegment w, long offset, int count, float[] out, int at) {
    int whole = count - count % L;
    IntVector special = IntVector.zero(Wide.I);
    for (int i = 0; i < whole; i += L) {
      IntVector v = Wide.shifted(Wide.shorts(w, offset + 2L * i));
      special = special.or(v.add(0x00800000));
      Wide.rescaled(v).intoArray(out, at + i);
    }
    for (int i = Wide.any(special, 0x10000000) ? 0 : whole; i < count; i++) {
      out[at + i] = Wide.half(w, offset + 2L * i);
    }
  }

  private static void bf16(MemorySegment w, long offset, int count, float[] out, int at) {
    int whole = count - count % L;
    for (int i = 0; i < whole; i += L) {
      Wide.brains(w, offset + 2L * i).intoArray(out, at + i);
    }
    for (int i = whole; i < count; i++) {
      out[at + i] = Float.intBitsToFloat(w.get(JAVA_SHORT_UNALIGNED, offset + 2L * i) << 16);
    }
  }

  /** E4M3 has its exponent 120 lower than F32; its NaN, which adding one carries to bit 7, is left to the table. */
  private static void e4m3(MemorySegment w, long offset, int count, float[] out, int at) {
    int whole = count - count % L;
    IntVector special = IntVector.zero(Wide.I);
    for (int i = 0; i < whole; i += L) {
      IntVector v = Wide.signed(w, offset + i);
      special = special.or(v.and(0x7F).add(1));
      Wide.eights(v, 20).mul(0x1p120f).intoArray(out, at + i);
    }
    int rest = Wide.any(special, 0x80) ? 0 : whole;
    ScalarDecoders.e4m3(w, offset + rest, count - rest, out, at + rest);
  }

  /** The same 112 lower, with two bits of mantissa; infinities and NaN carry when four is added. */
  private static void e5m2(MemorySegment w, long offset, int count, float[] out, int at) {
    int whole = count - count % L;
    IntVector special = IntVector.zero(Wide.I);
    for (int i = 0; i < whole; i += L) {
      IntVector v = Wide.signed(w, offset + i);
      special = special.or(v.and(0x7F).add(4));
      Wide.eights(v, 21).mul(0x1p112f).intoArray(out, at + i);
    }
    int rest = Wide.any(special, 0x80) ? 0 : whole;
    ScalarDecoders.e5m2(w, offset + rest, count - rest, out, at + rest);
  }

  private static void q8x0(MemorySegment w, long offset, int count, float[] out, int at) {
    int blocks = count / 32;
    for (int b = 0; b < blocks; b++) {
      FloatVector d = Wide.all(Wide.half(w, offset + 34L * b));
      for (int j = 0; j < 32; j += L) {
        Wide.toFloats(Wide.signed(w, offset + 34L * b + 2 + j)).mul(d).intoArray(out, at + 32 * b + j);
      }
    }
  }

  private static void q4x0(MemorySegment w, long offset, int count, float[] out, int at) {
    int blocks = count / 32;
    for (int b = 0; b < blocks; b++) {
      float d = Wide.half(w, offset + 18L * b);
      nibbles(w, offset + 18L * b + 2, Wide.all(d), Wide.all(-8 * d), out, at + 32 * b);
    }
  }

  private static void q4x1(MemorySegment w, long offset, int count, float[] out, int at) {
    int blocks = count / 32;
    for (int b = 0; b < blocks; b++) {
      long block = offset + 20L * b;
      nibbles(w, block + 4, Wide.all(Wide.half(w, block)), Wide.all(Wide.half(w, block + 2)), out, at + 32 * b);
    }
  }

  private static void nibbles(MemorySegment w, long from, FloatVector d, FloatVector m, float[] out, int at) {
    for (int j = 0; j < 16; j += L) {
      IntVector v = Wide.unsigned(w, from + j);
      Wide.toFloats(v.and(15)).fma(d, m).intoArray(out, at + j);
      Wide.toFloats(v.lanewise(VectorOperators.LSHR, 4)).fma(d, m).intoArray(out, at + 16 + j);
    }
  }

  private static void q5x0(MemorySegment w, long offset, int count, float[] out, int at) {
    int blocks = count / 32;
    for (int b = 0; b < blocks; b++) {
      float d = Wide.half(w, offset + 22L * b);
      fives(w, offset + 22L * b + 2, Wide.all(d), Wide.all(-16 * d), out, at + 32 * b);
    }
  }

  private static void q5x1(MemorySegment w, long offset, int count, float[] out, int at) {
    int blocks = count / 32;
    for (int b = 0; b < blocks; b++) {
      long block = offset + 24L * b;
      fives(w, block + 4, Wide.all(Wide.half(w, block)), Wide.all(Wide.half(w, block + 2)), out, at + 32 * b);
    }
  }

  private static void fives(MemorySegment w, long from, FloatVector d, FloatVector m, float[] out, int at) {
    int high = w.get(JAVA_INT_UNALIGNED, from);
    for (int j = 0; j < 16; j += L) {
      IntVector v = Wide.unsigned(w, from + 4 + j);
      Wide.toFloats(v.and(15).or(Wide.bit4(high << 4 >>> j))).fma(d, m).intoArray(out, at + j);
      Wide.toFloats(v.lanewise(VectorOperators.LSHR, 4).or(Wide.bit4(high >>> 12 + j))).fma(d, m).intoArray(out, at + 16 + j);
    }
  }

  private static void q4k(MemorySegment w, long offset, int count, float[] out, int at) {
    Panel panel = Panel.ofThread();
    float[] scales = panel.scales(count / 32);
    KScales.affine(w, offset, count / 256, 144, scales, panel.mins);
    for (int g = 0; g < count / 32; g++) {
      long from = offset + 144L * (g >> 3) + 16 + 32 * (g >> 1 & 3);
      FloatVector d = Wide.all(scales[g]);
      FloatVector m = Wide.all(panel.mins[g]);
      int nibble = 4 * (g & 1);
      for (int l = 0; l < 32; l += L) {
        IntVector v = Wide.unsigned(w, from + l).lanewise(VectorOperators.LSHR, nibble).and(15);
        Wide.toFloats(v).fma(d, m).intoArray(out, at + 32 * g + l);
      }
    }
  }

  private static void q5k(MemorySegment w, long offset, int count, float[] out, int at) {
    Panel panel = Panel.ofThread();
    float[] scales = panel.scales(count / 32);
    KScales.affine(w, offset, count / 256, 176, scales, panel.mins);
    for (int g = 0; g < count / 32; g++) {
      long block = offset + 176L * (g >> 3);
      long from = block + 48 + 32 * (g >> 1 & 3);
      FloatVector d = Wide.all(scales[g]);
      FloatVector m = Wide.all(panel.mins[g]);
      int nibble = 4 * (g & 1);
      for (int l = 0; l < 32; l += L) {
        IntVector high = Wide.unsigned(w, block + 16 + l).lanewise(VectorOperators.LSHR, g & 7).and(1).lanewise(VectorOperators.LSHL, 4);
        IntVector v = Wide.unsigned(w, from + l).lanewise(VectorOperators.LSHR, nibble).and(15).or(high);
        Wide.toFloats(v).fma(d, m).intoArray(out, at + 32 * g + l);
      }
    }
  }

  /** Thirty-two elements an iteration: quarter s of a half block. */
  private static void q6k(MemorySegment w, long offset, int count, float[] out, int at) {
    float[] scales = Panel.ofThread().scales(count / 16);
    KScales.signed(w, offset, count / 256, scales);
    for (int g = 0; g < count / 32; g++) {
      long block = offset + 210L * (g >> 3);
      int s = g & 3;
      int h = g >> 2 & 1;
      long low = block + 64 * h + 32 * (s & 1);
      long high = block + 128 + 32 * h;
      for (int l = 0; l < 32; l += L) {
        IntVector q = Wide.unsigned(w, high + l).lanewise(VectorOperators.LSHR, 2 * s).and(3).lanewise(VectorOperators.LSHL, 4);
        IntVector v = Wide.unsigned(w, low + l).lanewise(VectorOperators.LSHR, 4 * (s >> 1)).and(15).or(q).sub(32);
        Wide.toFloats(v).mul(scales[2 * g + l / 16]).intoArray(out, at + 32 * g + l);
      }
    }
  }
}
