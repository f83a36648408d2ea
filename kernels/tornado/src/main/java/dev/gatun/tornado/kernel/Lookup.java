package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * Rows of a table by number: a work-group for each piece of a row of y. Integers: {@link Pieces}, {@code type of y, type of the table, bytes of a block, rows
 * of the table, index of the first id, rows of the table (6, of a block type in bytes), rows of y (6)}. Operands: table, y, ids, count.
 */
public final class Lookup {
  /** From Q8_0. */
  public static final Kernel Q8_0 = new Kernel("embedding_q8_0", (g, id, a) -> g.task(id, Lookup::embeddingQ80, a.context(), a.at(), a.integers(),
      a.floatingPoint(), a.powers(), a.bytes(0), a.floats(1), a.shorts(1), a.ints(2), a.ints(3)));

  /** From Q4_0. */
  public static final Kernel Q4_0 = new Kernel("embedding_q4_0", (g, id, a) -> g.task(id, Lookup::embeddingQ40, a.context(), a.at(), a.integers(),
      a.floatingPoint(), a.powers(), a.bytes(0), a.floats(1), a.shorts(1), a.ints(2), a.ints(3)));

  /** From Q4_K. */
  public static final Kernel Q4_K = new Kernel("embedding_q4_k", (g, id, a) -> g.task(id, Lookup::embeddingQ4K, a.context(), a.at(), a.integers(),
      a.floatingPoint(), a.powers(), a.bytes(0), a.floats(1), a.shorts(1), a.ints(2), a.ints(3)));

  /** From Q6_K. */
  public static final Kernel Q6_K = new Kernel("embedding_q6_k", (g, id, a) -> g.task(id, Lookup::embeddingQ6K, a.context(), a.at(), a.integers(),
      a.floatingPoint(), a.powers(), a.bytes(0), a.floats(1), a.shorts(1), a.ints(2), a.ints(3)));

  /** From the block type that it is told. */
  public static final Kernel OTHER = new Kernel("embedding_other", (g, id, a) -> g.task(id, Lookup::embeddingOther, a.context(), a.at(), a.integers(),
      a.floatingPoint(), a.powers(), a.bytes(0), a.floats(1), a.shorts(1), a.ints(2), a.ints(3)));

  /** From the float type that it is told. */
  public static final Kernel FLOATS = new Kernel("embedding_floats", (g, id, a) -> g.task(id, Lookup::embeddingFloats, a.context(), a.at(), a.integers(),
      a.floatingPoint(), a.powers(), a.floats(0), a.shorts(0), a.bytes(0), a.floats(1), a.shorts(1), a.ints(2), a.ints(3)));

  private static final int TABLE = Pieces.INTEGERS + 5;

  private Lookup() {}

  private static void embeddingQ80(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, ByteArray table, FloatArray y,
      ShortArray ys, IntArray ids, IntArray counts) {
    piece(Blocks.Q8_0, c, at, p, powers, table, y, ys, ids, counts);
  }

  private static void embeddingQ40(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, ByteArray table, FloatArray y,
      ShortArray ys, IntArray ids, IntArray counts) {
    piece(Blocks.Q4_0, c, at, p, powers, table, y, ys, ids, counts);
  }

  private static void embeddingQ4K(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, ByteArray table, FloatArray y,
      ShortArray ys, IntArray ids, IntArray counts) {
    piece(Blocks.Q4_K, c, at, p, powers, table, y, ys, ids, counts);
  }

  private static void embeddingQ6K(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, ByteArray table, FloatArray y,
      ShortArray ys, IntArray ids, IntArray counts) {
    piece(Blocks.Q6_K, c, at, p, powers, table, y, ys, ids, counts);
  }

  private static void embeddingOther(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, ByteArray table, FloatArray y,
      ShortArray ys, IntArray ids, IntArray counts) {
    piece(p.get(at.get(0) + Pieces.INTEGERS + 1), c, at, p, powers, table, y, ys, ids, counts);
  }

  private static void piece(int type, KernelContext c, IntArray at, IntArray p, FloatArray powers, ByteArray table, FloatArray y, ShortArray ys,
      IntArray ids, IntArray counts) {
    int b = Mark.begin(c, at, p);
    int row = Pieces.row(p, b, c.groupIdx);
    if (row < Pieces.rows(p, b, counts)) {
      int first = Pieces.first(p, b, c.groupIdx);
      int end = Pieces.end(p, b, first, counts);
      int yType = p.get(b + Pieces.INTEGERS);
      int bytes = p.get(b + Pieces.INTEGERS + 2);
      int id = id(p, b, ids, row);
      int to = Rows.at(p, b + TABLE + Rows.INTEGERS, row);
      if (id >= 0) {
        int from = Rows.at(p, b + TABLE, id);
        for (int i = first + c.localIdx; i < end; i += c.localGroupSizeX) {
          Elements.set(yType, y, ys, powers, to + i, Blocks.ofRow(type, table, powers, from, bytes, i));
        }
      } else {
        for (int i = first + c.localIdx; i < end; i += c.localGroupSizeX) {
          Elements.setNaN(yType, y, ys, powers, to + i);
        }
      }
    }
  }

  private static void embeddingFloats(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray table, ShortArray tableShorts,
      ByteArray tableBytes, FloatArray y, ShortArray ys, IntArray ids, IntArray counts) {
    int b = Mark.begin(c, at, p);
    int row = Pieces.row(p, b, c.groupIdx);
    if (row < Pieces.rows(p, b, counts)) {
      int first = Pieces.first(p, b, c.groupIdx);
      int end = Pieces.end(p, b, first, counts);
      int yType = p.get(b + Pieces.INTEGERS);
      int type = p.get(b + Pieces.INTEGERS + 1);
      int id = id(p, b, ids, row);
      int to = Rows.at(p, b + TABLE + Rows.INTEGERS, row);
      if (id >= 0) {
        int from = Rows.at(p, b + TABLE, id);
        for (int i = first + c.localIdx; i < end; i += c.localGroupSizeX) {
          Elements.set(yType, y, ys, powers, to + i, Elements.get(type, table, tableShorts, tableBytes, powers, from + i));
        }
      } else {
        for (int i = first + c.localIdx; i < end; i += c.localGroupSizeX) {
          Elements.setNaN(yType, y, ys, powers, to + i);
        }
      }
    }
  }

  /** The id of a row of y, negative for one that the table has not. */
  private static int id(IntArray p, int b, IntArray ids, int row) {
    int id = ids.get(p.get(b + Pieces.INTEGERS + 4) + row);
    return id < p.get(b + Pieces.INTEGERS + 3) ? id : -1;
  }
}
