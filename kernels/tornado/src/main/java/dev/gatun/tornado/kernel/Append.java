package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
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
      a.powers(), a.floats(0), a.shorts(0), a.floats(1), a.shorts(1), a.floats(2), a.shorts(2), a.bytes(2), a.ints(3)));

  /** An item a block of Q8_0; otherwise as {@link #FLOATS}, distances in the pages in bytes. */
  public static final Kernel Q8_0 = new Kernel("kv_append_q8_0", (g, id, a) -> g.task(id, Append::blocks, a.context(), a.at(), a.integers(), a.floatingPoint(),
      a.powers(), a.floats(0), a.shorts(0), a.floats(1), a.shorts(1), a.bytes(2), a.ints(3)));

  private static final int ROWS = 14;
  private static final int BLOCK = 32;
  private static final int BLOCK_BYTES = 34;
  private static final int NAN = 0x7E00;

  private Append() {}

  private static void floats(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray k, ShortArray ks, FloatArray v, ShortArray vs,
      FloatArray pages, ShortArray pagesShort, ByteArray pagesByte, IntArray places) {
    int b = Mark.begin(c, at, p);
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
          Elements.set(kept, pages, pagesShort, pagesByte, powers, to + p.get(b + 12) + offset * p.get(b + 10) + i, value);
        } else {
          float value = Elements.get(type, v, vs, powers, Rows.at(p, b + ROWS + Rows.INTEGERS, row) + i - keySize);
          Elements.set(kept, pages, pagesShort, pagesByte, powers, to + p.get(b + 13) + offset * p.get(b + 11) + i - keySize, value);
        }
      }
    }
  }

  private static void blocks(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray k, ShortArray ks, FloatArray v, ShortArray vs,
      ByteArray pages, IntArray places) {
    int b = Mark.begin(c, at, p);
    int heads = p.get(b + 1);
    int keyBlocks = p.get(b + 2) / BLOCK;
    int blocks = keyBlocks + p.get(b + 3) / BLOCK;
    int block = c.globalIdx % blocks;
    int row = c.globalIdx / blocks;
    if (row < p.get(b) * heads) {
      int place = places.get(p.get(b + 6) + row / heads);
      if (place >= 0) {
        int pageTokens = p.get(b + 7);
        int to = place / pageTokens * p.get(b + 8) + row % heads * p.get(b + 9);
        int offset = place % pageTokens;
        if (block < keyBlocks) {
          int from = Rows.at(p, b + ROWS, row) + block * BLOCK;
          round(p.get(b + 4), k, ks, from, pages, to + p.get(b + 12) + offset * p.get(b + 10) + block * BLOCK_BYTES, powers);
        } else {
          int past = block - keyBlocks;
          int from = Rows.at(p, b + ROWS + Rows.INTEGERS, row) + past * BLOCK;
          round(p.get(b + 4), v, vs, from, pages, to + p.get(b + 13) + offset * p.get(b + 11) + past * BLOCK_BYTES, powers);
        }
      }
    }
  }

  /** A block by ggml's reference rounding: its scale, then its codes. What is not finite makes the scale NaN, so that it is seen. */
  private static void round(int type, FloatArray floats, ShortArray shorts, int from, ByteArray pages, int to, FloatArray powers) {
    float largest = 0;
    float zero = 0;
    for (int i = 0; i < BLOCK; i++) {
      float value = Elements.get(type, floats, shorts, powers, from + i);
      float magnitude = TornadoMath.abs(value);
      zero += value * 0f;
      if (magnitude > largest) {
        largest = magnitude;
      }
    }
    float scale = largest / 127f;
    float inverse = 0;
    int bits = NAN;
    if (zero == 0) {
      bits = Elements.halfBits(scale, powers);
      inverse = 1f / scale;
      if (inverse > Float.MAX_VALUE) {
        inverse = 0;
      }
    }
    pages.set(to, (byte) bits);
    pages.set(to + 1, (byte) (bits >> 8));
    for (int i = 0; i < BLOCK; i++) {
      // What stands between the product and the difference keeps compilers from fusing the two, which would round otherwise.
      float scaled = TornadoMath.max(Elements.get(type, floats, shorts, powers, from + i) * inverse, -Float.MAX_VALUE);
      int whole = (int) scaled;
      pages.set(to + 2 + i, (byte) (whole + (int) ((scaled - whole) * 2f)));
    }
  }
}
