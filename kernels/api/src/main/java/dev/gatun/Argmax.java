package dev.gatun;

import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Index of the largest element of each row: {@code y[r] = argmax_i x[r, i]}. The lowest index wins a tie; a NaN is larger than any number, so that the
 * first NaN of a row is its answer.
 *
 * @param x {@code [R, N]} with N at least 1; F32, F16 or BF16, rows contiguous
 * @param y {@code [R]} in I32
 */
public record Argmax(Tensor x, Tensor y) implements Operator {
  /** Checks shapes and dtypes. @throws ShapeException where they do not fit */
  public Argmax {
    Require require = new Require("argmax");
    require.rank("x", x, 2).rows("x", x).type("y", y, DType.I32).shape("y", y, x.size(0)).rowsContiguous("y", y).sameCount(x, y);
    require.that(x.size(1) > 0, "x " + x + " has no elements to choose from");
  }

  @Override
  public String name() {
    return "argmax";
  }

  @Override
  public List<Operand> operands() {
    return List.of(Operand.in("x", x), Operand.out("y", y));
  }

  @Override
  public Argmax with(UnaryOperator<Tensor> replace) {
    return new Argmax(replace.apply(x), replace.apply(y));
  }
}
