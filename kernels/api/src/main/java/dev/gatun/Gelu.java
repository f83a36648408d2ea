package dev.gatun;

import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Gaussian error linear unit: {@code y = x · Φ(x)}, with Φ in one of two {@link Form forms} (Hendrycks and Gimpel 2016). In place allowed.
 *
 * @param x any shape; F32, F16 or BF16, rows contiguous
 * @param form how Φ is computed
 * @param y the result, in the shape of x
 */
public record Gelu(Tensor x, Form form, Tensor y) implements Operator {
  /** How the normal distribution function Φ is computed. */
  public enum Form {
    /** {@code Φ(x) = (1 + erf(x/√2)) / 2}. */
    ERF,
    /** {@code Φ(x) ≈ (1 + tanh(√(2/π) · (x + 0.044715·x³))) / 2}. */
    TANH
  }

  /** Checks shapes and dtypes. @throws ShapeException where they do not fit */
  public Gelu {
    Require require = new Require("gelu");
    require.rows("x", x).rows("y", y).sameShape("y", y, "x", x).sameCount(x, y);
  }

  @Override
  public String name() {
    return "gelu";
  }

  @Override
  public List<Operand> operands() {
    return List.of(Operand.in("x", x), Operand.out("y", y));
  }

  @Override
  public List<Flag> flags() {
    return List.of(new Flag("form", form));
  }

  @Override
  public List<InPlace> inPlace() {
    return List.of(new InPlace("x", "y"));
  }

  @Override
  public Gelu with(UnaryOperator<Tensor> replace) {
    return new Gelu(replace.apply(x), form, replace.apply(y));
  }
}
