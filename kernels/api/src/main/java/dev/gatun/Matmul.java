package dev.gatun;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Matrix product with a transposed weight: {@code y[m, n] = Σ_k x[m, k] · w[n, k] + bias[n]}. GEMV when M is 1.
 *
 * <p>The sum is accumulated in float32 or better, of operands that are not rounded (TF32 is too coarse for F32 operands). With a block-quantized weight a
 * backend may round the activations to 8 bits per block of 32 elements of a row (symmetric, scale amax/127), never across rows, or both operands to BF16.
 *
 * @param x the activations {@code [M, K]}; F32, F16 or BF16, rows contiguous
 * @param w the weight {@code [N, K]}; any float or block type, no integers; rows contiguous; plain or prepared for {@link Use#MATMUL}
 * @param bias {@code [N]} in F32, if any
 * @param y the result {@code [M, N]}; F32, F16 or BF16, rows contiguous; never in place
 */
public record Matmul(Tensor x, Tensor w, Optional<Tensor> bias, Tensor y) implements Operator {
  /** Checks shapes and dtypes. @throws ShapeException where they do not fit */
  public Matmul {
    Require require = new Require("matmul");
    require.rank("x", x, 2).rows("x", x).plain("x", x).rank("w", w, 2).rowsContiguous("w", w);
    require.that(w.dtype() != DType.I32 && w.dtype() != DType.I8, "w must be a float or block type, not " + w);
    require.that(w.size(1) == x.size(1), "x " + x + " and w " + w + " must agree in their last dimension");
    require.rows("y", y).plain("y", y).shape("y", y, x.size(0), w.size(0)).sameCount(x, y);
    bias.ifPresent(b -> require.type("bias", b, DType.F32).shape("bias", b, w.size(0)).rowsContiguous("bias", b));
  }

  /** Without a bias. */
  public Matmul(Tensor x, Tensor w, Tensor y) {
    this(x, w, Optional.empty(), y);
  }

  @Override
  public String name() {
    return "matmul";
  }

  @Override
  public List<Operand> operands() {
    List<Operand> list = new ArrayList<>(List.of(Operand.in("x", x), Operand.in("w", w)));
    bias.ifPresent(b -> list.add(Operand.in("bias", b)));
    list.add(Operand.out("y", y));
    return list;
  }

  @Override
  public Matmul with(UnaryOperator<Tensor> replace) {
    return new Matmul(replace.apply(x), replace.apply(w), bias.map(replace), replace.apply(y));
  }
}
