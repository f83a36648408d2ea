package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Sizes that only the device knows. Inlined into kernels. */
final class Counts {
  private Counts() {}

  /** The actual size: {@code bound} where {@code index} is negative, else the number there, from 0 to the bound. */
  static int actual(IntArray counts, int index, int bound) {
    int n = bound;
    if (index >= 0) {
      int told = counts.get(index);
      if (told < n) {
        n = told;
      }
      if (n < 0) {
        n = 0;
      }
    }
    return n;
  }
}
