package dev.gatun.decoder.model;

import dev.gatun.DType;
import dev.gatun.decoder.gguf.TensorSource;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Random weights with mean 0 and a given standard deviation, made directly in a type's layout. Of a block type the quants are random
 * bits, and the scales are chosen so that the deviation comes out right; no float is ever rounded to a quant.
 */
final class SeededWeights {
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

  /** The high bit of each byte. */
  private static final long SIGNS = 0x8080808080808080L;

  private SeededWeights() {}

  /** The source of a tensor of {@code dtype} whose values have the standard deviation {@code deviation}. */
  static TensorSource of(DType dtype, SeededBits bits, double deviation) {
    return switch (dtype) {
      case F32 -> f32(bits, deviation);
      case F16, BF16 -> half(dtype, bits, deviation);
      case Q8_0 -> q80(bits, deviation);
      case Q4_0 -> q40(bits, deviation);
      case Q5_0 -> q50(bits, deviation);
      case Q4_K -> q4k(bits, deviation);
      case Q6_K -> q6k(bits, deviation);
      default -> throw new IllegalArgumentException("no seeded weights of type " + dtype);
    };
  }

  /** Whether {@link #of} makes weights of this type. */
  static boolean makes(DType dtype) {
    return switch (dtype) {
      case F32, F16, BF16, Q8_0, Q4_0, Q5_0, Q4_K, Q6_K -> true;
      default -> false;
    };
  }

  /** A uniform 32-bit integer times this is uniform with the deviation wanted. */
  private static float perBit(double deviation) {
    return (float) (deviation * Math.sqrt(3) / 0x1p31);
  }

  private static TensorSource f32(SeededBits bits, double deviation) {
    float perBit = perBit(deviation);
    return (offset, chunk) -> {
      long first = offset / Float.BYTES;
      long count = chunk.byteSize() / Float.BYTES;
      for (long i = 0; i < count; i++) {
        chunk.set(INT, i * Float.BYTES, Float.floatToRawIntBits((int) bits.word(first + i) * perBit));
      }
    };
  }

  private static TensorSource half(DType dtype, SeededBits bits, double deviation) {
    float perBit = perBit(deviation);
    return (offset, chunk) -> {
      long first = offset / Short.BYTES;
      long count = chunk.byteSize() / Short.BYTES;
      for (long i = 0; i < count; i++) {
        float value = (int) bits.word(first + i) * perBit;
        short half = dtype == DType.F16 ? Float.floatToFloat16(value) : (short) (Float.floatToRawIntBits(value) >>> 16);
        chunk.set(SHORT, i * Short.BYTES, half);
      }
    };
  }

  /**
   * Sixteen block scales whose products with quants of deviation {@code quants} have the deviation wanted. They differ, as those of
   * real weights do, so that a kernel which takes the wrong block's scale is found out.
   */
  private static short[] scales(double deviation, double quants, boolean signed) {
    double square = 0;
    for (int i = 0; i < 8; i++) {
      square += factor(i) * factor(i) / 8;
    }
    short[] scales = new short[16];
    for (int i = 0; i < 16; i++) {
      double scale = deviation / quants / Math.sqrt(square) * factor(i & 7);
      scales[i] = Float.floatToFloat16((float) (signed && i >= 8 ? -scale : scale));
    }
    return scales;
  }

  private static double factor(int i) {
    return 0.65 + 0.1 * i;
  }

  private static TensorSource q80(SeededBits bits, double deviation) {
    short[] scales = scales(deviation, Math.sqrt((256 * 256 - 1) / 12.0), false);
    return (offset, chunk) -> {
      int bytes = DType.Q8_0.blockBytes();
      long first = offset / bytes;
      long count = chunk.byteSize() / bytes;
      for (long b = 0; b < count; b++) {
        long at = b * bytes;
        long word = (first + b) * 5;
        chunk.set(SHORT, at, scales[(int) (bits.word(word + 4) >>> 60)]);
        for (int w = 0; w < 4; w++) {
          chunk.set(LONG, at + 2 + 8 * w, withoutMinus128(bits.word(word + w)));
        }
      }
    };
  }

  /** Turns bytes of −128 into −127: quantizers never make −128, and kernels may rely on it. */
  private static long withoutMinus128(long word) {
    long low = word & ~SIGNS;
    long minus128 = ~(low + ~SIGNS) & word & SIGNS;
    return word | minus128 >>> 7;
  }

  private static TensorSource q40(SeededBits bits, double deviation) {
    // Quants of 0 to 15 less 8 have a mean of −1/2; signs of the scales at random take it away.
    double quants = Math.sqrt((16 * 16 - 1) / 12.0 + 0.25);
    short[] scales = scales(deviation, quants, true);
    return (offset, chunk) -> {
      int bytes = DType.Q4_0.blockBytes();
      long first = offset / bytes;
      long count = chunk.byteSize() / bytes;
      for (long b = 0; b < count; b++) {
        long at = b * bytes;
        long word = (first + b) * 3;
        chunk.set(SHORT, at, scales[(int) (bits.word(word + 2) >>> 60)]);
        chunk.set(LONG, at + 2, bits.word(word));
        chunk.set(LONG, at + 10, bits.word(word + 1));
      }
    };
  }

  private static TensorSource q50(SeededBits bits, double deviation) {
    // As q40, with quants of 0 to 31 less 16: four bytes of fifth bits go before those of four.
    short[] scales = scales(deviation, Math.sqrt((32 * 32 - 1) / 12.0 + 0.25), true);
    return (offset, chunk) -> {
      int bytes = DType.Q5_0.blockBytes();
      long first = offset / bytes;
      long count = chunk.byteSize() / bytes;
      for (long b = 0; b < count; b++) {
        long at = b * bytes;
        long word = (first + b) * 3;
        long random = bits.word(word + 2);
        chunk.set(SHORT, at, scales[(int) (random >>> 60)]);
        chunk.set(INT, at + 2, (int) random);
        chunk.set(LONG, at + 6, bits.word(word));
        chunk.set(LONG, at + 14, bits.word(word + 1));
      }
    };
  }

  private static TensorSource q4k(SeededBits bits, double deviation) {
    // Group scales are 32 to 63 and each group's minimum equals its scale, so that dmin = 7.5·d makes the mean 0.
    double quants = Math.sqrt((16 * 16 - 1) / 12.0);
    float d = (float) (deviation / quants / rms(32, 63));
    short scale = Float.floatToFloat16(d);
    short minimum = Float.floatToFloat16(7.5f * Float.float16ToFloat(scale));
    return (offset, chunk) -> {
      int bytes = DType.Q4_K.blockBytes();
      long first = offset / bytes;
      long count = chunk.byteSize() / bytes;
      for (long b = 0; b < count; b++) {
        long at = b * bytes;
        long word = (first + b) * 17;
        chunk.set(SHORT, at, scale);
        chunk.set(SHORT, at + 2, minimum);
        groupScales(chunk, at + 4, bits.word(word + 16));
        for (int w = 0; w < 16; w++) {
          chunk.set(LONG, at + 16 + 8 * w, bits.word(word + w));
        }
      }
    };
  }

  /** The twelve packed bytes of {@link DType#Q4_K} for eight scales of 32 to 63 and minima equal to them. */
  private static void groupScales(MemorySegment chunk, long at, long random) {
    for (int g = 0; g < 4; g++) {
      int low = 32 + (int) (random >>> 5 * g & 31);
      int high = 32 + (int) (random >>> 5 * (g + 4) & 31);
      byte withUpperBits = (byte) (low | high >> 4 << 6);
      chunk.set(BYTE, at + g, withUpperBits);
      chunk.set(BYTE, at + 4 + g, withUpperBits);
      chunk.set(BYTE, at + 8 + g, (byte) (high & 15 | (high & 15) << 4));
    }
  }

  private static TensorSource q6k(SeededBits bits, double deviation) {
    // Quants of 0 to 63 less 32 have a mean of −1/2; signs of the group scales at random take it away.
    double quants = Math.sqrt((64 * 64 - 1) / 12.0 + 0.25);
    short scale = Float.floatToFloat16((float) (deviation / quants / rms(16, 31)));
    return (offset, chunk) -> {
      int bytes = DType.Q6_K.blockBytes();
      long first = offset / bytes;
      long count = chunk.byteSize() / bytes;
      for (long b = 0; b < count; b++) {
        long at = b * bytes;
        long word = (first + b) * 26;
        for (int w = 0; w < 24; w++) {
          chunk.set(LONG, at + 8 * w, bits.word(word + w));
        }
        for (int g = 0; g < 16; g++) {
          int random = (int) (bits.word(word + 24 + g / 8) >>> 8 * (g % 8));
          int magnitude = 16 + (random & 15);
          chunk.set(BYTE, at + 192 + g, (byte) ((random & 128) == 0 ? magnitude : -magnitude));
        }
        chunk.set(SHORT, at + 208, scale);
      }
    };
  }

  private static double rms(int from, int to) {
    double square = 0;
    for (int i = from; i <= to; i++) {
      square += (double) i * i;
    }
    return Math.sqrt(square / (to - from + 1));
  }
}
