package dev.gatun;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Products of each token with the weights of the experts chosen for it: with {@code e = chosen[t, j]},
 * {@code p[t, j, n] = Σ_i x[t, j, i] · w[e, n, i] + bias[e, n]}; {@code y[t, j] = p[t, j]}, or with gates {@code y[t] = Σ_j gates[t, j] · p[t, j]}, j ascending. What
 * {@link Matmul} says of sums and of rounded activations holds here. Weights of experts that no token chose are not read.
 *
 * <p>An index outside {@code [0, E)} reads nothing and gives a row of NaN: {@code y[t, j]}, or with gates all of {@code y[t]}. An expert may be chosen for a token more
 * than once.
 *
 * @param x the activations {@code [T, In]}, which all experts of a token share, or {@code [T, K, In]}, a row for each; F32, F16 or BF16, rows contiguous
 * @param w the weights {@code [E, Out, In]} of all experts; any float or block type, no integers; rows contiguous; plain or prepared for {@link Use#MATMUL}
 * @param chosen the experts {@code [T, K]} in I32, rows contiguous
 * @param gates what the results weigh, {@code [T, K]} in F32, rows contiguous, if they are to be added up
 * @param bias {@code [E, Out]} in F32, rows contiguous, if any
 * @param y the results {@code [T, K, Out]}, or with gates {@code [T, Out]}; F32, F16 or BF16, rows contiguous; never in place
 */
public record GroupedMatmul(Tensor x, Tensor w, Tensor chosen, Optional<Tensor> gates, Optional<Tensor> bias, Tensor y) implements Operator {
  /** Checks shapes and dtypes. @throws ShapeException where they do not fit */
  public GroupedMatmul {
    Require require = new Require("grouped_matmul");
    require.rows("x", x).rank("w", w, 3).rowsContiguous("w", w);
    require.that(w.dtype() != DType.I32 && w.dtype() != DType.I8, "w must be a float or block type, not " + w);
    require.that(w.size(0) > 0 && w.size(2) > 0, "w must have experts and rows that are not empty, not " + w);
    require.rank("chosen", chosen, 2).type("chosen", chosen, DType.I32).rowsContiguous("chosen", chosen);
    long tokens = chosen.size(0);
    long each = chosen.size(1);
    require.that(each > 0, "chosen " + chosen + " must name an expert for each token at least");
    if (x.shape().rank() == 2) {
      require.shape("x", x, tokens, w.size(2));
    } else {
      require.shape("x", x, tokens, each, w.size(2));
    }
    require.rows("y", y);
    if (gates.isPresent()) {
      require.type("gates", gates.get(), DType.F32).shape("gates", gates.get(), tokens, each).rowsContiguous("gates", gates.get());
      require.shape("y", y, tokens, w.size(1));
    } else {
      require.shape("y", y, tokens, each, w.size(1));
    }
    bias.ifPresent(b -> require.type("bias", b, DType.F32).shape("bias", b, w.size(0), w.size(1)).rowsContiguous("bias", b));
    require.sameCount(x, chosen, gates.orElse(chosen), y);
  }

  /** A result for each expert of a token, without a bias. */
  public GroupedMatmul(Tensor x, Tensor w, Tensor chosen, Tensor y) {
    this(x, w, chosen, Optional.empty(), Optional.empty(), y);
  }

  /** Whether all experts of a token read the same activations. */
  public boolean sharesActivations() {
    return x.shape().rank() == 2;
  }

  /** The most experts whose weights one run reads, at the bounds: each choice of another one. */
  public long mostExperts() {
    return Math.min(w.size(0), Math.multiplyExact(chosen.size(0), chosen.size(1)));
  }

  @Override
  public String name() {
    return "grouped_matmul";
  }

  @Override
  public List<Operand> operands() {
    List<Operand> list = new ArrayList<>(List.of(Operand.in("x", x), Operand.in("w", w), Operand.in("chosen", chosen)));
    gates.ifPresent(g -> list.add(Operand.in("gates", g)));
    bias.ifPresent(b -> list.add(Operand.in("bias", b)));
    list.add(Operand.out("y", y));
    return list;
  }

  @Override
  public GroupedMatmul with(UnaryOperator<Tensor> replace) {
    return new GroupedMatmul(replace.apply(x), replace.apply(w), replace.apply(chosen), gates.map(replace), bias.map(replace), replace.apply(y));
  }
}
