package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.Matmul;
import dev.gatun.Tensor;
import dev.gatun.tck.lab.Placement;
import dev.gatun.tck.lab.Workbench;
import dev.gatun.tck.oracle.Inputs;
import java.util.Arrays;
import java.util.Optional;

/** What the elements of a weight of 8-bit floats are multiplied by. */
enum Scaling {
  /** Nothing. */
  NONE,
  /** One number. */
  TENSOR,
  /** A number for each row. */
  ROWS,
  /** A number for each block. */
  BLOCKS,
  /** As {@link #ROWS}, over forty powers of two, and of either sign. */
  WIDE_ROWS,
  /** The same for each block, so that few of a row count. */
  WIDE_BLOCKS;

  private static final double USUAL = 0x1p-7;
  private static final int SPREAD = 20;

  /** Whether a weight of this type can have it. */
  boolean fits(DType type) {
    return this == NONE || type == DType.F8_E4M3 || type == DType.F8_E5M2;
  }

  /** The scale of a weight of so many rows and columns. */
  Optional<Tensor> of(Workbench bench, Placement lies, long seed, int rows, int columns) {
    int down = Math.ceilDiv(rows, Matmul.SCALED);
    int along = Math.ceilDiv(columns, Matmul.SCALED);
    return switch (this) {
      case NONE -> Optional.empty();
      case TENSOR -> Optional.of(bench.input(DType.F32, lies, numbers(seed, 1), 1));
      case ROWS, WIDE_ROWS -> Optional.of(bench.input(DType.F32, lies, numbers(seed, rows), rows));
      case BLOCKS, WIDE_BLOCKS -> Optional.of(bench.input(DType.F32, lies, numbers(seed, down * along), down, along));
    };
  }

  private double[] numbers(long seed, int n) {
    return this == WIDE_ROWS || this == WIDE_BLOCKS ? Inputs.wideRange(seed, n, SPREAD)
        : Arrays.stream(Inputs.uniform(seed, n)).map(value -> (float) (USUAL * (1 + value / 2))).toArray();
  }
}
