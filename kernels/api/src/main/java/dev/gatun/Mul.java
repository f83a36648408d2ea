package dev.gatun;

import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Product, element by element: {@code y = a · b}, with b repeated over the rows where it is one row. In place allowed over a, and over b where it has
 * the shape of a.
 *
 * @param a any shape {@code [.., N]}; F32, F16 or BF16, rows contiguous
 * @param b the shape of a, or {@code [N]}
 * @param y the result, in the shape of a
 */
public record Mul(Tensor a, Tensor b, Tensor y) implements Operator {
  /** Checks shapes and dtypes. @throws ShapeException where they do not fit */
  public Mul {
    Require require = new Require("mul");
    require.rows("a", a).rows("b", b).rows("y", y).sameShape("y", y, "a", a).sameCount(a, b, y);
    require.that(b.shape().equals(a.shape()) || b.shape().equals(Shape.of(a.size(-1))),
        "b " + b + " must have the shape of a " + a + " or be one row of it");
  }

  @Override
  public String name() {
    return "mul";
  }

  @Override
  public List<Operand> operands() {
    return List.of(Operand.in("a", a), Operand.in("b", b), Operand.out("y", y));
  }

  @Override
  public List<InPlace> inPlace() {
    return List.of(new InPlace("a", "y"), new InPlace("b", "y"));
  }

  @Override
  public Mul with(UnaryOperator<Tensor> replace) {
    return new Mul(replace.apply(a), replace.apply(b), replace.apply(y));
  }
}
