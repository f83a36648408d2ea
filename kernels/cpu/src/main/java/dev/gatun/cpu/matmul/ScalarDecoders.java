package dev.gatun.cpu.matmul;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.gatun.DType;
import dev.gatun.cpu.format.Dequantizer;
import dev.gatun.cpu.format.Float8;
import java.lang.foreign.MemorySegment;

/** Row decoders in plain Java. */
final class ScalarDecoders {
  private ScalarDecoders() {}

  static RowDecoder of(DType type) {
    return switch (type) {
      case F32 -> (w, offset, count, out, at) -> MemorySegment.copy(w, JAVA_FLOAT_UNALIGNED, offset, out, at, count);
      case F16 -> ScalarDecoders::f16;
      case BF16 -> ScalarDecoders::bf16;
      case F8_E4M3 -> ScalarDecoders::e4m3;
      case F8_E5M2 -> ScalarDecoders::e5m2;
      case Q8_0 -> blocks(type, ScalarDecoders::q8x0);
      case Q4_0 -> blocks(type, (w, o, out, at) -> {
        float d = half(w, o);
        nibbles(w, o + 2, 0, d, -8 * d, out, at);
      });
      case Q4_1 -> blocks(type, (w, o, out, at) -> nibbles(w, o + 4, 0, half(w, o), half(w, o + 2), out, at));
      case Q5_0 -> blocks(type, (w, o, out, at) -> {
        float d = half(w, o);
        nibbles(w, o + 6, w.get(JAVA_INT_UNALIGNED, o + 2), d, -16 * d, out, at);
      });
      case Q5_1 -> blocks(type,
          (w, o, out, at) -> nibbles(w, o + 8, w.get(JAVA_INT_UNALIGNED, o + 4), half(w, o), half(w, o + 2), out, at));
      case Q4_K -> blocks(type, ScalarDecoders::q4k);
      case Q5_K -> blocks(type, ScalarDecoders::q5k);
      case Q6_K -> blocks(type, ScalarDecoders::q6k);
      case Q2_K, Q3_K, IQ4_NL, IQ4_XS, MXFP4, TQ1_0, TQ2_0 -> Dequantizer.of(type)::floats;
      default -> throw new IllegalArgumentException("matmul does not take weights of type " + type);
    };
  }

  private interface Block {
    void decode(MemorySegment w, long offset, float[] out, int at);
  }

  private static RowDecoder blocks(DType type, Block block) {
    int size = type.blockSize();
    int bytes = type.blockBytes();
    return (w, offset, count, out, at) -> {
      for (int b = 0; b < count / size; b++) {
        block.decode(w, offset + (long) b * bytes, out, at + b * size);
      }
    };
  }

  private static float half(MemorySegment w, long at) {
    return Float.float16ToFloat(w.get(JAVA_SHORT_UNALIGNED, at));
  }

  private static void f16(MemorySegment w, long offset, int count, float[] out, int at) {
    for (int i = 0; i < count; i++) {
      out[at + i] = half(w, offset + 2L * i);
    }
  }

  private static void bf16(MemorySegment w, long offset, int count, float[] out, int at) {
    for (int i = 0; i < count; i++) {
      out[at + i] = Float.intBitsToFloat(w.get(JAVA_SHORT_UNALIGNED, offset + 2L * i) << 16);
    }
  }

  static void e4m3(MemorySegment w, long offset, int count, float[] out, int at) {
    for (int i = 0; i < count; i++) {
      out[at + i] = Float8.e4m3(w.get(JAVA_BYTE, offset + i));
    }
  }

  static void e5m2(MemorySegment w, long offset, int count, float[] out, int at) {
    for (int i = 0; i < count; i++) {
      out[at + i] = Float8.e5m2(w.get(JAVA_BYTE, offset + i));
    }
  }

  private static void q8x0(MemorySegment w, long offset, float[] out, int at) {
    float d = half(w, offset);
    for (int j = 0; j < 32; j++) {
      out[at + j] = d * w.get(JAVA_BYTE, offset + 2 + j);
    }
  }

  private static void nibbles(MemorySegment w, long offset, int high, float d, float m, float[] out, int at) {
    for (int j = 0; j < 16; j++) {
      int q = w.get(JAVA_BYTE, offset + j);
      out[at + j] = d * (q & 15 | (high >>> j & 1) << 4) + m;
      out[at + 16 + j] = d * (q >> 4 & 15 | (high >>> 16 + j & 1) << 4) + m;
    }
  }

  private static void q4k(MemorySegment w, long offset, float[] out, int at) {
    float d = half(w, offset);
    float dmin = half(w, offset + 2);
    for (int g = 0; g < 8; g++) {
      float scale = d * KScales.scale(w, offset + 4, g);
      float min = dmin * KScales.min(w, offset + 4, g);
      for (int l = 0; l < 32; l++) {
        int q = w.get(JAVA_BYTE, offset + 16 + 32 * (g >> 1) + l) >> 4 * (g & 1) & 15;
        out[at + 32 * g + l] = scale * q - min;
      }
    }
  }

  private static void q5k(MemorySegment w, long offset, float[] out, int at) {
    float d = half(w, offset);
    float dmin = half(w, offset + 2);
    for (int g = 0; g < 8; g++) {
      float scale = d * KScales.scale(w, offset + 4, g);
      float min = dmin * KScales.min(w, offset + 4, g);
      for (int l = 0; l < 32; l++) {
        int q = w.get(JAVA_BYTE, offset + 48 + 32 * (g >> 1) + l) >> 4 * (g & 1) & 15 | (w.get(JAVA_BYTE, offset + 16 + l) >> g & 1) << 4;
        out[at + 32 * g + l] = scale * q - min;
      }
    }
  }

  private static void q6k(MemorySegment w, long offset, float[] out, int at) {
    float d = half(w, offset + 208);
    for (int i = 0; i < 256; i++) {
      int h = i >> 7;
      int s = i >> 5 & 3;
      int l = i & 31;
      int low = w.get(JAVA_BYTE, offset + 64 * h + 32 * (s & 1) + l) >> 4 * (s >> 1) & 15;
      int high = w.get(JAVA_BYTE, offset + 128 + 32 * h + l) >> 2 * s & 3;
      out[at + i] = d * w.get(JAVA_BYTE, offset + 192 + (i >> 4)) * ((low | high << 4) - 32);
    }
  }
}
