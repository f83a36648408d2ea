package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * Copies of elements: a work-group for each piece of a row. Casts and moves take the integers {@link Pieces}, {@code type of x, type of y (a move: bytes of an
 * element, 0), from one element of x to the next, of y, rows of x (6), rows of y (6)} and the operands x, y, count.
 */
public final class Copies {
  /** From one float type to another. */
  public static final Kernel CAST = new Kernel("copy_cast", (g, id, a) -> g.task(id, Copies::cast, a.context(), a.at(), a.integers(), a.floatingPoint(),
      a.powers(), a.floats(0), a.shorts(0), a.bytes(0), a.floats(1), a.shorts(1), a.bytes(1), a.ints(2)));

  /** Bit by bit, within a type of 4, 2 or 1 bytes. */
  public static final Kernel SAME = new Kernel("copy_same", (g, id, a) -> g.task(id, Copies::same, a.context(), a.at(), a.integers(), a.floatingPoint(),
      a.ints(0), a.shorts(0), a.bytes(0), a.ints(1), a.shorts(1), a.bytes(1), a.ints(2)));

  /**
   * Rows by number: {@link Pieces}, {@code type, rows of x there are, index of the first number, 0, rows of x (6), rows of y (6)}. Operands: x, y, numbers,
   * count.
   */
  public static final Kernel GATHER = new Kernel("gather_rows", (g, id, a) -> g.task(id, Copies::gather, a.context(), a.at(), a.integers(), a.floatingPoint(),
      a.powers(), a.floats(0), a.shorts(0), a.floats(1), a.shorts(1), a.ints(2), a.ints(3)));

  private static final int ROWS = Pieces.INTEGERS + 4;

  private Copies() {}

  private static void cast(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray x, ShortArray xs, ByteArray xb, FloatArray y,
      ShortArray ys, ByteArray yb, IntArray counts) {
    int b = Mark.begin(c, at, p);
    int row = Pieces.row(p, b, c.groupIdx);
    if (row < Pieces.rows(p, b, counts)) {
      int first = Pieces.first(p, b, c.groupIdx);
      int end = Pieces.end(p, b, first, counts);
      int xType = p.get(b + Pieces.INTEGERS);
      int yType = p.get(b + Pieces.INTEGERS + 1);
      int xStride = p.get(b + Pieces.INTEGERS + 2);
      int yStride = p.get(b + Pieces.INTEGERS + 3);
      int from = Rows.at(p, b + ROWS, row);
      int to = Rows.at(p, b + ROWS + Rows.INTEGERS, row);
      for (int i = first + c.localIdx; i < end; i += c.localGroupSizeX) {
        Elements.set(yType, y, ys, yb, powers, to + i * yStride, Elements.get(xType, x, xs, xb, powers, from + i * xStride));
      }
    }
  }

  private static void same(KernelContext c, IntArray at, IntArray p, FloatArray q, IntArray x, ShortArray xs, ByteArray xb, IntArray y, ShortArray ys,
      ByteArray yb, IntArray counts) {
    int b = Mark.begin(c, at, p);
    int row = Pieces.row(p, b, c.groupIdx);
    if (row < Pieces.rows(p, b, counts)) {
      int first = Pieces.first(p, b, c.groupIdx);
      int end = Pieces.end(p, b, first, counts);
      int bytes = p.get(b + Pieces.INTEGERS);
      int xStride = p.get(b + Pieces.INTEGERS + 2);
      int yStride = p.get(b + Pieces.INTEGERS + 3);
      int from = Rows.at(p, b + ROWS, row);
      int to = Rows.at(p, b + ROWS + Rows.INTEGERS, row);
      for (int i = first + c.localIdx; i < end; i += c.localGroupSizeX) {
        if (bytes == 4) {
          y.set(to + i * yStride, x.get(from + i * xStride));
        } else if (bytes == 2) {
          ys.set(to + i * yStride, xs.get(from + i * xStride));
        } else {
          yb.set(to + i * yStride, xb.get(from + i * xStride));
        }
      }
    }
  }

  private static void gather(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray x, ShortArray xs, FloatArray y,
      ShortArray ys, IntArray numbers, IntArray counts) {
    int b = Mark.begin(c, at, p);
    int row = Pieces.row(p, b, c.groupIdx);
    if (row < Pieces.rows(p, b, counts)) {
      int first = Pieces.first(p, b, c.groupIdx);
      int end = Pieces.end(p, b, first, counts);
      int type = p.get(b + Pieces.INTEGERS);
      int picked = numbers.get(p.get(b + Pieces.INTEGERS + 2) + row);
      if (picked >= p.get(b + Pieces.INTEGERS + 1)) {
        picked = -1;
      }
      int to = Rows.at(p, b + ROWS + Rows.INTEGERS, row);
      if (picked >= 0) {
        int from = Rows.at(p, b + ROWS, picked);
        for (int i = first + c.localIdx; i < end; i += c.localGroupSizeX) {
          if (type == Elements.F32) {
            y.set(to + i, x.get(from + i));
          } else {
            ys.set(to + i, xs.get(from + i));
          }
        }
      } else {
        for (int i = first + c.localIdx; i < end; i += c.localGroupSizeX) {
          Elements.setNaN(type, y, ys, powers, to + i);
        }
      }
    }
  }
}
