package dev.gatun.decoder.model;

import dev.gatun.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Values of the types that seeded models are made in, one element at a time as the layouts in {@link DType} say. */
final class Dequantized {
  private final ByteBuffer in;

  private Dequantized(byte[] bytes) {
    in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  static double[] values(DType type, byte[] bytes) {
    Dequantized data = new Dequantized(bytes);
    double[] values = new double[bytes.length / type.blockBytes() * type.blockSize()];
    for (int i = 0; i < values.length; i++) {
      values[i] = data.value(type, i / type.blockSize() * type.blockBytes(), i % type.blockSize());
    }
    return values;
  }

  private double value(DType type, int at, int i) {
    return switch (type) {
      case F32 -> in.getFloat(at);
      case F16 -> f16(at);
      case BF16 -> Float.intBitsToFloat(in.getShort(at) << 16);
      case Q8_0 -> f16(at) * in.get(at + 2 + i);
      case Q4_0 -> f16(at) * (nibble(at + 2 + i % 16, i >= 16) - 8);
      case Q5_0 -> f16(at) * ((nibble(at + 6 + i % 16, i >= 16) | (byteAt(at + 2 + i / 8) >> i % 8 & 1) << 4) - 16);
      case Q4_K -> q4k(at, i);
      case Q6_K -> q6k(at, i);
      default -> throw new IllegalArgumentException(type.name());
    };
  }

  private double q4k(int at, int i) {
    int g = i / 32;
    int scale;
    int minimum;
    if (g < 4) {
      scale = byteAt(at + 4 + g) & 63;
      minimum = byteAt(at + 8 + g) & 63;
    } else {
      scale = byteAt(at + 8 + g) & 15 | byteAt(at + g) >> 6 << 4;
      minimum = byteAt(at + 8 + g) >> 4 | byteAt(at + 4 + g) >> 6 << 4;
    }
    return f16(at) * scale * nibble(at + 16 + i / 64 * 32 + i % 32, g % 2 == 1) - f16(at + 2) * minimum;
  }

  private double q6k(int at, int i) {
    int half = i / 128;
    int quarter = i % 128 / 32;
    int l = i % 32;
    int low = nibble(at + 64 * half + 32 * (quarter % 2) + l, quarter >= 2);
    int high = byteAt(at + 128 + 32 * half + l) >> 2 * quarter & 3;
    return f16(at + 208) * in.get(at + 192 + i / 16) * ((high << 4 | low) - 32);
  }

  private double f16(int at) {
    return Float.float16ToFloat(in.getShort(at));
  }

  private int byteAt(int at) {
    return Byte.toUnsignedInt(in.get(at));
  }

  private int nibble(int at, boolean upper) {
    return upper ? byteAt(at) >> 4 : byteAt(at) & 15;
  }
}
