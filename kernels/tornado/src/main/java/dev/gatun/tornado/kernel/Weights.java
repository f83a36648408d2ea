package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * The types of a product's weight by number, the integers that say where it lies, and elements of the types that are not of blocks. Inlined into kernels, where the type is a
 * constant.
 *
 * <p>The integers are: {@code K, N, where the weight starts, the way from row to row} (both in elements, of block types and 8-bit floats in bytes), {@code the binary logarithm
 * of the elements of a row that an item brings in a go, the index of the first scale or −1, rows that share scales, the ways from scale to scale down and along 128 columns}.
 */
public final class Weights {
  /** The number of F8_E4M3; lower ones are {@link Elements}'. */
  public static final int F8_E4M3 = 3;

  /** The number of F8_E5M2. */
  public static final int F8_E5M2 = 4;

  /** The number of Q8_0: the first block type. */
  public static final int Q8_0 = 8;

  /** The number of Q4_0. */
  public static final int Q4_0 = 9;

  /** The number of Q4_1. */
  public static final int Q4_1 = 10;

  /** The number of Q5_0. */
  public static final int Q5_0 = 11;

  /** The number of Q5_1. */
  public static final int Q5_1 = 12;

  /** The number of IQ4_NL. */
  public static final int IQ4_NL = 13;

  /** The number of MXFP4. */
  public static final int MXFP4 = 14;

  /** The number of Q2_K: the first with blocks of 256 elements. */
  public static final int Q2_K = 16;

  /** The number of Q3_K. */
  public static final int Q3_K = 17;

  /** The number of Q4_K. */
  public static final int Q4_K = 18;

  /** The number of Q5_K. */
  public static final int Q5_K = 19;

  /** The number of Q6_K. */
  public static final int Q6_K = 20;

  private static final int SCALE = 5;
  private static final int SCALED_ROWS = 6;
  private static final int SCALE_STRIDE = 7;
  private static final int SCALE_STEP = 8;

  private Weights() {}

  /** {@code left} in a row before the {@code n}th, 0 in later ones: by arithmetic, since TornadoVM goes astray where two conditions lead to one place. */
  static int inside(int left, int row, int n) {
    return left & ((row - n) >> 31);
  }

  /** What an element of 8-bit floats is multiplied by; {@code b} is where the weight's integers begin. */
  static float scale(IntArray p, int b, FloatArray scales, int row, int column) {
    int first = p.get(b + SCALE);
    float scale = 1f;
    if (first >= 0) {
      scale = scales.get(first + row / p.get(b + SCALED_ROWS) * p.get(b + SCALE_STRIDE) + (column >> 7) * p.get(b + SCALE_STEP));
    }
    return scale;
  }

  /** An element of a type that is not of blocks. */
  static float element(int type, FloatArray wf, ShortArray ws, FloatArray powers, int i) {
    float value;
    if (type == Elements.F32) {
      value = wf.get(i);
    } else if (type == Elements.F16) {
      value = Units.half(ws.get(i), powers);
    } else if (type == Elements.BF16) {
      value = Elements.bfloat(ws.get(i), powers);
    } else if (type == F8_E4M3) {
      value = e4m3(Units.at(ws, i), powers);
    } else {
      value = Units.half(Units.at(ws, i) << 8, powers);
    }
    return value;
  }

  private static float e4m3(int bits, FloatArray powers) {
    int exponent = (bits >> 3) & 15;
    int mantissa = bits & 7;
    float magnitude;
    if ((bits & 127) == 127) {
      float infinite = powers.get(255);
      magnitude = infinite - infinite;
    } else {
      int whole = exponent == 0 ? mantissa : mantissa + 8;
      int shift = exponent == 0 ? 1 : exponent;
      magnitude = whole * ((float) (1 << shift) * 0x1p-10f);
    }
    return (bits & 128) == 0 ? magnitude : -magnitude;
  }
}
