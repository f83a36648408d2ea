package dev.gatun;

import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Expands rows of a block type by the formula that its {@link DType} documents.
 *
 * @param x {@code [.., N]}; a block type, rows contiguous
 * @param y the shape of x; F32, F16 or BF16, rows contiguous; never in place
 */
public record Dequantize(Tensor x, Tensor y) implements Operator {
  /** Checks shapes and dtypes. @throws ShapeException where they do not fit */
  public Dequantize {
    Require require = new Require("dequantize");
    require.sameShape("y", y, "x", x).plain("x", x).plain("y", y).sameCount(x, y);
    require.that(x.dtype().isBlock(), "x must be a block type, not " + x);
    require.rows("y", y);
  }

  @Override
  public String name() {
    return "dequantize";
  }

  @Override
  public List<Operand> operands() {
    return List.of(Operand.in("x", x), Operand.out("y", y));
  }

  @Override
  public Dequantize with(UnaryOperator<Tensor> replace) {
    return new Dequantize(replace.apply(x), replace.apply(y));
  }
}
