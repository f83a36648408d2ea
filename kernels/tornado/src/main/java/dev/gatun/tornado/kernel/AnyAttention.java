package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * Attention of any shape: a work-group for each token and query head, with the online softmax over chunks of as many keys as the group has items. An item takes a key
 * for its score, and some elements of the values for the sum.
 *
 * <p>Integers: {@code tokens, query heads, query heads of a key/value head, elements of a key, of a value, type of q, type of y, index of the sinks or −1, index of what
 * the tokens see}; keys and values ({@link Kept}); {@code rows of q (6), rows of y (6)}. Floats: {@code scale, softcap}.
 */
public final class AnyAttention {
  /** The most elements of a key or value. */
  public static final int MOST_SIZE = 1024;

  private static final int MOST_LOCAL = 256;
  private static final int LOCAL_BYTES = 2 * MOST_SIZE * Float.BYTES + 3 * MOST_LOCAL * Float.BYTES;

  /** Over tensors. Operands: q, k, v, sinks, y, what the tokens see. */
  public static final Kernel DENSE = new Kernel("attention_any_dense", LOCAL_BYTES, (g, id, a) -> g.task(id, AnyAttention::dense, a.context(), a.at(), a.integers(),
      a.floatingPoint(), a.powers(), a.floats(0), a.shorts(0), a.floats(1), a.shorts(1), a.floats(2), a.shorts(2), a.floats(3), a.floats(4), a.shorts(4), a.ints(5)));

  /** Over pages. Operands: q, pages, sinks, y, what the tokens see, block table. */
  public static final Kernel PAGED = new Kernel("attention_any_paged", LOCAL_BYTES, (g, id, a) -> g.task(id, AnyAttention::paged, a.context(), a.at(), a.integers(),
      a.floatingPoint(), a.powers(), a.floats(0), a.shorts(0), a.floats(1), a.shorts(1), a.floats(2), a.floats(3), a.shorts(3), a.ints(4), a.ints(5)));

  private static final int KEPT = 9;
  private static final int ROWS = KEPT + Kept.INTEGERS;

  private AnyAttention() {}

  private static void dense(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray x, ShortArray xs, FloatArray k, ShortArray ks,
      FloatArray v, ShortArray vs, FloatArray sinks, FloatArray y, ShortArray ys, IntArray seen) {
    attend(c, Mark.begin(c, at, p), p, q, powers, x, xs, k, ks, v, vs, sinks, y, ys, seen, seen);
  }

  private static void paged(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray x, ShortArray xs, FloatArray pages,
      ShortArray pagesShort, FloatArray sinks, FloatArray y, ShortArray ys, IntArray seen, IntArray table) {
    attend(c, Mark.begin(c, at, p), p, q, powers, x, xs, pages, pagesShort, pages, pagesShort, sinks, y, ys, seen, table);
  }

  private static void attend(KernelContext c, int b, IntArray p, FloatArray q, FloatArray powers, FloatArray x, ShortArray xs, FloatArray k, ShortArray ks,
      FloatArray v, ShortArray vs, FloatArray sinks, FloatArray y, ShortArray ys, IntArray seen, IntArray table) {
    float[] query = c.allocateFloatLocalArray(MOST_SIZE);
    float[] sums = c.allocateFloatLocalArray(MOST_SIZE);
    float[] scores = c.allocateFloatLocalArray(MOST_LOCAL);
    float[] weights = c.allocateFloatLocalArray(MOST_LOCAL);
    int[] values = c.allocateIntLocalArray(MOST_LOCAL);
    int item = c.localIdx;
    int items = c.localGroupSizeX;
    int row = c.groupIdx;
    int heads = p.get(b + 1);
    int keySize = p.get(b + 3);
    int valueSize = p.get(b + 4);
    int kept = p.get(b + KEPT);
    int head = row % heads / p.get(b + 2);
    int first = 0;
    int last = -1;
    int begin = 0;
    if (row < p.get(b) * heads) {
      int from = p.get(b + 8) + row / heads * Sequences.SEEN_INTEGERS;
      first = seen.get(from);
      last = seen.get(from + 1);
      begin = seen.get(from + 2);
    }
    float infinite = powers.get(255);
    float largest = -infinite;
    float sum = 0;
    if (last > first) {
      int from = Rows.at(p, b + ROWS, row);
      for (int i = item; i < keySize; i += items) {
        query[i] = Elements.get(p.get(b + 5), x, xs, powers, from + i);
      }
    }
    for (int i = item; i < valueSize; i += items) {
      sums[i] = 0;
    }
    for (int chunk = first; chunk < last; chunk += items) {
      int count = last - chunk < items ? last - chunk : items;
      c.localBarrier();
      if (item < count) {
        int place = Kept.row(p, b + KEPT, table, begin, chunk + item);
        if (place < 0) {
          scores[item] = infinite - infinite;
          values[item] = -1;
        } else {
          int key = Kept.at(p, b + KEPT, 0, place, head);
          float score = 0;
          for (int i = 0; i < keySize; i++) {
            score += query[i] * Kept.get(kept, k, ks, powers, key, i);
          }
          scores[item] = capped(q.get(b) * score, q.get(b + 1));
          values[item] = Kept.at(p, b + KEPT, 1, place, head);
        }
      }
      c.localBarrier();
      float before = largest;
      for (int j = 0; j < count; j++) {
        float score = scores[j];
        if (score > largest) {
          largest = score;
        }
      }
      // While every score is -infinity the weights are 0, not the NaN of their difference.
      float shift = largest == -infinite ? 0 : largest;
      if (item < count) {
        weights[item] = TornadoMath.exp(scores[item] - shift);
      }
      float shrink = TornadoMath.exp(before - shift);
      sum *= shrink;
      c.localBarrier();
      for (int j = 0; j < count; j++) {
        sum += weights[j];
      }
      for (int i = item; i < valueSize; i += items) {
        float total = sums[i] * shrink;
        for (int j = 0; j < count; j++) {
          int value = values[j];
          if (value >= 0) {
            total += weights[j] * Kept.get(kept, v, vs, powers, value, i);
          }
        }
        sums[i] = total;
      }
    }
    if (last >= 0) {
      float factor = 0;
      if (last > first) {
        factor = factor(largest, sum, p.get(b + 7), row % heads, sinks);
      }
      int to = Rows.at(p, b + ROWS + Rows.INTEGERS, row);
      for (int i = item; i < valueSize; i += items) {
        Elements.set(p.get(b + 6), y, ys, powers, to + i, sums[i] * factor);
      }
    }
  }

  /** A score under the soft cap, if there is one. */
  static float capped(float score, float softcap) {
    float result = score;
    if (softcap > 0) {
      result = softcap * TornadoMath.tanh(score / softcap);
    }
    return result;
  }

  /** What a weighted sum is to be multiplied with: one by the sum of weights, to which a sink adds its own. */
  static float factor(float largest, float sum, int sinksAt, int head, FloatArray sinks) {
    float factor = 1f / sum;
    if (sinksAt >= 0) {
      float sink = sinks.get(sinksAt + head);
      float top = sink > largest ? sink : largest;
      float shrink = TornadoMath.exp(largest - top);
      factor = shrink / (sum * shrink + TornadoMath.exp(sink - top));
    }
    return factor;
  }
}
