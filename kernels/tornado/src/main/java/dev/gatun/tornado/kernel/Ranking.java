package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * TopK: a work-group for each row takes the first of what is left, again and again. Every item knows the first of its own elements; only the one that lost it goes
 * through them once more.
 */
public final class Ranking {
  private static final int MOST_LOCAL = 256;
  private static final int LOCAL_BYTES = 3 * MOST_LOCAL * Float.BYTES;

  /**
   * {@code n (elements of a row), k, bound of rows, index of the count or −1, type of x, first element and stride of x, of the values, of the indices}. Operands: x,
   * count, values, indices.
   */
  public static final Kernel TOP_K = new Kernel("top_k", LOCAL_BYTES, (g, id, a) -> g.task(id, Ranking::topK, a.context(), a.at(), a.integers(), a.floatingPoint(), a.powers(),
      a.floats(0), a.shorts(0), a.ints(1), a.floats(2), a.ints(3)));

  private Ranking() {}

  private static void topK(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray x, ShortArray xs, IntArray counts,
      FloatArray values, IntArray indices) {
    int b = Mark.begin(c, at, p);
    int k = p.get(b + 1);
    int rows = Counts.actual(counts, p.get(b + 3), p.get(b + 2));
    int type = p.get(b + 4);
    int row = c.groupIdx;
    int item = c.localIdx;
    int items = c.localGroupSizeX;
    float[] localValues = c.allocateFloatLocalArray(MOST_LOCAL);
    int[] localIndices = c.allocateIntLocalArray(MOST_LOCAL);
    int[] localNans = c.allocateIntLocalArray(MOST_LOCAL);
    int n = 0;
    if (row < rows) {
      n = p.get(b);
    }
    int from = p.get(b + 5) + row * p.get(b + 6);
    // What this item has given away: its NaNs up to one, and numbers down to one.
    int lastNan = -1;
    float limit = powers.get(255);
    int last = -1;
    // The first of what it has left, NaN, as large as the limit, and smaller.
    int nan = Largest.NONE;
    int tie = Largest.NONE;
    float found = -powers.get(255);
    int index = Largest.NONE;
    int start = item;
    for (int taken = 0; taken < k; taken++) {
      for (int i = start; i < n; i += items) {
        float value = Elements.get(type, x, xs, powers, from + i);
        if (value != value) {
          if (i > lastNan) {
            nan = TornadoMath.min(nan, i);
          }
        } else if (value == limit) {
          if (i > last) {
            tie = TornadoMath.min(tie, i);
          }
        } else if (value < limit) {
          index = Largest.first(found, index, value, i);
          found = TornadoMath.max(found, value);
        }
      }
      float mine = found;
      int mineIndex = index;
      if (tie < Largest.NONE) {
        mine = limit;
        mineIndex = tie;
      }
      localValues[item] = mine;
      localIndices[item] = mineIndex;
      localNans[item] = nan;
      c.localBarrier();
      for (int half = items / 2; half > 0; half = half / 2) {
        if (item < half) {
          float value = localValues[item];
          float other = localValues[item + half];
          localIndices[item] = Largest.first(value, localIndices[item], other, localIndices[item + half]);
          localValues[item] = TornadoMath.max(value, other);
          localNans[item] = TornadoMath.min(localNans[item], localNans[item + half]);
        }
        c.localBarrier();
      }
      int winner = localIndices[0];
      int firstNan = localNans[0];
      float winning = localValues[0];
      c.localBarrier();
      start = n;
      if (firstNan < Largest.NONE) {
        winner = firstNan;
        if (firstNan % items == item) {
          lastNan = firstNan;
          nan = Largest.NONE;
          start = item;
        }
      } else if (winner % items == item) {
        limit = winning;
        last = winner;
        tie = Largest.NONE;
        found = -powers.get(255);
        index = Largest.NONE;
        start = item;
      }
      if (item == 0) {
        if (n > 0) {
          values.set(p.get(b + 7) + row * p.get(b + 8) + taken, Elements.get(type, x, xs, powers, from + winner));
          indices.set(p.get(b + 9) + row * p.get(b + 10) + taken, winner);
        }
      }
    }
  }
}
