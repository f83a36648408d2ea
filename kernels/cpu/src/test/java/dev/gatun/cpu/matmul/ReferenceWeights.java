package dev.gatun.cpu.matmul;

import dev.gatun.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;

/** Random weight rows, and their values in float64 by the formulas that {@link DType} documents. */
final class ReferenceWeights {
  private static final int[] TABLE = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

  private ReferenceWeights() {}

  /** Random bytes with scales of a sensible size. */
  static byte[] random(DType type, int elements, Random random) {
    byte[] bytes = new byte[(int) type.bytes(elements)];
    random.nextBytes(bytes);
    ByteBuffer b = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    if (!type.isBlock()) {
      for (int i = 0; i < elements; i++) {
        float v = (float) random.nextGaussian();
        switch (type) {
          case F32 -> b.putFloat(4 * i, v);
          case F16 -> b.putShort(2 * i, Float.floatToFloat16(i % 7 == 3 ? v * 1e-6f : v));
          case F8_E4M3 -> finite(bytes, i, 0x7F, random);
          case F8_E5M2 -> finite(bytes, i, 0x7C, random);
          default -> b.putShort(2 * i, (short) (Float.floatToRawIntBits(v) >>> 16));
        }
      }
      return bytes;
    }
    for (int at = 0; at < bytes.length; at += type.blockBytes()) {
      short d = Float.floatToFloat16((float) random.nextGaussian() * 0.02f);
      switch (type) {
        case Q4_1, Q5_1, Q4_K, Q5_K -> {
          b.putShort(at, d);
          b.putShort(at + 2, Float.floatToFloat16((float) random.nextGaussian() * 0.1f));
        }
        case Q6_K -> b.putShort(at + 208, d);
        case Q2_K -> {
          b.putShort(at + 80, d);
          b.putShort(at + 82, Float.floatToFloat16((float) random.nextGaussian() * 0.1f));
        }
        case Q3_K, TQ1_0, TQ2_0 -> b.putShort(at + type.blockBytes() - 2, d);
        case MXFP4 -> b.put(at, (byte) random.nextInt(115, 130));
        default -> b.putShort(at, d);
      }
    }
    return bytes;
  }

  /** Any 8-bit float but NaN and the infinities, whose magnitudes begin with {@code first}. */
  private static void finite(byte[] bytes, int i, int first, Random random) {
    bytes[i] = (byte) (random.nextInt(2) << 7 | random.nextInt(first));
  }

  /** A finite 8-bit float. */
  private static double eight(int bits, int mantissa, int bias) {
    int exponent = (bits & 0x7F) >> mantissa;
    int rest = bits & (1 << mantissa) - 1;
    double magnitude = exponent == 0 ? Math.scalb(rest, 1 - bias - mantissa) : Math.scalb((1 << mantissa) + rest, exponent - bias - mantissa);
    return (bits & 0x80) == 0 ? magnitude : -magnitude;
  }

  static double value(DType type, byte[] row, int i) {
    ByteBuffer b = ByteBuffer.wrap(row).order(ByteOrder.LITTLE_ENDIAN);
    int o = i / type.blockSize() * type.blockBytes();
    int e = i % type.blockSize();
    return switch (type) {
      case F32 -> b.getFloat(o);
      case F16 -> half(b, o);
      case BF16 -> Float.intBitsToFloat((b.getShort(o) & 0xffff) << 16);
      case F8_E4M3 -> eight(b.get(o), 3, 7);
      case F8_E5M2 -> eight(b.get(o), 2, 15);
      case Q8_0 -> half(b, o) * b.get(o + 2 + e);
      case Q4_0 -> half(b, o) * (nibble(b, o + 2, e) - 8);
      case Q4_1 -> half(b, o) * nibble(b, o + 4, e) + half(b, o + 2);
      case Q5_0 -> half(b, o) * (nibble(b, o + 6, e) + 16 * bit(b, o + 2, e) - 16);
      case Q5_1 -> half(b, o) * (nibble(b, o + 8, e) + 16 * bit(b, o + 4, e)) + half(b, o + 2);
      case Q4_K -> {
        int g = e / 32;
        yield half(b, o) * scale(b, o + 4, g) * large(b, o + 16, e) - half(b, o + 2) * min(b, o + 4, g);
      }
      case Q5_K -> {
        int g = e / 32;
        int high = (b.get(o + 16 + e % 32) & 0xff) / (1 << g) % 2;
        yield half(b, o) * scale(b, o + 4, g) * (large(b, o + 48, e) + 16 * high) - half(b, o + 2) * min(b, o + 4, g);
      }
      case Q6_K -> {
        int h = e / 128;
        int s = e % 128 / 32;
        int l = e % 32;
        int ql = b.get(o + 64 * h + 32 * (s % 2) + l) & 0xff;
        int qh = b.get(o + 128 + 32 * h + l) & 0xff;
        int q = (s < 2 ? ql % 16 : ql / 16) + 16 * (qh / (1 << 2 * s) % 4);
        yield half(b, o + 208) * b.get(o + 192 + e / 16) * (q - 32);
      }
      case Q2_K -> half(b, o + 80) * ((b.get(o + e / 16) & 0xff) % 16) * two(b, o + 16, e) - half(b, o + 82) * ((b.get(o + e / 16) & 0xff) / 16);
      case Q3_K -> {
        int g = e / 16;
        int low = (b.get(o + 96 + g % 8) & 0xff) / (g < 8 ? 1 : 16) % 16;
        int high = (b.get(o + 104 + g % 4) & 0xff) / (1 << 2 * (g / 4)) % 4;
        int third = (b.get(o + e % 32) & 0xff) / (1 << e / 32) % 2;
        yield half(b, o + 108) * (low + 16 * high - 32) * (two(b, o + 32, e) + 4 * third - 4);
      }
      case IQ4_NL -> half(b, o) * TABLE[nibble(b, o + 2, e)];
      case IQ4_XS -> {
        int g = e / 32;
        int low = (b.get(o + 4 + g / 2) & 0xff) / (g % 2 == 0 ? 1 : 16) % 16;
        int high = (b.getShort(o + 2) & 0xffff) / (1 << 2 * g) % 4;
        yield half(b, o) * (low + 16 * high - 32) * TABLE[nibble(b, o + 8 + 16 * g, e % 32)];
      }
      case MXFP4 -> {
        int code = nibble(b, o + 1, e);
        double magnitude = code % 8 < 2 ? 0.5 * (code % 8) : Math.scalb(2 + code % 2, code % 8 / 2 - 2);
        yield Math.scalb(code < 8 ? magnitude : -magnitude, (b.get(o) & 0xff) - 127);
      }
      case TQ1_0 -> {
        int at = e < 160 ? e % 32 : e < 240 ? 32 + e % 16 : 48 + e % 4;
        int digit = e < 160 ? e / 32 : e < 240 ? (e - 160) / 16 : (e - 240) / 4;
        double fraction = (b.get(o + at) & 0xff) / 256.0 * Math.pow(3, digit);
        yield half(b, o + 52) * (Math.floor(3 * (fraction - Math.floor(fraction))) - 1);
      }
      case TQ2_0 -> half(b, o + 64) * (two(b, o, e) - 1);
      case I8, I32 -> throw new IllegalArgumentException(type.toString());
    };
  }

  private static double half(ByteBuffer b, int at) {
    return Float.float16ToFloat(b.getShort(at));
  }

  private static int nibble(ByteBuffer b, int at, int e) {
    int v = b.get(at + e % 16) & 0xff;
    return e < 16 ? v % 16 : v / 16;
  }

  private static int bit(ByteBuffer b, int at, int e) {
    return (int) ((b.getInt(at) & 0xffffffffL) / (1L << e) % 2);
  }

  private static int two(ByteBuffer b, int at, int e) {
    return (b.get(at + e / 128 * 32 + e % 32) & 0xff) / (1 << 2 * (e % 128 / 32)) % 4;
  }

  private static int large(ByteBuffer b, int at, int e) {
    int v = b.get(at + e / 64 * 32 + e % 32) & 0xff;
    return e % 64 < 32 ? v % 16 : v / 16;
  }

  private static int scale(ByteBuffer b, int at, int g) {
    return g < 4 ? (b.get(at + g) & 0xff) % 64 : (b.get(at + g + 4) & 0xff) % 16 + 16 * ((b.get(at + g - 4) & 0xff) / 64);
  }

  private static int min(ByteBuffer b, int at, int g) {
    return g < 4 ? (b.get(at + g + 4) & 0xff) % 64 : (b.get(at + g + 4) & 0xff) / 16 + 16 * ((b.get(at + g) & 0xff) / 64);
  }
}
