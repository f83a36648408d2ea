package dev.gatun;

import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Copies with a cast: {@code y = x}. Floats round to nearest even; F8_E4M3 saturates at ±448 and keeps NaN; integers convert only to the same type.
 * Strides are free on both sides.
 *
 * @param x any shape; F32, F16, BF16, F8_E4M3, F8_E5M2, I8 or I32
 * @param y the shape of x; a float type from a float type, else the dtype of x; never in place
 */
public record Copy(Tensor x, Tensor y) implements Operator {
  /** Checks shapes and dtypes. @throws ShapeException where they do not fit */
  public Copy {
    Require require = new Require("copy");
    require.sameShape("y", y, "x", x).plain("x", x).plain("y", y).sameCount(x, y);
    require.that(!x.dtype().isBlock() && !y.dtype().isBlock(), "block types are converted by quantize and dequantize: x " + x + ", y " + y);
    boolean integers = x.dtype() == DType.I8 || x.dtype() == DType.I32 || y.dtype() == DType.I8 || y.dtype() == DType.I32;
    require.that(!integers || x.dtype() == y.dtype(), "integers convert only to the same type: x " + x + ", y " + y);
  }

  @Override
  public String name() {
    return "copy";
  }

  @Override
  public List<Operand> operands() {
    return List.of(Operand.in("x", x), Operand.out("y", y));
  }

  @Override
  public Copy with(UnaryOperator<Tensor> replace) {
    return new Copy(replace.apply(x), replace.apply(y));
  }
}
