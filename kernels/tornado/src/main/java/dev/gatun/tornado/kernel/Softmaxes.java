package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/** Softmax: a work-group for each row. */
public final class Softmaxes {
  private static final int MOST_LOCAL = 256;
  private static final int LOCAL_BYTES = MOST_LOCAL * Float.BYTES;

  /**
   * {@code n (elements of a row), rows for each index of dimension 0, or −1 where the tensor is one row of as many elements as the count says, bound of dimension 0,
   * index of the count or −1, type of x, type of y, rows of x (6), rows of y (6)}; {@code scale}. Operands: x, y, count.
   */
  public static final Kernel ROWS = new Kernel("softmax", LOCAL_BYTES, (g, id, a) -> g.task(id, Softmaxes::rows, a.context(), a.at(), a.integers(), a.floatingPoint(), a.powers(),
      a.floats(0), a.shorts(0), a.floats(1), a.shorts(1), a.ints(2)));

  private static final int X = 6;
  private static final int Y = X + Rows.INTEGERS;

  private Softmaxes() {}

  private static void rows(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray x, ShortArray xs, FloatArray y, ShortArray ys,
      IntArray counts) {
    int b = Mark.begin(c, at, p);
    int n = p.get(b);
    int rows = p.get(b + 1);
    int actual = Counts.actual(counts, p.get(b + 3), p.get(b + 2));
    if (rows < 0) {
      n = actual;
      rows = 1;
    } else {
      rows = rows * actual;
    }
    int row = c.groupIdx;
    int item = c.localIdx;
    int items = c.localGroupSizeX;
    int xType = p.get(b + 4);
    float factor = q.get(b);
    float[] local = c.allocateFloatLocalArray(MOST_LOCAL);
    // A NaN is not compared here: it makes the sum NaN, and so the row.
    float largest = -powers.get(255);
    if (row < rows) {
      int from = Rows.at(p, b + X, row);
      for (int i = item; i < n; i += items) {
        float value = factor * Elements.get(xType, x, xs, powers, from + i);
        if (value > largest) {
          largest = value;
        }
      }
    }
    local[item] = largest;
    c.localBarrier();
    for (int half = items / 2; half > 0; half = half / 2) {
      if (item < half) {
        local[item] = TornadoMath.max(local[item], local[item + half]);
      }
      c.localBarrier();
    }
    largest = local[0];
    c.localBarrier();
    float mine = 0;
    if (row < rows) {
      int from = Rows.at(p, b + X, row);
      for (int i = item; i < n; i += items) {
        mine += TornadoMath.exp(factor * Elements.get(xType, x, xs, powers, from + i) - largest);
      }
    }
    local[item] = mine;
    c.localBarrier();
    for (int half = items / 2; half > 0; half = half / 2) {
      if (item < half) {
        local[item] += local[item + half];
      }
      c.localBarrier();
    }
    float sum = local[0];
    if (row < rows) {
      int from = Rows.at(p, b + X, row);
      int to = Rows.at(p, b + Y, row);
      int yType = p.get(b + 5);
      for (int i = item; i < n; i += items) {
        float value = TornadoMath.exp(factor * Elements.get(xType, x, xs, powers, from + i) - largest);
        Elements.set(yType, y, ys, powers, to + i, value / sum);
      }
    }
  }
}
