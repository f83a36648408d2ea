package dev.gatun.tck.oracle;

import dev.gatun.Matmul;
import java.util.Map;

/** Products with a transposed weight. */
final class MatmulOracle {
  private MatmulOracle() {}

  static Map<String, double[]> matmul(Matmul op, Host host) {
    int rows = Elements.rows(host, op.x(), op.y());
    int n = Math.toIntExact(op.w().size(0));
    int k = Math.toIntExact(op.w().size(1));
    double[] x = Elements.read(host, op.x(), rows);
    double[] w = Elements.all(host, op.w());
    double[] bias = op.bias().map(b -> Elements.all(host, b)).orElseGet(() -> new double[n]);
    double[] y = new double[rows * n];
    for (int m = 0; m < rows; m++) {
      for (int j = 0; j < n; j++) {
        double sum = 0;
        for (int i = 0; i < k; i++) {
          sum += x[m * k + i] * w[j * k + i];
        }
        y[m * n + j] = sum + bias[j];
      }
    }
    return Map.of("y", y);
  }
}
