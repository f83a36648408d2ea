package dev.gatun.tck.cases;

import java.util.SplittableRandom;
import java.util.TreeSet;

/** Which rows of a large output the oracle is asked for. */
final class Sampling {
  /** Kernels' tiles end at multiples of these. */
  private static final int[] TILES = {16, 32, 64, 128, 256};

  private Sampling() {}

  /**
   * Every row where {@code n} is at most {@code most}; else the first and the last, those beside the ends of the last whole tiles, and seeded others up to {@code
   * most} or so, ascending.
   */
  static int[] rows(long seed, int n, int most) {
    TreeSet<Integer> rows = new TreeSet<>();
    if (n <= most) {
      for (int i = 0; i < n; i++) {
        rows.add(i);
      }
    } else {
      for (int edge : new int[] {0, 1, n - 2, n - 1}) {
        rows.add(edge);
      }
      for (int tile : TILES) {
        int end = n / tile * tile;
        rows.add(Math.max(0, end - 1));
        rows.add(Math.min(n - 1, end));
      }
      SplittableRandom random = new SplittableRandom(seed);
      while (rows.size() < most) {
        rows.add(random.nextInt(n));
      }
    }
    return rows.stream().mapToInt(Integer::intValue).toArray();
  }
}
