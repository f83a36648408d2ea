package dev.gatun.decoder.family;

import dev.gatun.Add;
import dev.gatun.DType;
import dev.gatun.GroupedMatmul;
import dev.gatun.MoeRoute;
import dev.gatun.SiluMul;
import dev.gatun.Tensor;
import dev.gatun.decoder.Dimensions;
import java.util.Optional;

/**
 * A mixture of experts: gated units with SiLU, of which a router chooses some for each token; what they give is weighed and added up, and to it what a unit
 * gives that all tokens take, if there is one.
 *
 * @param router gives the experts' logits
 * @param bias added to scores for choosing alone
 * @param options from logits to weights
 * @param used experts of a token
 * @param gate of all experts, {@code [count, width, embedding]}; where there is no {@code up}, each expert's rows of up follow those of its gate
 * @param up of all experts, in the same shape
 * @param down of all experts, {@code [count, embedding, width]}
 * @param shared the unit that all tokens take
 */
record ExpertUnit(Linear router, Optional<Tensor> bias, MoeRoute.Options options, int used, Tensor gate, Optional<Tensor> up, Tensor down,
    Optional<Part> shared) implements Part {
  private static final String MERGED = "ffn_gate_up_exps.weight";

  /** Of the experts alone. */
  static ExpertUnit load(BlockWeights at, MoeRoute.Options options) {
    return load(at, options, Optional.empty());
  }

  static ExpertUnit load(BlockWeights at, MoeRoute.Options options, Optional<Part> shared) {
    Dimensions.Experts experts = at.sizes().experts().orElseThrow();
    int count = experts.count();
    int width = experts.feedForward();
    int embedding = at.sizes().embedding();
    boolean merged = at.has(MERGED);
    return new ExpertUnit(at.linear("ffn_gate_inp", count, embedding), at.optionalVector("exp_probs_b.bias", count), options, experts.used(),
        merged ? at.experts(MERGED, count, 2 * width, embedding) : at.experts("ffn_gate_exps.weight", count, width, embedding),
        merged ? Optional.empty() : Optional.of(at.experts("ffn_up_exps.weight", count, width, embedding)),
        at.experts("ffn_down_exps.weight", count, embedding, width), shared);
  }

  @Override
  public Tensor append(Scope scope, Tensor x) {
    Tensor logits = scope.rows("router", router.rows());
    router.append(scope.program(), x, logits);
    Tensor chosen = scope.declare("experts", DType.I32, scope.tokens(), used);
    Tensor weights = scope.declare("expert_weights", DType.F32, scope.tokens(), used);
    scope.program().add(new MoeRoute(logits, bias, options, chosen, weights));
    Tensor mixed = scope.declare("expert_silu_mul", scope.activations(), scope.tokens(), used, down.size(2));
    scope.program().add(up.isPresent() ? apart(scope, x, chosen, up.get(), mixed) : together(scope, x, chosen, mixed));
    Tensor y = scope.rows("expert_down", Math.toIntExact(down.size(1)));
    scope.program().add(new GroupedMatmul(mixed, down, chosen, Optional.of(weights), Optional.empty(), y));
    if (shared.isEmpty()) {
      return y;
    }
    Tensor sum = scope.like("expert_sum", DType.F32, y);
    scope.program().add(new Add(y, shared.get().append(scope, x), sum));
    return sum;
  }

  private SiluMul apart(Scope scope, Tensor x, Tensor chosen, Tensor second, Tensor mixed) {
    Tensor gated = scope.like("expert_gate", DType.F32, mixed);
    Tensor raised = scope.like("expert_up", DType.F32, mixed);
    scope.program().add(new GroupedMatmul(x, gate, chosen, gated));
    scope.program().add(new GroupedMatmul(x, second, chosen, raised));
    return new SiluMul(gated, raised, mixed);
  }

  private SiluMul together(Scope scope, Tensor x, Tensor chosen, Tensor mixed) {
    Tensor both = scope.declare("expert_gate_up", DType.F32, scope.tokens(), used, gate.size(1));
    scope.program().add(new GroupedMatmul(x, gate, chosen, both));
    return new SiluMul(both.slice(2, 0, down.size(2)), both.slice(2, down.size(2), gate.size(1)), mixed);
  }
}
