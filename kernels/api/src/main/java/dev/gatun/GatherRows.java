package dev.gatun;

import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Picks rows: {@code y[r] = x[rows[r]]}. An index outside {@code [0, T)} gives a row of NaN. The number of picked rows may vary; that of x may vary too,
 * with another count, which an index is not checked against.
 *
 * @param x {@code [T, N]}; F32, F16 or BF16, rows contiguous
 * @param rows {@code [R]} in I32
 * @param y {@code [R, N]} in the dtype of x; never in place
 */
public record GatherRows(Tensor x, Tensor rows, Tensor y) implements Operator {
  /** Checks shapes and dtypes. @throws ShapeException where they do not fit */
  public GatherRows {
    Require require = new Require("gather_rows");
    require.rank("x", x, 2).rows("x", x).rank("rows", rows, 1).type("rows", rows, DType.I32).rowsContiguous("rows", rows);
    require.type("y", y, x.dtype()).rowsContiguous("y", y).shape("y", y, rows.size(0), x.size(1)).sameCount(rows, y);
  }

  @Override
  public String name() {
    return "gather_rows";
  }

  @Override
  public List<Operand> operands() {
    return List.of(Operand.in("x", x), Operand.in("rows", rows), Operand.out("y", y));
  }

  @Override
  public GatherRows with(UnaryOperator<Tensor> replace) {
    return new GatherRows(replace.apply(x), replace.apply(rows), replace.apply(y));
  }
}
