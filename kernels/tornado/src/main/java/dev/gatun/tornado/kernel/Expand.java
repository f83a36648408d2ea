package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * Rows of blocks as floats: a work-group for each piece of a row. Integers: {@code n (elements of a row), rows for each index of dimension 0, bound of
 * dimension 0, index of the count or −1, pieces of a row, elements of a piece, type of y, type of x, bytes of a block, rows of x in bytes (6), rows of y (6)}. Operands: x, y,
 * count.
 */
public final class Expand {
  /** From Q8_0. */
  public static final Kernel Q8_0 = new Kernel("dequantize_q8_0",
      (g, id, a) -> g.task(id, Expand::dequantizeQ80, a.context(), a.at(), a.integers(), a.floatingPoint(), a.powers(), a.bytes(0), a.floats(1), a.shorts(1), a.ints(2)));

  /** From Q4_0. */
  public static final Kernel Q4_0 = new Kernel("dequantize_q4_0",
      (g, id, a) -> g.task(id, Expand::dequantizeQ40, a.context(), a.at(), a.integers(), a.floatingPoint(), a.powers(), a.bytes(0), a.floats(1), a.shorts(1), a.ints(2)));

  /** From Q4_K. */
  public static final Kernel Q4_K = new Kernel("dequantize_q4_k",
      (g, id, a) -> g.task(id, Expand::dequantizeQ4K, a.context(), a.at(), a.integers(), a.floatingPoint(), a.powers(), a.bytes(0), a.floats(1), a.shorts(1), a.ints(2)));

  /** From Q6_K. */
  public static final Kernel Q6_K = new Kernel("dequantize_q6_k",
      (g, id, a) -> g.task(id, Expand::dequantizeQ6K, a.context(), a.at(), a.integers(), a.floatingPoint(), a.powers(), a.bytes(0), a.floats(1), a.shorts(1), a.ints(2)));

  /** From the type that it is told. */
  public static final Kernel OTHER = new Kernel("dequantize_other",
      (g, id, a) -> g.task(id, Expand::dequantizeOther, a.context(), a.at(), a.integers(), a.floatingPoint(), a.powers(), a.bytes(0), a.floats(1), a.shorts(1), a.ints(2)));

  private Expand() {}

  private static void dequantizeQ80(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, ByteArray x, FloatArray y,
      ShortArray ys, IntArray counts) {
    piece(Blocks.Q8_0, c, at, p, powers, x, y, ys, counts);
  }

  private static void dequantizeQ40(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, ByteArray x, FloatArray y,
      ShortArray ys, IntArray counts) {
    piece(Blocks.Q4_0, c, at, p, powers, x, y, ys, counts);
  }

  private static void dequantizeQ4K(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, ByteArray x, FloatArray y,
      ShortArray ys, IntArray counts) {
    piece(Blocks.Q4_K, c, at, p, powers, x, y, ys, counts);
  }

  private static void dequantizeQ6K(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, ByteArray x, FloatArray y,
      ShortArray ys, IntArray counts) {
    piece(Blocks.Q6_K, c, at, p, powers, x, y, ys, counts);
  }

  private static void dequantizeOther(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, ByteArray x, FloatArray y,
      ShortArray ys, IntArray counts) {
    piece(p.get(at.get(0) + 7), c, at, p, powers, x, y, ys, counts);
  }

  private static void piece(int type, KernelContext c, IntArray at, IntArray p, FloatArray powers, ByteArray x, FloatArray y,
      ShortArray ys, IntArray counts) {
    int b = at.get(0);
    int rows = p.get(b + 1) * Counts.actual(counts, p.get(b + 3), p.get(b + 2));
    int row = c.groupIdx / p.get(b + 4);
    if (row < rows) {
      int first = c.groupIdx % p.get(b + 4) * p.get(b + 5);
      int end = Pieces.end(first, p.get(b + 5), p.get(b));
      int yType = p.get(b + 6);
      int bytes = p.get(b + 8);
      int from = Rows.at(p, b + 9, row);
      int to = Rows.at(p, b + 9 + Rows.INTEGERS, row);
      int shift = Blocks.shift(type);
      for (int i = first + c.localIdx; i < end; i += c.localGroupSizeX) {
        float value = Blocks.value(type, x, powers, from + (i >> shift) * bytes, i & ((1 << shift) - 1));
        Elements.set(yType, y, ys, powers, to + i, value);
      }
    }
  }
}
