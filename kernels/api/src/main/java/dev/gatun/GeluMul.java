package dev.gatun;

import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Gated unit: {@code y = gelu(gate) · up} (Shazeer 2020, GEGLU). In place allowed.
 *
 * @param gate any shape; F32, F16 or BF16, rows contiguous
 * @param up the shape of gate
 * @param form how gelu is computed
 * @param y the result, in the shape of gate
 */
public record GeluMul(Tensor gate, Tensor up, Gelu.Form form, Tensor y) implements Operator {
  /** Checks shapes and dtypes. @throws ShapeException where they do not fit */
  public GeluMul {
    Require require = new Require("gelu_mul");
    require.rows("gate", gate).rows("up", up).rows("y", y).sameShape("y", y, "gate", gate).sameCount(gate, up, y);
    require.sameShape("up", up, "gate", gate);
  }

  @Override
  public String name() {
    return "gelu_mul";
  }

  @Override
  public List<Operand> operands() {
    return List.of(Operand.in("gate", gate), Operand.in("up", up), Operand.out("y", y));
  }

  @Override
  public List<Flag> flags() {
    return List.of(new Flag("form", form));
  }

  @Override
  public List<InPlace> inPlace() {
    return List.of(new InPlace("gate", "y"), new InPlace("up", "y"));
  }

  @Override
  public GeluMul with(UnaryOperator<Tensor> replace) {
    return new GeluMul(replace.apply(gate), replace.apply(up), form, replace.apply(y));
  }
}
