package dev.gatun;

import java.util.List;
import java.util.function.UnaryOperator;

/**
 * The K largest elements of each row, in descending order; the lower index comes first in a tie, and a NaN is larger than any number.
 *
 * @param x {@code [R, N]} with N at least K; F32, F16 or BF16, rows contiguous
 * @param values {@code [R, K]} in F32
 * @param indices {@code [R, K]} in I32
 */
public record TopK(Tensor x, Tensor values, Tensor indices) implements Operator {
  /** Checks shapes and dtypes. @throws ShapeException where they do not fit */
  public TopK {
    Require require = new Require("top_k");
    require.rank("x", x, 2).rows("x", x).type("values", values, DType.F32).rowsContiguous("values", values);
    require.shape("values", values, x.size(0), -1).type("indices", indices, DType.I32).rowsContiguous("indices", indices);
    require.sameShape("indices", indices, "values", values).sameCount(x, values, indices);
    require.that(values.size(1) <= x.size(1), "k = " + values.size(1) + " is more than x " + x + " has");
  }

  @Override
  public String name() {
    return "top_k";
  }

  @Override
  public List<Operand> operands() {
    return List.of(Operand.in("x", x), Operand.out("values", values), Operand.out("indices", indices));
  }

  @Override
  public TopK with(UnaryOperator<Tensor> replace) {
    return new TopK(replace.apply(x), replace.apply(values), replace.apply(indices));
  }
}
