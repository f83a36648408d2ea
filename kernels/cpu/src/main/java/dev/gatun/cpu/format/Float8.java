package dev.gatun.cpu.format;

/**
 * The 8-bit floats of the OCP FP8 specification, by their bits. E4M3 has no infinities: what is beyond 448, infinities included, becomes
 * ±448. E5M2 overflows to infinity as IEEE 754 does. NaN stays NaN in every direction.
 */
public final class Float8 {
  private static final float[] E4M3 = new float[256];
  private static final float[] E5M2 = new float[256];

  static {
    for (int bits = 0; bits < 256; bits++) {
      // E5M2 is the upper half of an F16. E4M3 is an F16 with the exponent 8 lower and the mantissa cut, but for its NaN.
      E5M2[bits] = Half.f16((short) (bits << 8));
      float magnitude = (bits & 0x7F) == 0x7F ? Float.NaN : 256 * Half.f16((short) ((bits & 0x7F) << 7));
      E4M3[bits] = bits < 128 ? magnitude : -magnitude;
    }
  }

  private Float8() {}

  /** The value of E4M3 bits; exact. */
  public static float e4m3(byte bits) {
    return E4M3[bits & 0xFF];
  }

  /** The value of E5M2 bits; exact. */
  public static float e5m2(byte bits) {
    return E5M2[bits & 0xFF];
  }

  /** The nearest E4M3, ties to even, saturated to ±448. */
  public static byte toE4m3(float value) {
    return encode(value, 7, 3, 0x7E, 0x7E, 0x7F);
  }

  /** The nearest E5M2, ties to even; beyond 57344 (rounded) an infinity. */
  public static byte toE5m2(float value) {
    return encode(value, 15, 2, 0x7B, 0x7C, 0x7E);
  }

  private static byte encode(float value, int bias, int mantissaBits, int largest, int overflow, int nan) {
    int bits = Float.floatToRawIntBits(value);
    int sign = bits >>> 24 & 0x80;
    int magnitude = bits & 0x7FFF_FFFF;
    if (magnitude > 0x7F80_0000) {
      return (byte) (sign | nan);
    }
    int code;
    if (magnitude >= (128 - bias) << 23) {
      int cut = 23 - mantissaBits;
      int rebased = magnitude - ((127 - bias) << 23);
      code = (rebased + (1 << (cut - 1)) - 1 + (rebased >> cut & 1)) >> cut;
    } else {
      // Adding a number whose last place is the smallest subnormal lets the addition round.
      int anchor = (127 + 1 - bias - mantissaBits + 23) << 23;
      code = Float.floatToRawIntBits(Float.intBitsToFloat(magnitude) + Float.intBitsToFloat(anchor)) - anchor;
    }
    return (byte) (sign | (code > largest ? overflow : code));
  }
}
