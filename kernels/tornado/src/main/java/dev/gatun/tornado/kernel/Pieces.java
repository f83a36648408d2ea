package dev.gatun.tornado.kernel;

/** Rows in pieces, each for a work-group. */
public final class Pieces {
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

  /** Where a piece ends. Inlined into kernels. */
  static int end(int first, int elements, int n) {
    int end = first + elements;
    return end < n ? end : n;
  }
}
