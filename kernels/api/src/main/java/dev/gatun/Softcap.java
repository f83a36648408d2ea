package dev.gatun;

import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Soft cap: {@code y = cap · tanh(x / cap)} (Gemma 2). In place allowed.
 *
 * @param x any shape; F32, F16 or BF16, rows contiguous
 * @param cap finite, positive
 * @param y the result, in the shape of x
 */
public record Softcap(Tensor x, float cap, Tensor y) implements Operator {
  /** Checks shapes and dtypes. @throws ShapeException where they do not fit */
  public Softcap {
    Require require = new Require("softcap");
    require.rows("x", x).rows("y", y).sameShape("y", y, "x", x).sameCount(x, y);
    require.that(cap > 0 && Float.isFinite(cap), "cap must be finite and positive, not " + cap);
  }

  @Override
  public String name() {
    return "softcap";
  }

  @Override
  public List<Operand> operands() {
    return List.of(Operand.in("x", x), Operand.out("y", y));
  }

  @Override
  public List<Flag> flags() {
    return List.of(new Flag("cap", cap));
  }

  @Override
  public List<InPlace> inPlace() {
    return List.of(new InPlace("x", "y"));
  }

  @Override
  public Softcap with(UnaryOperator<Tensor> replace) {
    return new Softcap(replace.apply(x), cap, replace.apply(y));
  }
}
