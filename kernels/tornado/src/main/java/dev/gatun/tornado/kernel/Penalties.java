package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Penalize: the logits are copied where they are not penalized in place, then an item for each entry of a history lowers its id's logit, if no earlier entry has that id. */
public final class Penalties {
  /** {@code n (elements of a row), bound of rows, index of the count or −1, first element and stride of x, the same of y}. Operands: x, count, y. */
  public static final Kernel COPY = new Kernel("penalize_copy", (g, id, a) -> g.task(id, Penalties::copyLogits, a.context(), a.at(), a.integers(),
      a.floatingPoint(), a.floats(0), a.ints(1), a.floats(2)));

  /**
   * {@code n (elements of a row), entries of a history, bound of rows, index of the count or −1, first element and stride of the histories, index of the lengths,
   * first element and stride of the penalties, first element and stride of y}. Operands: history, lengths, penalties, count, y.
   */
  public static final Kernel LOWER = new Kernel("penalize", (g, id, a) -> g.task(id, Penalties::lowerLogits, a.context(), a.at(), a.integers(), a.floatingPoint(),
      a.ints(0), a.ints(1), a.floats(2), a.ints(3), a.floats(4)));

  private Penalties() {}

  private static void copyLogits(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray x, IntArray counts, FloatArray y) {
    int b = Mark.begin(c, at, p);
    int n = p.get(b);
    int i = c.globalIdx;
    if (i < n * Counts.actual(counts, p.get(b + 2), p.get(b + 1))) {
      int row = i / n;
      int column = i - row * n;
      y.set(p.get(b + 5) + row * p.get(b + 6) + column, x.get(p.get(b + 3) + row * p.get(b + 4) + column));
    }
  }

  private static void lowerLogits(KernelContext c, IntArray at, IntArray p, FloatArray q, IntArray history, IntArray lengths, FloatArray penalties, IntArray counts,
      FloatArray y) {
    int b = Mark.begin(c, at, p);
    int n = p.get(b);
    int entries = p.get(b + 1);
    int i = c.globalIdx;
    if (i < entries * Counts.actual(counts, p.get(b + 3), p.get(b + 2))) {
      int row = i / entries;
      int entry = i - row * entries;
      int from = p.get(b + 4) + row * p.get(b + 5);
      int length = lengths.get(p.get(b + 6) + row);
      if (length > entries) {
        length = entries;
      }
      if (entry < length) {
        int id = history.get(from + entry);
        if (id >= 0) {
          if (id < n) {
            int all = 0;
            int earlier = 0;
            for (int j = 0; j < length; j++) {
              if (history.get(from + j) == id) {
                all += 1;
                if (j < entry) {
                  earlier += 1;
                }
              }
            }
            if (earlier == 0) {
              int numbers = p.get(b + 7) + row * p.get(b + 8);
              int logit = p.get(b + 9) + row * p.get(b + 10) + id;
              float value = y.get(logit);
              float repetition = penalties.get(numbers);
              float scaled = value * repetition;
              if (value > 0) {
                scaled = value / repetition;
              }
              y.set(logit, scaled - all * penalties.get(numbers + 1) - penalties.get(numbers + 2));
            }
          }
        }
      }
    }
  }
}
