package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Rows of a strided tensor of up to four dimensions, which kernels are given as six integers. Inlined into kernels. */
final class Rows {
  /** Integers that {@link #at} reads. */
  static final int INTEGERS = 6;

  private Rows() {}

  /**
   * The first element of row {@code r}, rows counted along all dimensions but the last. From {@code p.get(b)} on lie: the first element's index, the sizes of
   * dimensions 1 and 2 (1 where there are none), and the strides of dimensions 0, 1 and 2.
   */
  static int at(IntArray p, int b, int r) {
    int n1 = p.get(b + 1);
    int n2 = p.get(b + 2);
    int i2 = r % n2;
    int rest = r / n2;
    int i1 = rest % n1;
    int i0 = rest / n1;
    return p.get(b) + i0 * p.get(b + 3) + i1 * p.get(b + 4) + i2 * p.get(b + 5);
  }
}
