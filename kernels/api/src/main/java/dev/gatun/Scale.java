package dev.gatun;

import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Multiplication by a constant: {@code y = factor · x}. In place allowed.
 *
 * @param x any shape; F32, F16 or BF16, rows contiguous
 * @param factor finite
 * @param y the result, in the shape of x
 */
public record Scale(Tensor x, float factor, Tensor y) implements Operator {
  /** Checks shapes and dtypes. @throws ShapeException where they do not fit */
  public Scale {
    Require require = new Require("scale");
    require.rows("x", x).rows("y", y).sameShape("y", y, "x", x).sameCount(x, y);
    require.finite("factor", factor);
  }

  @Override
  public String name() {
    return "scale";
  }

  @Override
  public List<Operand> operands() {
    return List.of(Operand.in("x", x), Operand.out("y", y));
  }

  @Override
  public List<Flag> flags() {
    return List.of(new Flag("factor", factor));
  }

  @Override
  public List<InPlace> inPlace() {
    return List.of(new InPlace("x", "y"));
  }

  @Override
  public Scale with(UnaryOperator<Tensor> replace) {
    return new Scale(replace.apply(x), factor, replace.apply(y));
  }
}
