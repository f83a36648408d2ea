package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * Keys and values as attention finds them, in the pages of a cache or in plain tensors: {@value #INTEGERS} integers from {@code p.get(b)} on, distances in elements, of a block type in bytes.
 * {@code type; tokens of a page, or 0 for tensors; positions of a slot; from a page to the next; first key, first value; from a head's keys to the next's, from a head's
 * values to the next's; from a key to the next, from a value to the next}. Inlined into kernels.
 */
public final class Kept {
  /** Integers that describe them. */
  public static final int INTEGERS = 10;

  private static final int BLOCK = 32;
  private static final int BLOCK_BYTES = 34;
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

  /** Element {@code i} of the key or value that begins at {@code at}: types of 8 bits are read out of shorts, which serve all that are not F32. */
  static float get(int type, FloatArray floats, ShortArray shorts, FloatArray powers, int at, int i) {
    float value;
    if (type == Elements.F32) {
      value = floats.get(at + i);
    } else if (type == Elements.F16) {
      value = Elements.half(shorts.get(at + i), powers);
    } else if (type == Elements.BF16) {
      value = Elements.bfloat(shorts.get(at + i), powers);
    } else if (type == Elements.F8_E4M3) {
      value = Elements.e4m3(byteAt(shorts, at + i), powers);
    } else if (type == Elements.F8_E5M2) {
      value = Elements.e5m2(byteAt(shorts, at + i), powers);
    } else {
      int block = at + i / BLOCK * BLOCK_BYTES;
      int code = (byteAt(shorts, block + 2 + i % BLOCK) << 24) >> 24;
      value = Elements.half(shorts.get(block / 2), powers) * code;
    }
    return value;
  }

  /** A byte as an integer whose lower 8 bits it is. */
  private static int byteAt(ShortArray shorts, int i) {
    return shorts.get(i >> 1) >> ((i & 1) << 3);
  }
}
