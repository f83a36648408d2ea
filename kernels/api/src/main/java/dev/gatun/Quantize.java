package dev.gatun;

import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Rounds rows to a block type. Q8_0: {@code d = max|x|/127}, {@code q = round(x/d)}; Q4_0: {@code d = m/−8} with m the element of largest magnitude,
 * {@code q = clamp(floor(x/d + 8.5), 0, 15)}; the reference rounding of ggml ({@code quantize_row_q8_0_ref}, {@code quantize_row_q4_0_ref} in {@code ggml-quants.c}), in float32,
 * where {@code round} takes halves away from zero and {@code d} is used before it is rounded to F16. Q4_1, Q5_0 and Q5_1 round like Q4_0; the others search for
 * the nearest blocks. A block with a NaN or an infinity gets {@code d = NaN}.
 *
 * @param x {@code [.., N]} in F32, rows contiguous, N a multiple of the block size
 * @param y the shape of x; a block type; never in place
 */
public record Quantize(Tensor x, Tensor y) implements Operator {
  /** Checks shapes and dtypes. @throws ShapeException where they do not fit */
  public Quantize {
    Require require = new Require("quantize");
    require.sameShape("y", y, "x", x).plain("x", x).plain("y", y).sameCount(x, y);
    require.type("x", x, DType.F32).rowsContiguous("x", x);
    require.that(y.dtype().isBlock(), "y must be a block type, not " + y);
  }

  @Override
  public String name() {
    return "quantize";
  }

  @Override
  public List<Operand> operands() {
    return List.of(Operand.in("x", x), Operand.out("y", y));
  }

  @Override
  public Quantize with(UnaryOperator<Tensor> replace) {
    return new Quantize(replace.apply(x), replace.apply(y));
  }
}
