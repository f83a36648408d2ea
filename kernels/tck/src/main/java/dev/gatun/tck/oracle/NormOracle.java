package dev.gatun.tck.oracle;

import dev.gatun.LayerNorm;
import dev.gatun.RmsNorm;
import java.util.Map;

/** Norms over the last dimension. */
final class NormOracle {
  private NormOracle() {}

  static Map<String, double[]> rms(RmsNorm op, Host host) {
    double[] x = Elements.read(host, op.x(), Elements.rows(host, op.x(), op.y()));
    double[] weight = Elements.all(host, op.weight());
    int n = weight.length;
    double[] y = new double[x.length];
    for (int row = 0; row < x.length; row += n) {
      double squares = 0;
      for (int i = 0; i < n; i++) {
        squares += x[row + i] * x[row + i];
      }
      double root = StrictMath.sqrt(squares / n + op.eps());
      for (int i = 0; i < n; i++) {
        y[row + i] = x[row + i] / root * weight[i];
      }
    }
    return Map.of("y", y);
  }

  static Map<String, double[]> layer(LayerNorm op, Host host) {
    double[] x = Elements.read(host, op.x(), Elements.rows(host, op.x(), op.y()));
    double[] weight = Elements.all(host, op.weight());
    int n = weight.length;
    double[] bias = op.bias().map(b -> Elements.all(host, b)).orElseGet(() -> new double[n]);
    double[] y = new double[x.length];
    for (int row = 0; row < x.length; row += n) {
      double mean = 0;
      for (int i = 0; i < n; i++) {
        mean += x[row + i] / n;
      }
      double variance = 0;
      for (int i = 0; i < n; i++) {
        variance += (x[row + i] - mean) * (x[row + i] - mean) / n;
      }
      double root = StrictMath.sqrt(variance + op.eps());
      for (int i = 0; i < n; i++) {
        y[row + i] = (x[row + i] - mean) / root * weight[i] + bias[i];
      }
    }
    return Map.of("y", y);
  }
}
