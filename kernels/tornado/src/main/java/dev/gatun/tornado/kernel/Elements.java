package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * Elements of F32, F16, BF16 and F8 tensors as floats and back, by integer arithmetic and products with powers of two: TornadoVM reinterprets no bits, and not
 * every device knows half precision. Inlined into kernels. The types are known by number; those of blocks are in {@link Blocks}.
 */
public final class Elements {
  /** The number of F32. */
  public static final int F32 = 0;

  /** The number of F16. */
  public static final int F16 = 1;

  /** The number of BF16. */
  public static final int BF16 = 2;

  /** The number of F8_E4M3. */
  public static final int F8_E4M3 = 3;

  /** The number of F8_E5M2. */
  public static final int F8_E5M2 = 4;

  private Elements() {}

  /** Element {@code i} of a tensor seen as floats and as shorts. */
  static float get(int type, FloatArray floats, ShortArray shorts, FloatArray powers, int i) {
    float value;
    if (type == F32) {
      value = floats.get(i);
    } else if (type == F16) {
      value = half(shorts.get(i), powers);
    } else {
      value = bfloat(shorts.get(i), powers);
    }
    return value;
  }

  /** Stores element {@code i}, rounded to nearest even. */
  static void set(int type, FloatArray floats, ShortArray shorts, FloatArray powers, int i, float value) {
    if (type == F32) {
      floats.set(i, value);
    } else if (type == F16) {
      shorts.set(i, (short) halfBits(value, powers));
    } else {
      shorts.set(i, (short) bfloatBits(value, powers));
    }
  }

  /** Stores NaN as element {@code i} of an F32, F16 or BF16 tensor. */
  static void setNaN(int type, FloatArray floats, ShortArray shorts, FloatArray powers, int i) {
    if (type == F32) {
      floats.set(i, special(1, powers));
    } else if (type == F16) {
      shorts.set(i, (short) 0x7E00);
    } else {
      shorts.set(i, (short) 0x7FC0);
    }
  }

  /** Element {@code i} of a tensor seen as floats, as shorts and as bytes: of a type of 8 bits too. */
  static float get(int type, FloatArray floats, ShortArray shorts, ByteArray bytes, FloatArray powers, int i) {
    float value;
    if (type == F8_E4M3) {
      value = e4m3(bytes.get(i), powers);
    } else if (type == F8_E5M2) {
      value = e5m2(bytes.get(i), powers);
    } else {
      value = get(type, floats, shorts, powers, i);
    }
    return value;
  }

  /** Stores element {@code i}, rounded to nearest even, of a type of 8 bits too. */
  static void set(int type, FloatArray floats, ShortArray shorts, ByteArray bytes, FloatArray powers, int i, float value) {
    if (type == F8_E4M3) {
      bytes.set(i, (byte) e4m3Bits(value, powers));
    } else if (type == F8_E5M2) {
      bytes.set(i, (byte) e5m2Bits(value, powers));
    } else {
      set(type, floats, shorts, powers, i, value);
    }
  }

  /** The value of F16 bits; of the argument only the lower 16 count. */
  static float half(int bits, FloatArray powers) {
    int exponent = (bits >> 10) & 31;
    int mantissa = bits & 1023;
    float magnitude;
    if (exponent == 31) {
      magnitude = special(mantissa, powers);
    } else if (exponent == 0) {
      magnitude = mantissa * 0x1p-24f;
    } else {
      magnitude = (1024 + mantissa) * ((float) (1 << exponent) * 0x1p-25f);
    }
    return (bits & 0x8000) == 0 ? magnitude : -magnitude;
  }

  /** The value of BF16 bits; of the argument only the lower 16 count. */
  static float bfloat(int bits, FloatArray powers) {
    int exponent = (bits >> 7) & 255;
    int mantissa = bits & 127;
    float magnitude;
    if (exponent == 0) {
      magnitude = mantissa * 0x1p-7f * powers.get(1);
    } else if (exponent == 255) {
      magnitude = special(mantissa, powers);
    } else {
      magnitude = (128 + mantissa) * 0x1p-7f * powers.get(exponent);
    }
    return (bits & 0x8000) == 0 ? magnitude : -magnitude;
  }

  /** The value of F8_E4M3 bits; of the argument only the lower 8 count. */
  static float e4m3(int bits, FloatArray powers) {
    int exponent = (bits >> 3) & 15;
    int mantissa = bits & 7;
    float magnitude;
    if ((bits & 127) == 127) {
      magnitude = special(1, powers);
    } else if (exponent == 0) {
      magnitude = mantissa * 0x1p-9f;
    } else {
      magnitude = (8 + mantissa) * ((float) (1 << exponent) * 0x1p-10f);
    }
    return (bits & 128) == 0 ? magnitude : -magnitude;
  }

  /** The value of F8_E5M2 bits, which are the upper half of an F16's; of the argument only the lower 8 count. */
  static float e5m2(int bits, FloatArray powers) {
    return half(bits << 8, powers);
  }

  /** Infinity for a mantissa of 0, else NaN: made of what memory holds, since OpenCL has no word for Java's constant. */
  private static float special(int mantissa, FloatArray powers) {
    float infinite = powers.get(255);
    return mantissa == 0 ? infinite : infinite - infinite;
  }

  /** The largest power of two that is at most {@code x}, as its exponent plus 127; {@code x} is finite, positive and normal. */
  static int exponent(float x, FloatArray powers) {
    int low = 1;
    int high = 254;
    while (low < high) {
      int middle = (low + high + 1) / 2;
      if (powers.get(middle) <= x) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  /** {@code x}, which is not negative, to the nearest integer, ties to even. */
  static int nearest(float x) {
    int whole = (int) x;
    float rest = x - whole;
    int up = 0;
    if (rest > 0.5f) {
      up = 1;
    } else if (rest == 0.5f) {
      up = whole & 1;
    }
    return whole + up;
  }

  /** F16 bits of {@code value}, rounded to nearest even; too large is infinite. */
  static int halfBits(float value, FloatArray powers) {
    return (negative(value) << 15) | magnitudeBits(value, powers, 10, 15, 31);
  }

  /** BF16 bits of {@code value}, rounded to nearest even. */
  static int bfloatBits(float value, FloatArray powers) {
    return (negative(value) << 15) | magnitudeBits(value, powers, 7, 127, 255);
  }

  /** F8_E5M2 bits of {@code value}, rounded to nearest even; too large is infinite. */
  static int e5m2Bits(float value, FloatArray powers) {
    return (negative(value) << 7) | magnitudeBits(value, powers, 2, 15, 31);
  }

  /** F8_E4M3 bits of {@code value}, rounded to nearest even; too large, infinity too, is the largest. */
  static int e4m3Bits(float value, FloatArray powers) {
    int magnitude = 127;
    if (value == value) {
      magnitude = magnitudeBits(value, powers, 3, 7, 16);
      if (magnitude > 126) {
        magnitude = 126;
      }
    }
    return (negative(value) << 7) | magnitude;
  }

  /** 1 for what has a minus, zero too, else 0. */
  private static int negative(float value) {
    // One comparison at a time: TornadoVM loses negations where it joins several over floats.
    float probe = value == 0 ? 1f / value : value;
    return probe < 0 ? 1 : 0;
  }

  private static int magnitudeBits(float value, FloatArray powers, int mantissaBits, int bias, int special) {
    float magnitude = TornadoMath.abs(value);
    int result;
    if (value != value) {
      result = (special << mantissaBits) | (1 << (mantissaBits - 1));
    } else if (magnitude > Float.MAX_VALUE) {
      result = special << mantissaBits;
    } else if (magnitude < powers.get(1)) {
      // Below what exponent() takes: of BF16 the value is a multiple of the smallest mantissa's step, of the others nothing is left.
      result = bias == 127 ? nearest(magnitude * 0x1p126f * 0x1p7f) : 0;
    } else {
      int exponent = exponent(magnitude, powers) - 127;
      if (exponent < 1 - bias) {
        exponent = 1 - bias;
      }
      // In steps of the last mantissa bit; a carry into the exponent is right as it is.
      int steps = nearest(scaled(magnitude, mantissaBits - exponent, powers));
      result = ((exponent + bias - 1) << mantissaBits) + steps;
      if (result > special << mantissaBits) {
        result = special << mantissaBits;
      }
    }
    return result;
  }

  /** {@code x} times two to the power of {@code by}, which may be past what one float holds. */
  static float scaled(float x, int by, FloatArray powers) {
    int half = by / 2;
    return x * powers.get(half + 127) * powers.get(by - half + 127);
  }
}
