package dev.gatun.tck.oracle;

import dev.gatun.Rope;
import dev.gatun.Rotation;
import java.util.Arrays;
import java.util.Map;

/** Rotary position embedding. */
final class RopeOracle {
  private RopeOracle() {}

  static Map<String, double[]> rope(Rope op, Host host) {
    int tokens = Elements.rows(host, op.x(), op.positions(), op.y());
    int headSize = Math.toIntExact(op.x().size(2));
    int heads = Math.toIntExact(op.x().size(1));
    double[] y = Elements.read(host, op.x(), tokens);
    double[] positions = Elements.read(host, op.positions(), tokens);
    Rotation rotation = op.rotation();
    int pairs = rotation.dims() / 2;
    double[] factors = op.factors().map(f -> Elements.all(host, f)).orElseGet(() -> {
      double[] ones = new double[pairs];
      Arrays.fill(ones, 1);
      return ones;
    });
    double magnitude = magnitude(rotation);
    for (int t = 0; t < tokens; t++) {
      for (int i = 0; i < pairs; i++) {
        double angle = positions[t] * frequency(rotation, i) / factors[i];
        double cosine = magnitude * StrictMath.cos(angle);
        double sine = magnitude * StrictMath.sin(angle);
        boolean interleaved = rotation.pairs() == Rotation.Pairs.INTERLEAVED;
        for (int h = 0; h < heads; h++) {
          int head = (t * heads + h) * headSize;
          int a = head + (interleaved ? 2 * i : i);
          int b = head + (interleaved ? 2 * i + 1 : i + pairs);
          double first = y[a];
          double second = y[b];
          y[a] = first * cosine - second * sine;
          y[b] = first * sine + second * cosine;
        }
      }
    }
    return Map.of("y", y);
  }

  /** f(i) of pair i, scaled. */
  static double frequency(Rotation rotation, int i) {
    double f = StrictMath.pow(rotation.base(), -2.0 * i / rotation.dims());
    return switch (rotation.scaling()) {
      case Rotation.Scaling.None none -> f;
      case Rotation.Scaling.Linear linear -> f / linear.factor();
      case Rotation.Scaling.Llama3 llama -> {
        double wavelength = 2 * StrictMath.PI / f;
        if (wavelength < llama.context() / llama.highFactor()) {
          yield f;
        }
        if (wavelength > llama.context() / llama.lowFactor()) {
          yield f / llama.factor();
        }
        double s = (llama.context() / wavelength - llama.lowFactor()) / (llama.highFactor() - llama.lowFactor());
        yield (1 - s) * f / llama.factor() + s * f;
      }
      case Rotation.Scaling.Yarn yarn -> {
        double low = Math.max(0, StrictMath.floor(dim(rotation, yarn.context(), yarn.betaFast())));
        double high = Math.min(rotation.dims() - 1, StrictMath.ceil(dim(rotation, yarn.context(), yarn.betaSlow())));
        double ramp = 1 - Math.clamp((i - low) / Math.max(high - low, 0.001), 0.0, 1.0);
        yield (1 - ramp) * f / yarn.factor() + ramp * f;
      }
    };
  }

  private static double dim(Rotation rotation, long context, double beta) {
    return rotation.dims() * StrictMath.log(context / (2 * StrictMath.PI * beta)) / (2 * StrictMath.log(rotation.base()));
  }

  private static double magnitude(Rotation rotation) {
    return rotation.scaling() instanceof Rotation.Scaling.Yarn yarn
        ? rotation.magnitude() * yarn.attentionFactor() * (1 + 0.1 * StrictMath.log(yarn.factor()))
        : rotation.magnitude();
  }
}
