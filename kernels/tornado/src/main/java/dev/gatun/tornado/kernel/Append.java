package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/** Keys and values into the pages of a cache. */
public final class Append {
  /**
   * An item an element of a token's key or value. Integers: {@code tokens, heads, elements of a key, of a value, type of k and v, type kept, index of the tokens' rows,
   * tokens of a page}; in elements kept {@code from a page to the next, from a head to the next, from a key to the next, from a value to the next, first key, first
   * value}; {@code rows of k (6), rows of v (6)}. Operands: k, v, pages, the tokens' rows.
   */
  public static final Kernel FLOATS = new Kernel("kv_append_floats", (g, id, a) -> g.task(id, Append::floats, a.context(), a.at(), a.integers(), a.floatingPoint(),
      a.powers(), a.floats(0), a.shorts(0), a.floats(1), a.shorts(1), a.floats(2), a.shorts(2), a.ints(3)));

  private static final int ROWS = 14;

  private Append() {}

  private static void floats(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray k, ShortArray ks, FloatArray v, ShortArray vs,
      FloatArray pages, ShortArray pagesShort, IntArray places) {
    int b = at.get(0);
    int heads = p.get(b + 1);
    int keySize = p.get(b + 2);
    int size = keySize + p.get(b + 3);
    int i = c.globalIdx % size;
    int row = c.globalIdx / size;
    if (row < p.get(b) * heads) {
      int place = places.get(p.get(b + 6) + row / heads);
      if (place >= 0) {
        int type = p.get(b + 4);
        int kept = p.get(b + 5);
        int pageTokens = p.get(b + 7);
        int to = place / pageTokens * p.get(b + 8) + row % heads * p.get(b + 9);
        int offset = place % pageTokens;
        if (i < keySize) {
          float value = Elements.get(type, k, ks, powers, Rows.at(p, b + ROWS, row) + i);
          Elements.set(kept, pages, pagesShort, powers, to + p.get(b + 12) + offset * p.get(b + 10) + i, value);
        } else {
          float value = Elements.get(type, v, vs, powers, Rows.at(p, b + ROWS + Rows.INTEGERS, row) + i - keySize);
          Elements.set(kept, pages, pagesShort, powers, to + p.get(b + 13) + offset * p.get(b + 11) + i - keySize, value);
        }
      }
    }
  }
}
