package dev.gatun;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Matrix product with a transposed weight: {@code y[m, n] = Σ_k x[m, k] · w[n, k] · s[n, k] + bias[n]}. GEMV when M is 1.
 *
 * <p>The sum is accumulated in float32 or better, of operands that are not rounded (TF32 is too coarse for F32 operands). With a block-quantized weight a
 * backend may round the activations to 8 bits per block of 32 elements of a row (symmetric, scale amax/127), never across rows, or both operands to BF16.
 *
 * <p>s is 1 where there is no scale. With one, the weight is of 8-bit floats and s what they were divided by, as files of FP8 models have it
 * ({@code weight_scale}, {@code weight_scale_inv}): one number for all of the weight, one for each of its rows, or one for each block of {@value #SCALED} rows by
 * {@value #SCALED} elements of K, as DeepSeek-V3 is published (arXiv 2412.19437, section 3.3). With a scaled weight a backend may round the activations to F8_E4M3 with one
 * scale for a row and {@value #SCALED} elements of K (amax/448), never across rows, or both operands to BF16.
 *
 * @param x the activations {@code [M, K]}; F32, F16 or BF16, rows contiguous
 * @param w the weight {@code [N, K]}; any float or block type, no integers; rows contiguous; plain or prepared for {@link Use#MATMUL}
 * @param scale what the elements of {@code w} are multiplied by, if anything: F32, {@code [1]}, {@code [N]} or {@code [⌈N/128⌉, ⌈K/128⌉]}, rows contiguous; only with
 *     a {@code w} of F8_E4M3 or F8_E5M2
 * @param bias {@code [N]} in F32, if any
 * @param y the result {@code [M, N]}; F32, F16 or BF16, rows contiguous; never in place
 */
public record Matmul(Tensor x, Tensor w, Optional<Tensor> scale, Optional<Tensor> bias, Tensor y) implements Operator {
  /** The rows and the elements of K of a weight that a scale of two dimensions has one number for. */
  public static final int SCALED = 128;

  /** Checks shapes and dtypes. @throws ShapeException where they do not fit */
  public Matmul {
    Require require = new Require("matmul");
    require.rank("x", x, 2).rows("x", x).plain("x", x).rank("w", w, 2).rowsContiguous("w", w);
    require.that(w.dtype() != DType.I32 && w.dtype() != DType.I8, "w must be a float or block type, not " + w);
    require.that(w.size(1) == x.size(1), "x " + x + " and w " + w + " must agree in their last dimension");
    require.rows("y", y).plain("y", y).shape("y", y, x.size(0), w.size(0)).sameCount(x, y);
    bias.ifPresent(b -> require.type("bias", b, DType.F32).shape("bias", b, w.size(0)).rowsContiguous("bias", b));
    scale.ifPresent(s -> scaled(require, w, s));
  }

  private static void scaled(Require require, Tensor w, Tensor scale) {
    require.type("scale", scale, DType.F32).rowsContiguous("scale", scale);
    require.that(w.dtype() == DType.F8_E4M3 || w.dtype() == DType.F8_E5M2, "a scale goes with a w of F8_E4M3 or F8_E5M2, not with " + w);
    long down = Math.ceilDiv(w.size(0), (long) SCALED);
    long along = Math.ceilDiv(w.size(1), (long) SCALED);
    require.that(switch (scale.shape().rank()) {
      case 1 -> scale.size(0) == 1 || scale.size(0) == w.size(0);
      case 2 -> scale.size(0) == down && scale.size(1) == along;
      default -> false;
    }, "scale must be [1], [" + w.size(0) + "] or [" + down + ", " + along + "] for w " + w + ", not " + scale);
  }

  /** Without a scale. */
  public Matmul(Tensor x, Tensor w, Optional<Tensor> bias, Tensor y) {
    this(x, w, Optional.empty(), bias, y);
  }

  /** Without a scale and a bias. */
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
    scale.ifPresent(s -> list.add(Operand.in("scale", s)));
    bias.ifPresent(b -> list.add(Operand.in("bias", b)));
    list.add(Operand.out("y", y));
    return list;
  }

  @Override
  public Matmul with(UnaryOperator<Tensor> replace) {
    return new Matmul(replace.apply(x), replace.apply(w), scale.map(replace), bias.map(replace), replace.apply(y));
  }
}
