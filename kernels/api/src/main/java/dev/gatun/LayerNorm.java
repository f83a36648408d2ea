package dev.gatun;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Layer norm over the last dimension: {@code y = (x − mean(x)) / sqrt(var(x) + eps) · weight + bias} with the population variance (Ba, Kiros and Hinton
 * 2016). In place allowed.
 *
 * @param x {@code [.., N]} of 2 to 4 dimensions; F32, F16 or BF16, rows contiguous
 * @param weight {@code [N]} in F32
 * @param bias {@code [N]} in F32, if any
 * @param eps added under the root; finite, not negative
 * @param y the result, in the shape of x
 */
public record LayerNorm(Tensor x, Tensor weight, Optional<Tensor> bias, float eps, Tensor y) implements Operator {
  /** Checks shapes and dtypes. @throws ShapeException where they do not fit */
  public LayerNorm {
    Require require = new Require("layer_norm");
    require.atLeastRank("x", x, 2).rows("x", x).rows("y", y).sameShape("y", y, "x", x).sameCount(x, y);
    require.type("weight", weight, DType.F32).shape("weight", weight, x.size(-1)).rowsContiguous("weight", weight);
    long n = x.size(-1);
    bias.ifPresent(b -> require.type("bias", b, DType.F32).shape("bias", b, n).rowsContiguous("bias", b));
    require.that(eps >= 0 && Float.isFinite(eps), "eps must be finite and not negative, not " + eps);
  }

  @Override
  public String name() {
    return "layer_norm";
  }

  @Override
  public List<Operand> operands() {
    List<Operand> list = new ArrayList<>(List.of(Operand.in("x", x), Operand.in("weight", weight)));
    bias.ifPresent(b -> list.add(Operand.in("bias", b)));
    list.add(Operand.out("y", y));
    return list;
  }

  @Override
  public List<Flag> flags() {
    return List.of(new Flag("eps", eps));
  }

  @Override
  public List<InPlace> inPlace() {
    return List.of(new InPlace("x", "y"));
  }

  @Override
  public LayerNorm with(UnaryOperator<Tensor> replace) {
    return new LayerNorm(replace.apply(x), replace.apply(weight), bias.map(replace), eps, replace.apply(y));
  }
}
