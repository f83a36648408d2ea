package dev.gatun.tck.oracle;

/**
 * A binary floating-point format of at most 16 bits: one sign bit, then exponent, then mantissa, with subnormals as in IEEE 754. With
 * {@code infinities} the highest exponent holds infinities and NaN as in IEEE 754; without, only the pattern of all ones is NaN and
 * overflow saturates.
 */
record MiniFloat(int exponentBits, int mantissaBits, boolean infinities) {
  static final MiniFloat F16 = new MiniFloat(5, 10, true);
  static final MiniFloat BF16 = new MiniFloat(8, 7, true);
  static final MiniFloat F8_E5M2 = new MiniFloat(5, 2, true);
  static final MiniFloat F8_E4M3 = new MiniFloat(4, 3, false);

  private int bias() {
    return (1 << (exponentBits - 1)) - 1;
  }

  private int signBit() {
    return 1 << (exponentBits + mantissaBits);
  }

  private int largestBits() {
    return infinities ? (((1 << exponentBits) - 1) << mantissaBits) - 1 : signBit() - 2;
  }

  /** The exact value of a bit pattern. */
  double decode(int bits) {
    double sign = (bits & signBit()) == 0 ? 1 : -1;
    int magnitude = bits & (signBit() - 1);
    if (magnitude > largestBits()) {
      return infinities && magnitude == largestBits() + 1 ? sign * Double.POSITIVE_INFINITY : Double.NaN;
    }
    int exponent = magnitude >> mantissaBits;
    int mantissa = magnitude & ((1 << mantissaBits) - 1);
    return exponent == 0
        ? sign * Math.scalb((double) mantissa, 1 - bias() - mantissaBits)
        : sign * Math.scalb((double) (mantissa + (1 << mantissaBits)), exponent - bias() - mantissaBits);
  }

  /** The bit pattern nearest to {@code value}, ties to the even one; NaN is the positive quiet NaN whatever its sign. */
  int encode(double value) {
    if (Double.isNaN(value)) {
      return infinities ? largestBits() + 1 + (1 << (mantissaBits - 1)) : largestBits() + 1;
    }
    int sign = Double.doubleToRawLongBits(value) < 0 ? signBit() : 0;
    double magnitude = Math.abs(value);
    int exponent = Math.max(Math.getExponent(magnitude), 1 - bias());
    double steps = Math.rint(Math.scalb(magnitude, mantissaBits - exponent));
    if (Math.scalb(steps, exponent - mantissaBits) > decode(largestBits())) {
      return sign | (infinities ? largestBits() + 1 : largestBits());
    }
    // A mantissa that rounds up to the next power of two carries into the exponent field by plain addition.
    int base = (exponent + bias() - 1) << mantissaBits;
    return sign | (base + (int) steps);
  }
}
