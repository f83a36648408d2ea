package dev.gatun.decoder.family;

import dev.gatun.DType;
import dev.gatun.GroupedMatmul;
import dev.gatun.MoeRoute;
import dev.gatun.SiluMul;
import dev.gatun.Tensor;
import java.util.Optional;

/**
 * A gated unit that all tokens take, weighed by {@code 1 / (1 + exp(−gate · x))} for each: a mixture of one expert.
 *
 * @param weigher the vector that gives the logit of the weight, as a matrix of one row
 * @param down the last matrix as that of one expert, {@code [1, embedding, width]}
 */
record SharedExpert(Linear weigher, Linear gate, Linear up, Tensor down) implements Part {
  private static final MoeRoute.Options SIGMOID = MoeRoute.Options.of(MoeRoute.Gating.SIGMOID, false);

  static SharedExpert load(BlockWeights at, int width) {
    int embedding = at.sizes().embedding();
    return new SharedExpert(new Linear(at.row("ffn_gate_inp_shexp.weight", embedding), Optional.empty()),
        at.linear("ffn_gate_shexp", width, embedding), at.linear("ffn_up_shexp", width, embedding), at.oneExpert("ffn_down_shexp.weight", embedding, width));
  }

  @Override
  public Tensor append(Scope scope, Tensor x) {
    Tensor logit = scope.rows("shared_router", 1);
    weigher.append(scope.program(), x, logit);
    Tensor chosen = scope.declare("shared_expert", DType.I32, scope.tokens(), 1);
    Tensor weights = scope.declare("shared_weight", DType.F32, scope.tokens(), 1);
    scope.program().add(new MoeRoute(logit, Optional.empty(), SIGMOID, chosen, weights));
    Tensor gated = scope.rows("shared_gate", gate.rows());
    Tensor raised = scope.rows("shared_up", up.rows());
    gate.append(scope.program(), x, gated);
    up.append(scope.program(), x, raised);
    Tensor mixed = scope.narrow("shared_silu_mul", gate.rows());
    scope.program().add(new SiluMul(gated, raised, mixed));
    Tensor y = scope.rows("shared_down", Math.toIntExact(down.size(1)));
    scope.program().add(new GroupedMatmul(mixed, down, chosen, Optional.of(weights), Optional.empty(), y));
    return y;
  }
}
