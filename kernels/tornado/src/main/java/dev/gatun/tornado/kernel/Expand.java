package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * Rows of blocks as floats: a work-group for each piece of a row. Integers: {@link Pieces}, {@code type of y, type of x, bytes of a block, rows of x in
 * bytes (6), rows of y (6)}. Operands: x, y, count.
 */
public final class Expand {
  /** From Q8_0. */
  public static final Kernel Q8_0 = new Kernel("dequantize_q8_0", (g, id, a) -> g.task(id, Expand::dequantizeQ80, a.context(), a.at(), a.integers(),
      a.floatingPoint(), a.powers(), a.bytes(0), a.floats(1), a.shorts(1), a.ints(2)));

  /** From Q4_0. */
  public static final Kernel Q4_0 = new Kernel("dequantize_q4_0", (g, id, a) -> g.task(id, Expand::dequantizeQ40, a.context(), a.at(), a.integers(),
      a.floatingPoint(), a.powers(), a.bytes(0), a.floats(1), a.shorts(1), a.ints(2)));

  /** From Q4_K. */
  public static final Kernel Q4_K = new Kernel("dequantize_q4_k", (g, id, a) -> g.task(id, Expand::dequantizeQ4K, a.context(), a.at(), a.integers(),
      a.floatingPoint(), a.powers(), a.bytes(0), a.floats(1), a.shorts(1), a.ints(2)));

  /** From Q6_K. */
  public static final Kernel Q6_K = new Kernel("dequantize_q6_k", (g, id, a) -> g.task(id, Expand::dequantizeQ6K, a.context(), a.at(), a.integers(),
      a.floatingPoint(), a.powers(), a.bytes(0), a.floats(1), a.shorts(1), a.ints(2)));

  /** From the type that it is told. */
  public static final Kernel OTHER = new Kernel("dequantize_other", (g, id, a) -> g.task(id, Expand::dequantizeOther, a.context(), a.at(), a.integers(),
      a.floatingPoint(), a.powers(), a.bytes(0), a.floats(1), a.shorts(1), a.ints(2)));

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
    piece(p.get(at.get(0) + Pieces.INTEGERS + 1), c, at, p, powers, x, y, ys, counts);
  }

  private static void piece(int type, KernelContext c, IntArray at, IntArray p, FloatArray powers, ByteArray x, FloatArray y, ShortArray ys,
      IntArray counts) {
    int b = Mark.begin(c, at, p);
    int row = Pieces.row(p, b, c.groupIdx);
    if (row < Pieces.rows(p, b, counts)) {
      int first = Pieces.first(p, b, c.groupIdx);
      int end = Pieces.end(p, b, first, counts);
      int o = b + Pieces.INTEGERS;
      int yType = p.get(o);
      int bytes = p.get(o + 2);
      int from = Rows.at(p, o + 3, row);
      int to = Rows.at(p, o + 3 + Rows.INTEGERS, row);
      for (int i = first + c.localIdx; i < end; i += c.localGroupSizeX) {
        Elements.set(yType, y, ys, powers, to + i, Blocks.ofRow(type, x, powers, from, bytes, i));
      }
    }
  }
}
