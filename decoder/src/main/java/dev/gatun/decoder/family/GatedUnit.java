package dev.gatun.decoder.family;

import dev.gatun.Gelu;
import dev.gatun.GeluMul;
import dev.gatun.SiluMul;
import dev.gatun.Tensor;

/**
 * A gated feed-forward unit: {@code down(activation(gate(x)) · up(x))}.
 *
 * @param label what the names of its temporaries end in
 */
record GatedUnit(Activation activation, String label, Linear gate, Linear up, Linear down) implements Part {
  /** What the gate goes through. */
  enum Activation {
    /** {@code g / (1 + exp(−g))}. */
    SILU,
    /** GELU in the form with tanh. */
    GELU
  }

  /** Of three matrices. */
  static GatedUnit load(BlockWeights at, Activation activation) {
    return load(at, activation, "", at.sizes().feedForward());
  }

  /** Of three matrices whose names end in {@code suffix}. */
  static GatedUnit load(BlockWeights at, Activation activation, String suffix, int width) {
    int embedding = at.sizes().embedding();
    return new GatedUnit(activation, suffix, at.linear("ffn_gate" + suffix, width, embedding), at.linear("ffn_up" + suffix, width, embedding),
        at.linear("ffn_down" + suffix, embedding, width));
  }

  /** Of two matrices: {@code ffn_up} holds the rows of the gate, then those of up. */
  static GatedUnit loadFused(BlockWeights at, Activation activation) {
    int width = at.sizes().feedForward();
    int embedding = at.sizes().embedding();
    return new GatedUnit(activation, "", at.linearPart("ffn_up", 2 * width, 0, width, embedding), at.linearPart("ffn_up", 2 * width, width, 2 * width, embedding),
        at.linear("ffn_down", embedding, width));
  }

  @Override
  public Tensor append(Scope scope, Tensor x) {
    Tensor gated = scope.rows("gate" + label, gate.rows());
    Tensor raised = scope.rows("up" + label, up.rows());
    gate.append(scope.program(), x, gated);
    up.append(scope.program(), x, raised);
    Tensor mixed = scope.narrow((activation == Activation.SILU ? "silu_mul" : "gelu_mul") + label, gate.rows());
    scope.program().add(switch (activation) {
      case SILU -> new SiluMul(gated, raised, mixed);
      case GELU -> new GeluMul(gated, raised, Gelu.Form.TANH, mixed);
    });
    Tensor y = scope.rows("down" + label, down.rows());
    down.append(scope.program(), mixed, y);
    return y;
  }
}
