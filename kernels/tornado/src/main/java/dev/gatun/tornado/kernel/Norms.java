package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/** Norms over rows: a work-group for each row, whose items take its elements in turn and add up their sums in local memory. */
public final class Norms {
  private static final int MOST_LOCAL = 256;
  private static final int LOCAL_BYTES = MOST_LOCAL * Float.BYTES;

  /**
   * {@code n (elements of a row), rows for each index of dimension 0, bound of dimension 0, index of the count or −1, type of x, type of y, index of the weight,
   * rows of x (6), rows of y (6)}; {@code eps}. Operands: x, weight, y, count.
   */
  public static final Kernel RMS = new Kernel("rms_norm", LOCAL_BYTES, (g, id, a) -> g.task(id, Norms::rms, a.context(), a.at(), a.integers(), a.floatingPoint(),
      a.powers(), a.floats(0), a.shorts(0), a.floats(1), a.floats(2), a.shorts(2), a.ints(3)));

  /** As {@link #RMS} and {@code index of the bias or −1}; operands x, weight, bias (any where there is none), y, count. */
  public static final Kernel LAYER = new Kernel("layer_norm", LOCAL_BYTES, (g, id, a) -> g.task(id, Norms::layer, a.context(), a.at(), a.integers(), a.floatingPoint(),
      a.powers(), a.floats(0), a.shorts(0), a.floats(1), a.floats(2), a.floats(3), a.shorts(3), a.ints(4)));

  /** {@link #RMS} of F32: the same numbers; operands x, weight, y, count. */
  public static final Kernel RMS_F32 = new Kernel("rms_norm_f32", LOCAL_BYTES, (g, id, a) -> g.task(id, Norms::rmsF32, a.context(), a.at(), a.integers(), a.floatingPoint(),
      a.floats(0), a.floats(1), a.floats(2), a.ints(3)));

  private static final int X = 7;
  private static final int Y = X + Rows.INTEGERS;
  private static final int BIAS = Y + Rows.INTEGERS;

  private Norms() {}

  private static void rms(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray x, ShortArray xs, FloatArray weight, FloatArray y,
      ShortArray ys, IntArray counts) {
    int b = Mark.begin(c, at, p);
    int n = p.get(b);
    int rows = p.get(b + 1) * Counts.actual(counts, p.get(b + 3), p.get(b + 2));
    int row = c.groupIdx;
    int item = c.localIdx;
    int items = c.localGroupSizeX;
    int xType = p.get(b + 4);
    float[] local = c.allocateFloatLocalArray(MOST_LOCAL);
    float mine = 0;
    if (row < rows) {
      int from = Rows.at(p, b + X, row);
      for (int i = item; i < n; i += items) {
        float value = Elements.get(xType, x, xs, powers, from + i);
        mine += value * value;
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
      int w = p.get(b + 6);
      int yType = p.get(b + 5);
      float scale = 1f / TornadoMath.sqrt(sum / n + q.get(b));
      for (int i = item; i < n; i += items) {
        float value = Elements.get(xType, x, xs, powers, from + i);
        Elements.set(yType, y, ys, powers, to + i, value * scale * weight.get(w + i));
      }
    }
  }

  private static void rmsF32(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray x, FloatArray weight, FloatArray y, IntArray counts) {
    int b = Mark.begin(c, at, p);
    int n = p.get(b);
    int rows = p.get(b + 1) * Counts.actual(counts, p.get(b + 3), p.get(b + 2));
    int row = c.groupIdx;
    int item = c.localIdx;
    int items = c.localGroupSizeX;
    float[] local = c.allocateFloatLocalArray(MOST_LOCAL);
    float mine = 0;
    if (row < rows) {
      int from = Rows.at(p, b + X, row);
      for (int i = item; i < n; i += items) {
        float value = x.get(from + i);
        mine += value * value;
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
      int w = p.get(b + 6);
      float scale = 1f / TornadoMath.sqrt(sum / n + q.get(b));
      for (int i = item; i < n; i += items) {
        y.set(to + i, x.get(from + i) * scale * weight.get(w + i));
      }
    }
  }

  private static void layer(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray x, ShortArray xs, FloatArray weight,
      FloatArray bias, FloatArray y, ShortArray ys, IntArray counts) {
    int b = Mark.begin(c, at, p);
    int n = p.get(b);
    int rows = p.get(b + 1) * Counts.actual(counts, p.get(b + 3), p.get(b + 2));
    int row = c.groupIdx;
    int item = c.localIdx;
    int items = c.localGroupSizeX;
    int xType = p.get(b + 4);
    float[] local = c.allocateFloatLocalArray(MOST_LOCAL);
    float mine = 0;
    if (row < rows) {
      int from = Rows.at(p, b + X, row);
      for (int i = item; i < n; i += items) {
        mine += Elements.get(xType, x, xs, powers, from + i);
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
    float mean = local[0] / n;
    c.localBarrier();
    mine = 0;
    if (row < rows) {
      int from = Rows.at(p, b + X, row);
      for (int i = item; i < n; i += items) {
        float value = Elements.get(xType, x, xs, powers, from + i) - mean;
        mine += value * value;
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
      int w = p.get(b + 6);
      int biasAt = p.get(b + BIAS);
      int yType = p.get(b + 5);
      float scale = 1f / TornadoMath.sqrt(sum / n + q.get(b));
      for (int i = item; i < n; i += items) {
        float value = (Elements.get(xType, x, xs, powers, from + i) - mean) * scale * weight.get(w + i);
        if (biasAt >= 0) {
          value += bias.get(biasAt + i);
        }
        Elements.set(yType, y, ys, powers, to + i, value);
      }
    }
  }
}
