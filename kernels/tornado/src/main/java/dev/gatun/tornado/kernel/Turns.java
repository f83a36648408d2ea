package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Angles as fractions of a turn in fixed point: a position times a frequency in integers, of which whole turns are left out, is right to 2^-32 of a turn where a
 * product of floats has long lost it. The frequency, in turns a position, is {@code high · 2^-32 + low · 2^-64}. No sum here leaves its type, which is undefined in
 * OpenCL. Inlined into kernels, but for {@link #fixed}.
 */
public final class Turns {
  private static final long WORD = 0xFFFF_FFFFL;
  private static final long FRACTION = (1L << 62) - 1;
  private static final int MANTISSA = 23;
  private static final int MOST_SHIFT = 38;
  private static final int QUARTER = 30;
  private static final float RADIANS = (float) (2 * Math.PI * 0x1p-32);

  private Turns() {}

  /** High and low word of a frequency given in radians a position; whole turns are left out. */
  public static long[] fixed(double frequency) {
    double turns = frequency / (2 * Math.PI);
    double high = (turns - Math.floor(turns)) * 0x1p32;
    double low = (high - Math.floor(high)) * 0x1p32;
    return new long[] {(int) (long) high, (int) (long) low};
  }

  /** The fraction of a turn at a position, in units of 2^-32. */
  static long at(int position, int high, int low) {
    long turned = position * (high & WORD) + (position * (low & WORD) >> 32);
    return turned & WORD;
  }

  /** The same with the frequency, less than a turn a position, divided by a factor, which is finite and not zero. */
  static long divided(int position, int high, int low, float factor, FloatArray powers) {
    float magnitude = TornadoMath.abs(factor);
    int exponent = Elements.exponent(magnitude, powers) - 127;
    long divisor = (long) Elements.scaled(magnitude, MANTISSA - exponent, powers);
    long dividend = ((high & WORD) << 30) | ((low & WORD) >> 2);
    long quotient = dividend / divisor;
    long rest = dividend - quotient * divisor;
    int shift = MANTISSA - exponent;
    long fraction = 0;
    if (shift > MOST_SHIFT) {
      fraction = (((quotient << MOST_SHIFT) + (rest << MOST_SHIFT) / divisor) << (shift - MOST_SHIFT)) & FRACTION;
    } else if (shift >= 0) {
      fraction = ((quotient << shift) & FRACTION) + (rest << shift) / divisor;
    } else {
      fraction = quotient >> -shift;
    }
    long turned = at(position, (int) (fraction >> 30), (int) (fraction << 2));
    if (factor < 0) {
      turned = (WORD + 1 - turned) & WORD;
    }
    return turned;
  }

  /** The sine of an angle from 0 to two turns in units of 2^-32 of one. */
  static float sine(long angle) {
    int quarter = (int) ((angle + (1L << (QUARTER - 1))) >> QUARTER);
    float a = (int) (angle - ((long) quarter << QUARTER)) * RADIANS;
    float s = a * a;
    float value;
    if ((quarter & 1) == 0) {
      value = a + a * s * (-1f / 6 + s * (1f / 120 + s * (-1f / 5040 + s * (1f / 362880))));
    } else {
      value = 1f + s * (-0.5f + s * (1f / 24 + s * (-1f / 720 + s * (1f / 40320 - s * (1f / 3628800)))));
    }
    return (quarter & 2) == 0 ? value : -value;
  }

  /** The cosine of an angle from 0 to a turn in units of 2^-32. */
  static float cosine(long angle) {
    return sine(angle + (1L << QUARTER));
  }
}
