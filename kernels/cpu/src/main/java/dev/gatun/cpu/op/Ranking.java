package dev.gatun.cpu.op;

import static dev.gatun.cpu.op.View.FLOAT;
import static dev.gatun.cpu.op.View.INT;

import java.lang.foreign.MemorySegment;

/** The order that top_k and sample share: larger first, NaN before any number, zeros alike, the lower index first in a tie. */
final class Ranking {
  private Ranking() {}

  /** An integer that is the larger the earlier a value comes. */
  static int key(float value) {
    if (Float.isNaN(value)) {
      return Integer.MAX_VALUE;
    }
    // Adding zero makes one zero of the two.
    int bits = Float.floatToRawIntBits(value + 0f);
    return bits ^ (bits >> 31 & Integer.MAX_VALUE);
  }

  static boolean before(float a, int i, float b, int j) {
    int x = key(a);
    int y = key(b);
    return x > y || x == y && i < j;
  }

  /** Pairs of a value and its index in two arrays in memory, the last of the order on top: a heap while it is filled, then sorted. */
  record Heap(MemorySegment values, MemorySegment indices) {
    void put(long vo, long io, int at, float value, int index) {
      values.set(FLOAT, vo + 4L * at, value);
      indices.set(INT, io + 4L * at, index);
    }

    private float value(long vo, int at) {
      return values.get(FLOAT, vo + 4L * at);
    }

    private int index(long io, int at) {
      return indices.get(INT, io + 4L * at);
    }

    /** Makes a heap of the first {@code n} pairs. */
    void build(long vo, long io, int n) {
      for (int at = n / 2 - 1; at >= 0; at--) {
        sink(vo, io, at, n, value(vo, at), index(io, at));
      }
    }

    /** Puts a pair in the place of the top where it comes before it. */
    void offer(long vo, long io, int n, float value, int index) {
      if (before(value, index, value(vo, 0), index(io, 0))) {
        sink(vo, io, 0, n, value, index);
      }
    }

    /** Leaves the pairs of a heap in order, the first of it first. */
    void sort(long vo, long io, int n) {
      for (int end = n - 1; end > 0; end--) {
        float value = value(vo, end);
        int index = index(io, end);
        put(vo, io, end, value(vo, 0), index(io, 0));
        sink(vo, io, 0, end, value, index);
      }
    }

    private void sink(long vo, long io, int hole, int n, float value, int index) {
      int at = hole;
      while (2 * at + 1 < n) {
        int child = 2 * at + 1;
        if (child + 1 < n && before(value(vo, child), index(io, child), value(vo, child + 1), index(io, child + 1))) {
          child++;
        }
        if (!before(value, index, value(vo, child), index(io, child))) {
          break;
        }
        put(vo, io, at, value(vo, child), index(io, child));
        at = child;
      }
      put(vo, io, at, value, index);
    }
  }
}
