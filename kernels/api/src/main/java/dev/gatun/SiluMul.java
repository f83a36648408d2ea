package dev.gatun;

import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Gated unit: {@code y = silu(gate) · up} with {@code silu(g) = g / (1 + exp(−g))} (Shazeer 2020, SwiGLU). In place allowed.
 *
 * @param gate any shape; F32, F16 or BF16, rows contiguous
 * @param up the shape of gate
 * @param y the result, in the shape of gate
 */
public record SiluMul(Tensor gate, Tensor up, Tensor y) implements Operator {
  /** Checks shapes and dtypes. @throws ShapeException where they do not fit */
  public SiluMul {
    Require require = new Require("silu_mul");
    require.rows("gate", gate).rows("up", up).rows("y", y).sameShape("y", y, "gate", gate).sameCount(gate, up, y);
    require.sameShape("up", up, "gate", gate);
  }

  @Override
  public String name() {
    return "silu_mul";
  }

  @Override
  public List<Operand> operands() {
    return List.of(Operand.in("gate", gate), Operand.in("up", up), Operand.out("y", y));
  }

  @Override
  public List<InPlace> inPlace() {
    return List.of(new InPlace("gate", "y"), new InPlace("up", "y"));
  }

  @Override
  public SiluMul with(UnaryOperator<Tensor> replace) {
    return new SiluMul(replace.apply(gate), replace.apply(up), replace.apply(y));
  }
}
