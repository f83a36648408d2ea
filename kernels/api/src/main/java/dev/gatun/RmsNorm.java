package dev.gatun;

import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Root-mean-square norm over the last dimension: {@code y[.., i] = x[.., i] / sqrt(mean_j(x[.., j]²) + eps) · weight[i]} (Zhang and Sennrich 2019). In
 * place allowed.
 *
 * @param x {@code [.., N]} of 2 to 4 dimensions; F32, F16 or BF16, rows contiguous
 * @param weight {@code [N]} in F32
 * @param eps added under the root; finite, not negative
 * @param y the result, in the shape of x
 */
public record RmsNorm(Tensor x, Tensor weight, float eps, Tensor y) implements Operator {
  /** Checks shapes and dtypes. @throws ShapeException where they do not fit */
  public RmsNorm {
    Require require = new Require("rms_norm");
    require.atLeastRank("x", x, 2).rows("x", x).rows("y", y).sameShape("y", y, "x", x).sameCount(x, y);
    require.type("weight", weight, DType.F32).shape("weight", weight, x.size(-1)).rowsContiguous("weight", weight);
    require.that(eps >= 0 && Float.isFinite(eps), "eps must be finite and not negative, not " + eps);
  }

  @Override
  public String name() {
    return "rms_norm";
  }

  @Override
  public List<Operand> operands() {
    return List.of(Operand.in("x", x), Operand.in("weight", weight), Operand.out("y", y));
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
  public RmsNorm with(UnaryOperator<Tensor> replace) {
    return new RmsNorm(replace.apply(x), replace.apply(weight), eps, replace.apply(y));
  }
}
