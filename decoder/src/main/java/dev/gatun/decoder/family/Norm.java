package dev.gatun.decoder.family;

import dev.gatun.LayerNorm;
import dev.gatun.Program;
import dev.gatun.RmsNorm;
import dev.gatun.Tensor;
import java.util.Optional;

/** A norm over the last dimension. */
record Norm(Kind kind, Tensor weight, Optional<Tensor> bias, float eps) {
  /** Which norm a family takes. */
  enum Kind {
    /** Root mean square, a weight. */
    RMS("attention.layer_norm_rms_epsilon"),
    /** Mean and variance, a weight and a bias. */
    LAYER("attention.layer_norm_epsilon");

    private final String key;

    Kind(String key) {
      this.key = key;
    }

    /** The key of its epsilon. */
    String key() {
      return key;
    }
  }

  /** Takes {@code name.weight}, and {@code name.bias} where the kind has one. */
  static Norm load(Weights weights, Kind kind, String name, long size, float eps) {
    return new Norm(kind, weights.vector(name + ".weight", size),
        kind == Kind.LAYER ? Optional.of(weights.vector(name + ".bias", size)) : Optional.empty(), eps);
  }

  void append(Program.Builder program, Tensor x, Tensor y) {
    program.add(switch (kind) {
      case RMS -> new RmsNorm(x, weight, eps, y);
      case LAYER -> new LayerNorm(x, weight, bias, eps, y);
    });
  }
}
