package dev.gatun.conformance;

import dev.gatun.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** One size, type and placement of an operator over rows; {@code count} is the actual number of rows, where it varies. */
record RowCase(int rows, int n, DType in, DType out, Placement placement, Optional<Integer> count) {
  private static final List<DType> FLOATS = List.of(DType.F32, DType.F16, DType.BF16);

  /** The rows there are: the count within 0 and the bound. */
  int actual() {
    return count.map(c -> Math.clamp(c, 0, rows)).orElse(rows);
  }

  /** Sizes round every vector width, no and single rows, all types, all placements, counts in and out of their range. */
  static List<RowCase> covering() {
    List<RowCase> cases = new ArrayList<>();
    for (int n : new int[] {1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 97, 130, 257, 1031}) {
      cases.add(new RowCase(3, n, DType.F32, DType.F32, Placement.PACKED, Optional.empty()));
    }
    for (int rows : new int[] {0, 1, 2, 13}) {
      cases.add(new RowCase(rows, 40, DType.F32, DType.F32, Placement.STRIDED, Optional.empty()));
    }
    for (DType in : FLOATS) {
      for (DType out : FLOATS) {
        cases.add(new RowCase(3, 37, in, out, Placement.values()[(in.ordinal() + out.ordinal()) % 3], Optional.empty()));
      }
    }
    for (Placement placement : Placement.values()) {
      cases.add(new RowCase(4, 45, DType.F32, DType.F32, placement, Optional.empty()));
      cases.add(new RowCase(4, 45, DType.F16, DType.F16, placement, Optional.empty()));
    }
    for (int count : new int[] {0, 1, 2, 9, -4}) {
      cases.add(new RowCase(3, 24, DType.F32, DType.F32, Placement.STRIDED, Optional.of(count)));
    }
    return cases;
  }

  /** As {@link #covering()}, where only F32 is taken. */
  static List<RowCase> coveringF32() {
    return covering().stream().filter(c -> c.in == DType.F32 && c.out == DType.F32).toList();
  }
}
