package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * Where a product's weight lies, in the integers of kernels, and its elements if it is not of blocks. Inlined into kernels, where the type is a constant.
 *
 * <p>The integers are: {@code K, N, where the weight starts, the way from row to row} (both in elements, of block types and 8-bit floats in bytes), {@code the binary logarithm
 * of the elements of a row that an item brings in a go, the index of the first scale or −1, rows that share scales, the ways from scale to scale down and along 128 columns}.
 */
final class Weights {
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
      value = Elements.half(ws.get(i), powers);
    } else if (type == Elements.BF16) {
      value = Elements.bfloat(ws.get(i), powers);
    } else if (type == Elements.F8_E4M3) {
      value = Elements.e4m3(Units.at(ws, i), powers);
    } else {
      value = Elements.e5m2(Units.at(ws, i), powers);
    }
    return value;
  }
}
