package dev.gatun;

import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Softmax over the last dimension: {@code y[.., i] = exp(scale · x[.., i] − m) / Σ_j exp(scale · x[.., j] − m)} with m the largest scaled element. A row
 * of −∞ gives NaN. Exponentials may be off by 2^-11 of themselves. In place allowed.
 *
 * @param x {@code [.., N]}; F32, F16 or BF16, rows contiguous
 * @param scale finite
 * @param y the result, in the shape of x
 */
public record Softmax(Tensor x, float scale, Tensor y) implements Operator {
  /** Checks shapes and dtypes. @throws ShapeException where they do not fit */
  public Softmax {
    Require require = new Require("softmax");
    require.rows("x", x).rows("y", y).sameShape("y", y, "x", x).sameCount(x, y);
    require.finite("scale", scale);
  }

  @Override
  public String name() {
    return "softmax";
  }

  @Override
  public List<Operand> operands() {
    return List.of(Operand.in("x", x), Operand.out("y", y));
  }

  @Override
  public List<Flag> flags() {
    return List.of(new Flag("scale", scale));
  }

  @Override
  public List<InPlace> inPlace() {
    return List.of(new InPlace("x", "y"));
  }

  @Override
  public Softmax with(UnaryOperator<Tensor> replace) {
    return new Softmax(replace.apply(x), scale, replace.apply(y));
  }
}
