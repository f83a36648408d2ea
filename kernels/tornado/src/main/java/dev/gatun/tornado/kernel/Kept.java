package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Keys and values as attention finds them, in the pages of a cache or in plain tensors: {@value #INTEGERS} integers from {@code p.get(b)} on, distances in elements.
 * {@code type; tokens of a page, or 0 for tensors; positions of a slot; from a page to the next; first key, first value; from a head's keys to the next's, from a head's
 * values to the next's; from a key to the next, from a value to the next}. Inlined into kernels.
 */
public final class Kept {
  /** Integers that describe them. */
  public static final int INTEGERS = 10;

  private static final int PAGE_TOKENS = 1;
  private static final int SLOT_TOKENS = 2;
  private static final int PAGE = 3;

  /** Where the first key and its distances are; those of values follow each by one. */
  private static final int FIRST = 4;

  private static final int HEAD = 6;
  private static final int ROW = 8;

  private Kept() {}

  /**
   * The row of position {@code j} of a sequence whose keys begin at {@code begin}: a row of the tensors, or {@code page · tokens of a page + offset}; −1 where it has no
   * page.
   */
  static int row(IntArray p, int b, IntArray table, int begin, int j) {
    int pageTokens = p.get(b + PAGE_TOKENS);
    int row = -1;
    if (pageTokens == 0) {
      row = begin + j;
    } else if (begin >= 0 && j < p.get(b + SLOT_TOKENS)) {
      int page = table.get(begin + j / pageTokens);
      if (page >= 0) {
        row = page * pageTokens + j % pageTokens;
      }
    }
    return row;
  }

  /** The first element of a head's key of a row; with {@code value} 1, of its value. */
  static int at(IntArray p, int b, int value, int row, int head) {
    int pageTokens = p.get(b + PAGE_TOKENS);
    int at = p.get(b + FIRST + value) + head * p.get(b + HEAD + value);
    int in = row;
    if (pageTokens > 0) {
      at += row / pageTokens * p.get(b + PAGE);
      in = row % pageTokens;
    }
    return at + in * p.get(b + ROW + value);
  }
}
