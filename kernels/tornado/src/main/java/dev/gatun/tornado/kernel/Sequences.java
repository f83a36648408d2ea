package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** What the sequences of a step say of each of its tokens, found once for all heads: where it is appended, or which keys it sees. */
public final class Sequences {
  /** Integers that say which keys a token sees: the first position, the position past the last, and where the sequence's keys begin. */
  public static final int SEEN_INTEGERS = 3;

  /**
   * The row of a cache that each token goes to, {@code page · tokens of a page + offset}, or −1. Integers: {@code bound of tokens, index of their count or −1, bound of
   * sequences, index of their count or −1, indices of starts, slots, positions and result; index of the block table, slots, positions of a slot, pages of a slot,
   * tokens of a page}. Operands: starts, slots, positions, count of tokens, count of sequences, block table, result.
   */
  public static final Kernel APPENDED = new Kernel("kv_append_places", (g, id, a) -> g.task(id, Sequences::appended, a.context(), a.at(), a.integers(),
      a.floatingPoint(), a.ints(0), a.ints(1), a.ints(2), a.ints(3), a.ints(4), a.ints(5), a.ints(6)));

  /**
   * The keys that each token sees, as {@link #SEEN_INTEGERS} integers: keys begin at an entry of the block table, or at a row; −1 where there is no such slot. A token
   * past their count has −1 for the position past the last. Integers: the first eight of {@link #APPENDED}; {@code causal, window, paged}; of pages {@code index of the
   * block table, slots, positions of a slot, pages of a slot}, of tensors {@code bound of keys, index of their count or −1, index of the values' count or −1, index of
   * the keys' starts}. Operands: starts, slots, positions, count of tokens, count of sequences, the keys' starts, count of keys, count of values, result.
   */
  public static final Kernel SEEN = new Kernel("attention_places", (g, id, a) -> g.task(id, Sequences::seen, a.context(), a.at(), a.integers(),
      a.floatingPoint(), a.ints(0), a.ints(1), a.ints(2), a.ints(3), a.ints(4), a.ints(5), a.ints(6), a.ints(7), a.ints(8)));

  private static final int OWN = 8;

  private Sequences() {}

  /** The sequence of {@code n} that owns a token, or −1. */
  private static int of(IntArray starts, int from, int n, int token) {
    int owner = -1;
    if (n > 0) {
      int low = 0;
      int high = n - 1;
      while (low < high) {
        int middle = (low + high + 1) / 2;
        if (starts.get(from + middle) <= token) {
          low = middle;
        } else {
          high = middle - 1;
        }
      }
      if (starts.get(from + low) <= token) {
        if (token < starts.get(from + low + 1)) {
          owner = low;
        }
      }
    }
    return owner;
  }

  private static void appended(KernelContext c, IntArray at, IntArray p, FloatArray q, IntArray starts, IntArray slots, IntArray positions, IntArray tokenCount,
      IntArray sequenceCount, IntArray table, IntArray result) {
    int b = Mark.begin(c, at, p);
    int token = c.globalIdx;
    if (token < p.get(b)) {
      int row = -1;
      if (token < Counts.actual(tokenCount, p.get(b + 1), p.get(b))) {
        int sequence = of(starts, p.get(b + 4), Counts.actual(sequenceCount, p.get(b + 3), p.get(b + 2)), token);
        if (sequence >= 0) {
          int slot = slots.get(p.get(b + 5) + sequence);
          int position = positions.get(p.get(b + 6) + token);
          int pageTokens = p.get(b + OWN + 4);
          if (slot >= 0 && slot < p.get(b + OWN + 1)) {
            if (position >= 0 && position < p.get(b + OWN + 2)) {
              int page = table.get(p.get(b + OWN) + slot * p.get(b + OWN + 3) + position / pageTokens);
              if (page >= 0) {
                row = page * pageTokens + position % pageTokens;
              }
            }
          }
        }
      }
      result.set(p.get(b + 7) + token, row);
    }
  }

  private static void seen(KernelContext c, IntArray at, IntArray p, FloatArray q, IntArray starts, IntArray slots, IntArray positions, IntArray tokenCount,
      IntArray sequenceCount, IntArray keyStarts, IntArray keyCount, IntArray valueCount, IntArray result) {
    int b = Mark.begin(c, at, p);
    int token = c.globalIdx;
    if (token < p.get(b)) {
      int first = 0;
      int last = 0;
      int begin = -1;
      int tokens = Counts.actual(tokenCount, p.get(b + 1), p.get(b));
      if (token >= tokens) {
        last = -1;
      } else {
        int sequence = of(starts, p.get(b + 4), Counts.actual(sequenceCount, p.get(b + 3), p.get(b + 2)), token);
        if (sequence >= 0) {
          int position = positions.get(p.get(b + 6) + token);
          int length = 0;
          if (p.get(b + OWN + 2) == 1) {
            int slot = slots.get(p.get(b + 5) + sequence);
            if (slot >= 0 && slot < p.get(b + OWN + 4)) {
              begin = p.get(b + OWN + 3) + slot * p.get(b + OWN + 6);
            }
            int end = starts.get(p.get(b + 4) + sequence + 1);
            int furthest = positions.get(p.get(b + 6) + (end < tokens ? end : tokens) - 1);
            // One past the slot's end at most, where no page is, so that such a token sees that it has none.
            int most = p.get(b + OWN + 5) + 1;
            length = furthest >= most ? most : furthest + 1;
          } else {
            int rows = Counts.actual(keyCount, p.get(b + OWN + 4), p.get(b + OWN + 3));
            rows = Counts.actual(valueCount, p.get(b + OWN + 5), rows);
            int from = p.get(b + OWN + 6) + sequence;
            begin = within(keyStarts.get(from), 0, rows);
            length = within(keyStarts.get(from + 1), begin, rows) - begin;
          }
          int window = p.get(b + OWN + 1);
          last = length;
          if (p.get(b + OWN) == 1 && position < length) {
            last = position + 1;
          }
          if (last < 0) {
            last = 0;
          }
          if (window > 0 && position >= window) {
            first = position - window + 1;
          }
        }
      }
      int to = p.get(b + 7) + token * SEEN_INTEGERS;
      result.set(to, first);
      result.set(to + 1, last);
      result.set(to + 2, begin);
    }
  }

  private static int within(int x, int least, int most) {
    int low = x < least ? least : x;
    return low > most ? most : low;
  }
}
