package dev.gatun.tck.oracle;

import dev.gatun.Matmul;
import dev.gatun.Tensor;
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
    scale(host, op, w, n, k);
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

  /** Multiplies each element of the weight by the scale that is its row's and its element's. */
  private static void scale(Host host, Matmul op, double[] w, int n, int k) {
    if (op.scale().isEmpty()) {
      return;
    }
    Tensor scale = op.scale().get();
    double[] s = Elements.all(host, scale);
    boolean blocks = scale.shape().rank() == 2;
    for (int j = 0; j < n; j++) {
      for (int i = 0; i < k; i++) {
        int at = blocks ? j / Matmul.SCALED * Math.ceilDiv(k, Matmul.SCALED) + i / Matmul.SCALED : s.length == 1 ? 0 : j;
        w[j * k + i] *= s[at];
      }
    }
  }
}
