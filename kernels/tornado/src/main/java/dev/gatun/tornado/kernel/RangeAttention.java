package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/** What {@link TileAttention} left of ranges of positions, brought together. */
public final class RangeAttention {
  /**
   * Makes one result of those of ranges: a work-group a token and query head. Integers: {@code tokens, query heads, elements of a value, type of y, index of the sinks or
   * −1, index of what the tokens see, index of the ranges' results, ranges, positions of a range}; {@code rows of y (6)}. Operands: the ranges' results, sinks, y, what
   * the tokens see.
   */
  public static final Kernel MERGE = new Kernel("attention_merge", (g, id, a) -> g.task(id, RangeAttention::merge, a.context(), a.at(), a.integers(),
      a.floatingPoint(), a.powers(), a.floats(0), a.floats(1), a.floats(2), a.shorts(2), a.ints(3)));

  private RangeAttention() {}

  private static void merge(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray results, FloatArray sinks, FloatArray y,
      ShortArray ys, IntArray seen) {
    int b = Mark.begin(c, at, p);
    int heads = p.get(b + 1);
    int valueSize = p.get(b + 2);
    int ranges = p.get(b + 7);
    int positions = p.get(b + 8);
    int row = c.groupIdx;
    float infinite = powers.get(255);
    if (row < p.get(b) * heads) {
      int from = p.get(b + 5) + row / heads * Sequences.SEEN_INTEGERS;
      int first = seen.get(from);
      int last = seen.get(from + 1);
      int to = Rows.at(p, b + 9, row);
      int results0 = p.get(b + 6) + row * ranges * (valueSize + TileAttention.STATE);
      int begin = first / positions;
      int end = first < last ? (last - 1) / positions + 1 : begin;
      end = end > ranges ? ranges : end;
      float largest = -infinite;
      for (int range = begin; range < end; range++) {
        float top = results.get(results0 + range * (valueSize + TileAttention.STATE));
        largest = top > largest ? top : largest;
      }
      float base = AttentionTile.base(largest, infinite);
      float sum = 0;
      for (int range = begin; range < end; range++) {
        int result = results0 + range * (valueSize + TileAttention.STATE);
        sum += TornadoMath.exp(results.get(result) - base) * results.get(result + 1);
      }
      float factor = 0;
      if (first < last) {
        factor = AnyAttention.factor(largest, sum, p.get(b + 4), row % heads, sinks);
      }
      for (int i = c.localIdx; i < valueSize; i += c.localGroupSizeX) {
        float total = 0;
        for (int range = begin; range < end; range++) {
          int result = results0 + range * (valueSize + TileAttention.STATE);
          total += TornadoMath.exp(results.get(result) - base) * results.get(result + TileAttention.STATE + i);
        }
        if (last >= 0) {
          Elements.set(p.get(b + 3), y, ys, powers, to + i, total * factor);
        }
      }
    }
  }
}
