package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/** Norms over rows: a work-group for each row, whose items take its elements in turn and add up their sums in local memory. */
public final class Norms {
  private static final int MOST_LOCAL = 256;

  /**
   * {@code n (elements of a row), rows for each index of dimension 0, bound of dimension 0, index of the count or −1, type of x, type of y, index of the weight,
   * rows of x (6), rows of y (6)}; {@code eps}. Operands: x, weight, y, count.
   */
  public static final Kernel RMS = new Kernel("rms_norm", (g, id, a) -> g.task(id, Norms::rms, a.context(), a.at(), a.integers(), a.floatingPoint(),
      a.powers(), a.floats(0), a.shorts(0), a.floats(1), a.floats(2), a.shorts(2), a.ints(3)));

  private Norms() {}

  private static void rms(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray x, ShortArray xs, FloatArray weight, FloatArray y,
      ShortArray ys, IntArray counts) {
    int b = at.get(0);
    int n = p.get(b);
    int rows = p.get(b + 1) * Counts.actual(counts, p.get(b + 3), p.get(b + 2));
    int row = c.groupIdx;
    int item = c.localIdx;
    int items = c.localGroupSizeX;
    int xType = p.get(b + 4);
    int yType = p.get(b + 5);
    int w = p.get(b + 6);
    float[] sums = c.allocateFloatLocalArray(MOST_LOCAL);
    if (row < rows) {
      int from = Rows.at(p, b + 7, row);
      float sum = 0;
      for (int i = item; i < n; i += items) {
        float value = Elements.get(xType, x, xs, powers, from + i);
        sum += value * value;
      }
      sums[item] = sum;
    }
    c.localBarrier();
    for (int half = items / 2; half > 0; half = half / 2) {
      if (item < half) {
        sums[item] += sums[item + half];
      }
      c.localBarrier();
    }
    if (row < rows) {
      int from = Rows.at(p, b + 7, row);
      int to = Rows.at(p, b + 7 + Rows.INTEGERS, row);
      float scale = 1f / TornadoMath.sqrt(sums[0] / n + q.get(b));
      for (int i = item; i < n; i += items) {
        float value = Elements.get(xType, x, xs, powers, from + i);
        Elements.set(yType, y, ys, powers, to + i, value * scale * weight.get(w + i));
      }
    }
  }
}
