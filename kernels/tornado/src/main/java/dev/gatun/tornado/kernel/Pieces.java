package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Rows in pieces, each for a work-group. Kernels are given six integers: {@code elements of a row, rows for each index of dimension 0 (0: dimension 0 is the
 * one row's own), bound of dimension 0, index of the count or −1, pieces of a row, elements of a piece}. Inlined into kernels.
 */
public final class Pieces {
  /** Integers that a kernel is given. */
  static final int INTEGERS = 6;

  /** Elements of a piece for each item of its group. */
  private static final int EACH = 16;

  private Pieces() {}

  /** Elements of a piece. */
  public static int elements(int local) {
    return EACH * local;
  }

  /** Pieces of a row of {@code n} elements, at least one. */
  public static long of(long n, int local) {
    return Math.max(1, Math.ceilDiv(n, (long) elements(local)));
  }

  /** Rows that there are. */
  static int rows(IntArray p, int b, IntArray counts) {
    int each = p.get(b + 1);
    int rows = 1;
    if (each > 0) {
      rows = each * Counts.actual(counts, p.get(b + 3), p.get(b + 2));
    }
    return rows;
  }

  /** Elements of a row. */
  static int length(IntArray p, int b, IntArray counts) {
    int n = p.get(b);
    if (p.get(b + 1) == 0) {
      n = Counts.actual(counts, p.get(b + 3), p.get(b + 2));
    }
    return n;
  }

  /** The row of a group. */
  static int row(IntArray p, int b, int group) {
    return group / p.get(b + 4);
  }

  /** The first element of a group's piece. */
  static int first(IntArray p, int b, int group) {
    return group % p.get(b + 4) * p.get(b + 5);
  }

  /** The element past a piece that starts at {@code first}. */
  static int end(IntArray p, int b, int first, IntArray counts) {
    int end = first + p.get(b + 5);
    int n = length(p, b, counts);
    return end < n ? end : n;
  }
}
