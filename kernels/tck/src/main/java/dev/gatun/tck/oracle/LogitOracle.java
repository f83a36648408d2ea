package dev.gatun.tck.oracle;

import dev.gatun.Argmax;
import dev.gatun.Penalize;
import dev.gatun.Softmax;
import dev.gatun.TopK;
import java.util.Arrays;
import java.util.Map;

/** Operators over rows of logits. */
final class LogitOracle {
  private LogitOracle() {}

  static Map<String, double[]> softmax(Softmax op, Host host) {
    double[] y = Elements.read(host, op.x(), Elements.rows(host, op.x(), op.y()));
    int n = op.x().shape().rank() == 1 ? y.length : Math.toIntExact(op.x().size(-1));
    for (int row = 0; row < y.length; row += n) {
      double[] scaled = Arrays.copyOfRange(y, row, row + n);
      for (int i = 0; i < n; i++) {
        scaled[i] *= op.scale();
      }
      System.arraycopy(softmax(scaled), 0, y, row, n);
    }
    return Map.of("y", y);
  }

  static double[] softmax(double[] x) {
    double largest = Double.NEGATIVE_INFINITY;
    for (double value : x) {
      largest = Math.max(largest, value);
    }
    double sum = 0;
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = StrictMath.exp(x[i] - largest);
      sum += y[i];
    }
    for (int i = 0; i < x.length; i++) {
      y[i] /= sum;
    }
    return y;
  }

  static Map<String, double[]> argmax(Argmax op, Host host) {
    double[] x = Elements.read(host, op.x(), Elements.rows(host, op.x(), op.y()));
    int n = Math.toIntExact(op.x().size(1));
    double[] y = new double[x.length / n];
    for (int r = 0; r < y.length; r++) {
      y[r] = descending(Arrays.copyOfRange(x, r * n, (r + 1) * n))[0];
    }
    return Map.of("y", y);
  }

  static Map<String, double[]> topK(TopK op, Host host) {
    int rows = Elements.rows(host, op.x(), op.values(), op.indices());
    double[] x = Elements.read(host, op.x(), rows);
    int n = Math.toIntExact(op.x().size(1));
    int k = Math.toIntExact(op.values().size(1));
    double[] values = new double[rows * k];
    double[] indices = new double[rows * k];
    for (int r = 0; r < rows; r++) {
      int[] order = descending(Arrays.copyOfRange(x, r * n, (r + 1) * n));
      for (int i = 0; i < k; i++) {
        values[r * k + i] = x[r * n + order[i]];
        indices[r * k + i] = order[i];
      }
    }
    return Map.of("values", values, "indices", indices);
  }

  /** Indices from the largest element down: NaN before every number, the lower index first in a tie, zeros of both signs tied. */
  static int[] descending(double[] row) {
    long[] keys = new long[row.length];
    for (int i = 0; i < row.length; i++) {
      // Elements are ones of F32 at most, whose bits leave room for the index; + 0.0 makes both zeros the same.
      int bits = Float.floatToIntBits((float) row[i] + 0.0f);
      int ascending = Double.isNaN(row[i]) ? Integer.MAX_VALUE : bits ^ bits >> 31 & Integer.MAX_VALUE;
      keys[i] = (long) ~ascending << Integer.SIZE | i;
    }
    Arrays.sort(keys);
    return Arrays.stream(keys).mapToInt(key -> (int) key).toArray();
  }

  static Map<String, double[]> penalize(Penalize op, Host host) {
    int rows = Elements.rows(host, op.x(), op.history(), op.lengths(), op.penalties(), op.y());
    double[] y = Elements.read(host, op.x(), rows);
    double[] history = Elements.read(host, op.history(), rows);
    double[] lengths = Elements.read(host, op.lengths(), rows);
    double[] penalties = Elements.read(host, op.penalties(), rows);
    int n = Math.toIntExact(op.x().size(1));
    int h = Math.toIntExact(op.history().size(1));
    for (int r = 0; r < rows; r++) {
      int[] seen = new int[n];
      int length = (int) Math.max(0, Math.min(h, lengths[r]));
      for (int i = 0; i < length; i++) {
        int id = (int) history[r * h + i];
        if (id >= 0 && id < n) {
          seen[id]++;
        }
      }
      for (int id = 0; id < n; id++) {
        if (seen[id] > 0) {
          double x = y[r * n + id];
          double lowered = x > 0 ? x / penalties[3 * r] : x * penalties[3 * r];
          y[r * n + id] = lowered - seen[id] * penalties[3 * r + 1] - penalties[3 * r + 2];
        }
      }
    }
    return Map.of("y", y);
  }
}
