package dev.gatun.cpu.format;

/** The 16-bit floats, F16 (IEEE 754 binary16) and BF16 (the upper half of an F32), by their bits. NaN stays NaN in every direction. */
public final class Half {
  private Half() {}

  /** The value of F16 bits; exact. */
  public static float f16(short bits) {
    return Float.float16ToFloat(bits);
  }

  /** The nearest F16, ties to even; beyond 65504 (rounded) an infinity. */
  public static short toF16(float value) {
    return Float.floatToFloat16(value);
  }

  /** The value of BF16 bits; exact. */
  public static float bf16(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** The nearest BF16, ties to even; beyond the largest an infinity. */
  public static short toBf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      // The quiet bit: a NaN whose payload lies in the lower half only would become an infinity.
      return (short) (bits >>> 16 | 0x40);
    }
    return (short) ((bits + 0x7FFF + (bits >>> 16 & 1)) >>> 16);
  }
}
