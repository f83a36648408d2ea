package dev.gatun.cuda.op;

import dev.gatun.Copy;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A copy's dimensions as its kernels walk them, four of them: in the order in which y lies in memory, and those that follow each other
 * without a gap on both sides taken for one. A dimension that varies stays the first and is never part of another. Strides count elements.
 */
record CopyShape(int[] sizes, long[] xStrides, long[] yStrides) {
  private static final int RANK = 4;
  private static final long MOST = Integer.MAX_VALUE - 1024;

  private record Dimension(long size, long x, long y) {
    /** Whether {@code next}, the finer one, begins anew just where this takes a step. */
    boolean continues(Dimension next) {
      return x == next.size * next.x && y == next.size * next.y && size * next.size <= MOST;
    }
  }

  /** The shape of {@code copy}, which has no dimension and no number of rows past an int. */
  static CopyShape of(Copy copy) {
    boolean varies = copy.x().count().isPresent() || copy.y().count().isPresent();
    int rank = copy.y().shape().rank();
    List<Dimension> all = new ArrayList<>();
    for (int i = 0; i < rank; i++) {
      all.add(new Dimension(copy.y().size(i), copy.x().stride(i), copy.y().stride(i)));
    }
    List<Dimension> varying = varies ? List.of(all.getFirst()) : List.of();
    List<Dimension> fixed = all.subList(varying.size(), rank);
    List<Dimension> ordered = new ArrayList<>(fixed);
    ordered.sort(Comparator.comparingLong(Dimension::y).reversed());
    // A long dimension that comes to the front may make more rows than an int counts.
    return of(varying, merged(rows(varying, ordered) > MOST ? fixed : ordered));
  }

  private static double rows(List<Dimension> varying, List<Dimension> fixed) {
    double rows = 1;
    for (Dimension d : varying) {
      rows *= d.size;
    }
    for (int i = 0; i + 1 < fixed.size(); i++) {
      rows *= fixed.get(i).size;
    }
    return rows;
  }

  private static List<Dimension> merged(List<Dimension> dimensions) {
    List<Dimension> merged = new ArrayList<>();
    for (Dimension d : dimensions) {
      if (d.size == 1) {
        continue;
      }
      if (!merged.isEmpty() && merged.getLast().continues(d)) {
        merged.add(new Dimension(merged.removeLast().size * d.size, d.x, d.y));
      } else {
        merged.add(d);
      }
    }
    return merged;
  }

  private static CopyShape of(List<Dimension> varying, List<Dimension> merged) {
    List<Dimension> rows = new ArrayList<>(varying);
    rows.addAll(merged.subList(0, Math.max(0, merged.size() - 1)));
    CopyShape shape = new CopyShape(new int[] {1, 1, 1, 1}, new long[RANK], new long[RANK]);
    for (int i = 0; i < rows.size(); i++) {
      shape.set(i, rows.get(i));
    }
    shape.set(RANK - 1, merged.isEmpty() ? new Dimension(1, 1, 1) : merged.getLast());
    return shape;
  }

  private void set(int i, Dimension d) {
    sizes[i] = Math.toIntExact(d.size);
    xStrides[i] = d.x;
    yStrides[i] = d.y;
  }

  /** How many rows there are at most. */
  long rows() {
    return (long) sizes[0] * sizes[1] * sizes[2];
  }

  /** The elements of a row. */
  int width() {
    return sizes[RANK - 1];
  }

  /** Whether a row's elements follow each other on both sides. */
  boolean gapless() {
    return width() == 1 || xStrides[RANK - 1] == 1 && yStrides[RANK - 1] == 1;
  }

  @Override
  public String toString() {
    return rows() + " rows of " + width();
  }
}
