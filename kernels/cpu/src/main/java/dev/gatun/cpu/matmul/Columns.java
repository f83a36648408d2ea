package dev.gatun.cpu.matmul;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Activation rows side by side: groups of {@link #WIDTH} rows, in each of which the elements of one column follow each other, so that a
 * vector holds one element of as many rows. The last group is as wide as rows are left; of a single row nothing changes.
 */
final class Columns {
  /** Rows of a group: two vectors. */
  static final int WIDTH = 2 * Wide.L;

  /** Floats turned at a time. */
  static final int PIECE = 1024;

  private Columns() {}

  /** Rows of the group that begins with row {@code first}. */
  static int width(int rows, int first) {
    return Math.min(WIDTH, rows - first);
  }

  /**
   * Writes rows [m0, m1) of x.
   *
   * @param order where element i of a row goes, for i below its length, a power of two that divides k, and so on for what follows; empty
   *     where elements stay
   */
  static void write(MemorySegment x, long xOffset, long xRowBytes, int rows, int k, MemorySegment act, long actOffset, int m0, int m1,
      int[] order) {
    float[] piece = Panel.ofThread().piece;
    int some;
    for (int m = m0; m < m1; m += some) {
      int first = m / WIDTH * WIDTH;
      long step = 4L * width(rows, first);
      long to = actOffset + 4L * k * first + 4L * (m - first);
      some = m % Wide.L == 0 && m + Wide.L <= m1 ? Wide.L : 1;
      int columns = some == 1 ? PIECE : PIECE / Wide.L;
      for (int from = 0; from < k; from += columns) {
        int count = Math.min(columns, k - from);
        long at = xOffset + m * xRowBytes + 4L * from;
        if (some == 1) {
          MemorySegment.copy(x, JAVA_FLOAT_UNALIGNED, at, piece, 0, count);
          scatter(piece, count, act, to, step, order, from);
        } else {
          for (int r = 0; r < some; r++) {
            MemorySegment.copy(x, JAVA_FLOAT_UNALIGNED, at + r * xRowBytes, piece, r * columns, count);
          }
          turn(piece, count, act, to, step, order, from);
        }
      }
    }
  }

  private static void scatter(float[] piece, int count, MemorySegment act, long to, long step, int[] order, int from) {
    for (int i = 0; i < count; i++) {
      act.set(JAVA_FLOAT_UNALIGNED, to + place(order, from + i) * step, piece[i]);
    }
  }

  /** Columns of as many rows as a vector has lanes. */
  private static void turn(float[] piece, int count, MemorySegment act, long to, long step, int[] order, int from) {
    float[] turned = Panel.ofThread().turned;
    for (int i = 0; i < count; i++) {
      for (int r = 0; r < Wide.L; r++) {
        turned[i * Wide.L + r] = piece[r * (PIECE / Wide.L) + i];
      }
    }
    for (int i = 0; i < count; i++) {
      FloatVector.fromArray(Wide.F, turned, i * Wide.L).intoMemorySegment(act, to + place(order, from + i) * step, Wide.LE);
    }
  }

  private static long place(int[] order, int i) {
    return order.length == 0 ? i : i & -order.length | order[i & order.length - 1];
  }

  /** Where column {@code from} of the group that begins with row {@code first} is. */
  static long at(long actOffset, int rows, int k, int first, int from) {
    return actOffset + 4L * (k * (long) first + from * (long) width(rows, first));
  }

  /**
   * Copies {@code count} columns of {@code width} floats to where {@code stride} floats, whole vectors, are from one column to the next; what
   * lies between columns there means nothing.
   */
  static void spread(MemorySegment act, long at, int width, int count, Block block, int stride) {
    MemorySegment.copy(act, JAVA_FLOAT_UNALIGNED, at, block.narrow, 0, count * width);
    for (int i = 0; i < count; i++) {
      for (int lane = 0; lane < stride; lane += Wide.L) {
        Wide.floats(block.narrow, i * width + lane).intoMemorySegment(block.columns, 4L * (i * stride + lane), Wide.LE);
      }
    }
  }
}
