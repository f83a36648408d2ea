package dev.gatun.tck.example;

/**
 * Which of two elements of a row of logits comes first: NaN before every number, then the larger, then the lower index.
 *
 * @param x the logits
 * @param highFirst whether the higher index comes first in a tie, which is wrong
 */
record Order(Values x, boolean highFirst) {
  boolean before(long row, int a, int b) {
    float left = x.get(row + a);
    float right = x.get(row + b);
    if (Float.isNaN(left) != Float.isNaN(right)) {
      return Float.isNaN(left);
    }
    if (left > right || left < right) {
      return left > right;
    }
    return highFirst ? a > b : a < b;
  }

  /** Leaves the indices of {@code n} elements in {@code ids}, the first first: a heap sort. */
  void sort(long row, int n, Values ids) {
    for (int i = 0; i < n; i++) {
      ids.setInteger(i, i);
    }
    for (int i = n / 2 - 1; i >= 0; i--) {
      sink(row, ids, i, n);
    }
    for (int end = n - 1; end > 0; end--) {
      swap(ids, 0, end);
      sink(row, ids, 0, end);
    }
  }

  /** Moves an entry down until none below it comes later. */
  private void sink(long row, Values ids, int from, int n) {
    int i = from;
    while (2 * i + 1 < n) {
      int child = 2 * i + 1;
      if (child + 1 < n && before(row, ids.integer(child), ids.integer(child + 1))) {
        child++;
      }
      if (!before(row, ids.integer(i), ids.integer(child))) {
        return;
      }
      swap(ids, i, child);
      i = child;
    }
  }

  private static void swap(Values ids, int a, int b) {
    int kept = ids.integer(a);
    ids.setInteger(a, ids.integer(b));
    ids.setInteger(b, kept);
  }
}
