package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * Argmax: a work-group for each part of a row, and where a row has several a second launch with a group for each row. What is found is a value and its index; the first
 * NaN, which is larger than any number, has the complement of its index, which is negative.
 */
public final class Largest {
  private static final int MOST_LOCAL = 256;
  private static final int LOCAL_BYTES = 3 * MOST_LOCAL * Float.BYTES;

  /**
   * {@code n (elements of a row), elements of a part, parts of a row, bound of rows, index of the count or −1, type of x, first element of x, stride of x, where the
   * values go, where the indices go}. With one part a row the indices are the answer, else they are as described above. Operands: x, count, values, indices.
   */
  public static final Kernel PARTS = new Kernel("argmax_parts", LOCAL_BYTES, (g, id, a) -> g.task(id, Largest::parts, a.context(), a.at(), a.integers(), a.floatingPoint(),
      a.powers(), a.floats(0), a.shorts(0), a.ints(1), a.floats(2), a.ints(3)));

  /** {@code parts of a row, bound of rows, index of the count or −1, where the values are, where the indices are, first element of y}. Operands: values, indices, count, y. */
  public static final Kernel BEST = new Kernel("argmax_best", LOCAL_BYTES, (g, id, a) -> g.task(id, Largest::best, a.context(), a.at(), a.integers(), a.floatingPoint(),
      a.powers(), a.floats(0), a.ints(1), a.ints(2), a.ints(3)));

  /** No index. */
  static final int NONE = Integer.MAX_VALUE;

  private Largest() {}

  /** The index of the larger of two numbers, the lower one in a tie. */
  static int first(float value, int index, float other, int otherIndex) {
    int first = index;
    if (other == value) {
      first = TornadoMath.min(index, otherIndex);
    }
    if (other > value) {
      first = otherIndex;
    }
    return first;
  }

  private static void parts(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray x, ShortArray xs, IntArray counts,
      FloatArray values, IntArray indices) {
    int b = Mark.begin(c, at, p);
    int size = p.get(b + 1);
    int parts = p.get(b + 2);
    int rows = Counts.actual(counts, p.get(b + 4), p.get(b + 3));
    int group = c.groupIdx;
    int row = group / parts;
    int item = c.localIdx;
    int items = c.localGroupSizeX;
    float[] localValues = c.allocateFloatLocalArray(MOST_LOCAL);
    int[] localIndices = c.allocateIntLocalArray(MOST_LOCAL);
    int[] localNans = c.allocateIntLocalArray(MOST_LOCAL);
    float found = -powers.get(255);
    int index = NONE;
    int nan = NONE;
    if (row < rows) {
      int type = p.get(b + 5);
      int from = p.get(b + 6) + row * p.get(b + 7);
      int first = group % parts * size;
      int end = TornadoMath.min(first + size, p.get(b));
      for (int i = first + item; i < end; i += items) {
        float value = Elements.get(type, x, xs, powers, from + i);
        if (value != value) {
          nan = TornadoMath.min(nan, i);
        } else {
          index = first(found, index, value, i);
          found = TornadoMath.max(found, value);
        }
      }
    }
    localValues[item] = found;
    localIndices[item] = index;
    localNans[item] = nan;
    c.localBarrier();
    for (int half = items / 2; half > 0; half = half / 2) {
      if (item < half) {
        float value = localValues[item];
        float other = localValues[item + half];
        localIndices[item] = first(value, localIndices[item], other, localIndices[item + half]);
        localValues[item] = TornadoMath.max(value, other);
        localNans[item] = TornadoMath.min(localNans[item], localNans[item + half]);
      }
      c.localBarrier();
    }
    if (row < rows) {
      if (item == 0) {
        nan = localNans[0];
        index = localIndices[0];
        if (parts == 1) {
          indices.set(p.get(b + 9) + row, nan < NONE ? nan : index);
        } else {
          values.set(p.get(b + 8) + group, localValues[0]);
          indices.set(p.get(b + 9) + group, nan < NONE ? -1 - nan : index);
        }
      }
    }
  }

  private static void best(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray values, IntArray indices, IntArray counts, IntArray y) {
    int b = Mark.begin(c, at, p);
    int parts = p.get(b);
    int rows = Counts.actual(counts, p.get(b + 2), p.get(b + 1));
    int row = c.groupIdx;
    int item = c.localIdx;
    int items = c.localGroupSizeX;
    float[] localValues = c.allocateFloatLocalArray(MOST_LOCAL);
    int[] localIndices = c.allocateIntLocalArray(MOST_LOCAL);
    int[] localNans = c.allocateIntLocalArray(MOST_LOCAL);
    float found = -powers.get(255);
    int index = NONE;
    int nan = NONE;
    if (row < rows) {
      for (int i = item; i < parts; i += items) {
        float value = values.get(p.get(b + 3) + row * parts + i);
        int told = indices.get(p.get(b + 4) + row * parts + i);
        if (told < 0) {
          nan = TornadoMath.min(nan, -1 - told);
        } else {
          index = first(found, index, value, told);
          found = TornadoMath.max(found, value);
        }
      }
    }
    localValues[item] = found;
    localIndices[item] = index;
    localNans[item] = nan;
    c.localBarrier();
    for (int half = items / 2; half > 0; half = half / 2) {
      if (item < half) {
        float value = localValues[item];
        float other = localValues[item + half];
        localIndices[item] = first(value, localIndices[item], other, localIndices[item + half]);
        localValues[item] = TornadoMath.max(value, other);
        localNans[item] = TornadoMath.min(localNans[item], localNans[item + half]);
      }
      c.localBarrier();
    }
    if (row < rows) {
      if (item == 0) {
        nan = localNans[0];
        index = localIndices[0];
        y.set(p.get(b + 5) + row, nan < NONE ? nan : index);
      }
    }
  }
}
