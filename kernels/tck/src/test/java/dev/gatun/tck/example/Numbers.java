package dev.gatun.tck.example;

/** Floats of 8 and 16 bits, rounded to nearest even. */
final class Numbers {
  private static final int BF16_SHIFT = 16;
  private static final int QUIET = 0x40;
  private static final float E4M3_LARGEST = 448;
  private static final float E5M2_LARGEST = 57344;

  private Numbers() {}

  static float bf16(short bits) {
    return Float.intBitsToFloat(bits << BF16_SHIFT);
  }

  static short toBf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) (bits >> BF16_SHIFT | QUIET);
    }
    int half = 0x7FFF + (bits >> BF16_SHIFT & 1);
    return (short) (bits + half >> BF16_SHIFT);
  }

  /** OCP FP8: bias 7, no infinities. */
  static float e4m3(byte bits) {
    int exponent = bits >> 3 & 15;
    int mantissa = bits & 7;
    float magnitude = (bits & 0x7F) == 0x7F ? Float.NaN
        : exponent == 0 ? Math.scalb((float) mantissa, -9) : Math.scalb(8f + mantissa, exponent - 10);
    return bits < 0 ? -magnitude : magnitude;
  }

  /** What is too large becomes 448. */
  static byte toE4m3(float value) {
    int sign = Float.floatToRawIntBits(value) < 0 ? 0x80 : 0;
    if (Float.isNaN(value)) {
      return (byte) (sign | 0x7F);
    }
    return (byte) (sign | code(Math.min(Math.abs(value), E4M3_LARGEST), 3, -6));
  }

  /** OCP FP8: the upper half of an F16. */
  static float e5m2(byte bits) {
    return Float.float16ToFloat((short) (bits << 8));
  }

  /** What is too large becomes infinite. */
  static byte toE5m2(float value) {
    int sign = Float.floatToRawIntBits(value) < 0 ? 0x80 : 0;
    if (Float.isNaN(value)) {
      return (byte) (sign | 0x7F);
    }
    float step = Math.scalb(1f, Math.getExponent(E5M2_LARGEST) - 2);
    boolean over = Math.abs(value) >= E5M2_LARGEST + step / 2;
    return (byte) (sign | (over ? 0x7C : code(Math.min(Math.abs(value), E5M2_LARGEST), 2, -14)));
  }

  /** The bits of a magnitude: counted in steps from zero, they ascend by one from each number to the next. */
  private static int code(float magnitude, int mantissaBits, int leastExponent) {
    int exponent = Math.max(leastExponent, Math.getExponent(magnitude));
    double steps = Math.rint(Math.scalb((double) magnitude, mantissaBits - exponent));
    return (exponent - leastExponent << mantissaBits) + (int) steps;
  }
}
