package dev.gatun.cpu.matmul;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.gatun.cpu.op.NativeSegments;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Activation rows side by side: groups of {@link #WIDTH} rows, in each of which the elements of one column follow each other, so that a
 * vector holds one element of as many rows. The last groups are narrower: two vectors if more rows are left, then as wide as the rest; of a
 * single row nothing changes.
 */
final class Columns {
  /**
   * Vectors of a whole group: two with AVX2, which has but 16 registers. Powers of two: of other strides, which are no shifts, C2 keeps a
   * segment's checks in the loop.
   */
  static final int VECTORS = Wide.L == 8 ? 2 : 4;
  /** Rows of a group. */
  static final int WIDTH = VECTORS * Wide.L;

  /** Floats turned at a time. */
  static final int PIECE = 1024;

  private Columns() {}

  /** Rows of the group that begins with row {@code first}. */
  static int width(int rows, int first) {
    int left = rows - first;
    return left >= WIDTH ? WIDTH : Math.min(left, 2 * Wide.L);
  }

  /** Vectors that hold a column of a group of {@code width} rows. */
  static int vectors(int width) {
    return Math.ceilDiv(width, Wide.L);
  }

  /** The first row of the group that row {@code m} is in. */
  private static int first(int rows, int m) {
    int first = m - m % WIDTH;
    int width = width(rows, first);
    return m < first + width ? first : first + width;
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
      int first = first(rows, m);
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
   * A copy of {@code count} columns of {@code width} floats in which {@code stride} floats, whole vectors, are from one column to the next;
   * what lies between columns there means nothing.
   */
  static MemorySegment spread(MemorySegment act, long at, int width, int count, Block block, int stride) {
    float[] narrow = block.narrow((count + 1) * stride);
    MemorySegment columns = block.columns(count * stride);
    MemorySegment.copy(act, JAVA_FLOAT_UNALIGNED, at, narrow, 0, count * width);
    spread(narrow, width, count, columns, stride);
    return columns;
  }

  private static void spread(float[] narrow, int width, int count, MemorySegment columns, int stride) {
    NativeSegments.require(columns);
    for (int i = 0; i < count; i++) {
      for (int lane = 0; lane < stride; lane += Wide.L) {
        Wide.floats(narrow, i * width + lane).intoMemorySegment(columns, 4L * (i * stride + lane), Wide.LE);
      }
    }
  }
}
