package dev.gatun.tck.oracle;

import dev.gatun.KvCache;
import dev.gatun.MlaAttention;
import java.util.Map;

/** Multi-head latent attention as its formula has it: each head's keys and values are made of the latent rows, then attended over. */
final class MlaOracle {
  private final MlaAttention op;
  private final int heads;
  private final int rank;
  private final int nope;
  private final int rope;
  private final int valueSize;
  private final double[] up;
  private final double[] values;

  private MlaOracle(MlaAttention op, Host host) {
    this.op = op;
    this.heads = op.up().heads();
    this.rank = op.up().rank();
    this.nope = op.up().nope();
    this.rope = Math.toIntExact(op.qRope().size(2));
    this.valueSize = op.up().valueSize();
    this.up = Elements.all(host, op.up().keys());
    this.values = Elements.all(host, op.up().values());
  }

  static Map<String, double[]> attention(MlaAttention op, Host host) {
    return Map.of("y", new MlaOracle(op, host).compute(host));
  }

  private double[] compute(Host host) {
    int tokens = Elements.rows(host, op.qNope(), op.qRope(), op.y(), op.batch().positions());
    int sequences = Elements.rows(host, op.batch().slots());
    double[] q = Elements.read(host, op.qNope(), tokens);
    double[] r = Elements.read(host, op.qRope(), tokens);
    double[] positions = Elements.read(host, op.batch().positions(), tokens);
    double[] slots = Elements.read(host, op.batch().slots(), sequences);
    double[] starts = Elements.read(host, op.batch().starts(), sequences + 1);
    double[] y = new double[tokens * heads * valueSize];
    CacheView cache = host.cache(op.latents().cache());
    for (int s = 0; s < sequences; s++) {
      int end = (int) Math.min(tokens, starts[s + 1]);
      if ((int) starts[s] >= end) {
        continue;
      }
      double[][] rows = new double[(int) positions[end - 1] + 1][];
      for (int j = 0; j < rows.length; j++) {
        rows[j] = cache.read(KvCache.Part.KEY, op.latents().layer(), (int) slots[s], j, 0);
      }
      for (int h = 0; h < heads; h++) {
        double[][] keys = new double[rows.length][];
        double[][] made = new double[rows.length][];
        for (int j = 0; j < rows.length; j++) {
          keys[j] = key(rows[j], h);
          made[j] = value(rows[j], h);
        }
        for (int t = (int) starts[s]; t < end; t++) {
          attend(q, r, t, h, (int) positions[t], keys, made, y);
        }
      }
    }
    return y;
  }

  private double[] key(double[] latent, int head) {
    boolean alongQuery = op.up().rows() == MlaAttention.Up.Rows.QUERY;
    double[] key = new double[nope + rope];
    for (int n = 0; n < nope; n++) {
      for (int c = 0; c < rank; c++) {
        key[n] += latent[c] * up[alongQuery ? (head * rank + c) * nope + n : (head * nope + n) * rank + c];
      }
    }
    System.arraycopy(latent, rank, key, nope, rope);
    return key;
  }

  private double[] value(double[] latent, int head) {
    double[] value = new double[valueSize];
    for (int v = 0; v < valueSize; v++) {
      for (int c = 0; c < rank; c++) {
        value[v] += latent[c] * values[(head * valueSize + v) * rank + c];
      }
    }
    return value;
  }

  private void attend(double[] q, double[] r, int token, int head, int position, double[][] keys, double[][] made, double[] y) {
    int end = op.causal() ? Math.min(position + 1, keys.length) : keys.length;
    double[] scores = new double[end];
    double largest = Double.NEGATIVE_INFINITY;
    int row = token * heads + head;
    for (int j = 0; j < end; j++) {
      for (int i = 0; i < nope; i++) {
        scores[j] += q[row * nope + i] * keys[j][i];
      }
      for (int i = 0; i < rope; i++) {
        scores[j] += r[row * rope + i] * keys[j][nope + i];
      }
      scores[j] *= op.scale();
      largest = Math.max(largest, scores[j]);
    }
    double sum = 0;
    double[] weighted = new double[valueSize];
    for (int j = 0; j < end; j++) {
      double weight = StrictMath.exp(scores[j] - largest);
      sum += weight;
      for (int i = 0; i < valueSize; i++) {
        weighted[i] += weight * made[j][i];
      }
    }
    for (int i = 0; i < valueSize && end > 0; i++) {
      y[row * valueSize + i] = weighted[i] / sum;
    }
  }
}
