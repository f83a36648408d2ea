package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.Tensor;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import dev.gatun.tck.lab.Trial;
import dev.gatun.tck.lab.Workbench;
import java.util.Arrays;
import java.util.List;

/** Operators that move elements and change how they are written: any rank, any placement, counts, and rows that do not look at one another. */
abstract class MoveFamily extends OperatorFamily {
  static final List<DType> BLOCKS = Arrays.stream(DType.values()).filter(DType::isBlock).toList();

  /** Types that a weight or a table may have. */
  static final List<DType> WEIGHTS = Arrays.stream(DType.values()).filter(type -> type != DType.I8 && type != DType.I32).toList();

  /** Types of which every model file is made; the others are listed more thinly. */
  static final List<DType> COMMON = List.of(DType.F32, DType.F16, DType.BF16, DType.Q8_0, DType.Q4_0, DType.Q4_K, DType.Q6_K);

  MoveFamily(Signature signature) {
    super(Group.MOVES, signature);
  }

  /** Names that every such operator has: {@code rows} of {@code n}, or a {@code shape} instead. */
  static Signature signature(String operator) {
    return new Signature(operator).with("rows", 1).with("n", 64).with("shape", Values.NONE).with("lies", Placement.PACKED).with("count", Values.NONE);
  }

  /** The sizes of x and y. */
  static long[] shape(Values values) {
    return values.text("shape").equals(Values.NONE) ? new long[] {values.size("rows"), values.size("n")}
        : Arrays.stream(values.list("shape")).mapToLong(size -> size).toArray();
  }

  /** The sizes of x and y where the elements of a block type lie along the last. */
  static long[] blockShape(Values values, DType type) {
    long[] shape = shape(values);
    if (shape[shape.length - 1] % type.blockSize() != 0) {
      throw values.wrong(values.text("shape").equals(Values.NONE) ? "n" : "shape", "whole blocks of " + type.blockSize() + " elements");
    }
    return shape;
  }

  /** The whole blocks of a type in so many elements, at least one: a model's size need not be a multiple of every block. */
  static int wholeBlocks(int elements, DType type) {
    return Math.max(1, elements / type.blockSize()) * type.blockSize();
  }

  /** How many elements of a shape lie within the count. */
  static int within(Values values, long... shape) {
    long rows = values.optional("count").stream().mapToLong(count -> Math.clamp(count, 0, shape[0])).findFirst().orElse(shape[0]);
    return Math.toIntExact(Arrays.stream(shape).skip(1).reduce(rows, Math::multiplyExact));
  }

  /** A poisoned tensor of the case's placement, with its count. */
  static Tensor placed(Values values, Workbench bench, DType type, long... shape) {
    return bench.counted(bench.place(type, values.choice("lies", Placement.class), shape), values.optional("count"));
  }

  /** The middle row of {@code y} does not depend on the other rows of {@code x}. */
  static Trial independentRows(Values values, Workbench bench, Trial trial, Tensor x, Tensor y) {
    int rows = Math.toIntExact(x.size(0));
    if (rows < 2 || x.shape().elements() == 0 || x.shape().rank() < 2 || values.optional("count").isPresent()) {
      return trial;
    }
    int kept = rows / 2;
    int inner = Math.toIntExact(x.shape().elements() / rows);
    Fill others = x.dtype() == DType.MXFP4 ? Fill.OUTLIERS : Fill.NAN;
    return trial.independent(() -> {
      for (int r = 0; r < rows; r++) {
        if (r != kept) {
          bench.fill(x.slice(0, r, r + 1), (r == 0 ? others : Fill.OUTLIERS).values(values.seed("others") + r, inner));
        }
      }
    }, y.slice(0, kept, kept + 1));
  }
}
