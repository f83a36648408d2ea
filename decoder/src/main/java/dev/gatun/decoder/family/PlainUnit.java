package dev.gatun.decoder.family;

import dev.gatun.Gelu;
import dev.gatun.Tensor;

/** A feed-forward unit without a gate: {@code down(gelu(up(x)))}. */
record PlainUnit(Linear up, Linear down) implements Part {
  static PlainUnit load(BlockWeights at) {
    int width = at.sizes().feedForward();
    int embedding = at.sizes().embedding();
    return new PlainUnit(at.linear("ffn_up", width, embedding), at.linear("ffn_down", embedding, width));
  }

  @Override
  public Tensor append(Scope scope, Tensor x) {
    Tensor raised = scope.rows("up", up.rows());
    up.append(scope.program(), x, raised);
    Tensor bent = scope.narrow("gelu", up.rows());
    scope.program().add(new Gelu(raised, Gelu.Form.TANH, bent));
    Tensor y = scope.rows("down", down.rows());
    down.append(scope.program(), bent, y);
    return y;
  }
}
