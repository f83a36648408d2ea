package dev.gatun.tck.cases;

import java.util.SplittableRandom;

/** Which rows of a table are asked for. */
enum Picks {
  /** Rows of the table: the last, the first, then any, the third one again. */
  INSIDE,
  /** The same row again and again. */
  SAME,
  /** Rows of the table among indices before it and past it, near and far. */
  OUTSIDE;

  /** {@code n} indices into a table of {@code rows}. */
  int[] of(long seed, int n, int rows) {
    SplittableRandom random = new SplittableRandom(seed);
    int[] outside = {-1, rows, Integer.MAX_VALUE, Integer.MIN_VALUE, rows + 1, -rows};
    int[] picks = new int[n];
    for (int i = 0; i < n; i++) {
      picks[i] = switch (this) {
        case INSIDE -> i == 0 ? rows - 1 : i == 1 ? 0 : i == 3 ? picks[2] : random.nextInt(rows);
        case SAME -> rows / 2;
        case OUTSIDE -> i % 3 == 1 ? random.nextInt(rows) : outside[(i - i / 3) % outside.length];
      };
    }
    return picks;
  }
}
