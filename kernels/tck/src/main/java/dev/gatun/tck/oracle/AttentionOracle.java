package dev.gatun.tck.oracle;

import dev.gatun.Attention;
import dev.gatun.Kv;
import dev.gatun.KvCache;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/** Scaled dot-product attention over dense or paged keys, one query head after the other. */
final class AttentionOracle {
  /** Keys and values of one sequence. */
  private interface Sequence {
    int keys();

    double[] key(int position, int head);

    double[] value(int position, int head);
  }

  private final Attention op;
  private final Optional<double[]> sinks;
  private final int heads;
  private final int size;
  private final int valueSize;
  private final int group;

  private AttentionOracle(Attention op, Host host) {
    this.op = op;
    this.sinks = op.sinks().map(s -> Elements.all(host, s));
    this.heads = Math.toIntExact(op.q().size(1));
    this.size = Math.toIntExact(op.q().size(2));
    this.valueSize = Math.toIntExact(op.y().size(2));
    this.group = heads / switch (op.kv()) {
      case Kv.Dense dense -> Math.toIntExact(dense.k().size(1));
      case Kv.Paged paged -> paged.cache().spec().heads();
    };
  }

  static Map<String, double[]> attention(Attention op, Host host) {
    return Map.of("y", new AttentionOracle(op, host).compute(host));
  }

  private double[] compute(Host host) {
    int tokens = Elements.rows(host, op.q(), op.y(), op.batch().positions());
    int sequences = Elements.rows(host, op.batch().slots());
    double[] q = Elements.read(host, op.q(), tokens);
    double[] positions = Elements.read(host, op.batch().positions(), tokens);
    double[] slots = Elements.read(host, op.batch().slots(), sequences);
    double[] starts = Elements.read(host, op.batch().starts(), sequences + 1);
    double[] y = new double[tokens * heads * valueSize];
    for (int s = 0; s < sequences; s++) {
      int first = (int) starts[s];
      int end = (int) Math.min(tokens, starts[s + 1]);
      if (first >= end) {
        continue;
      }
      Sequence sequence = switch (op.kv()) {
        case Kv.Dense dense -> dense(dense, host, s);
        case Kv.Paged paged -> paged(paged, host.cache(paged.cache()), (int) slots[s], (int) positions[end - 1] + 1);
      };
      for (int t = first; t < end; t++) {
        for (int h = 0; h < heads; h++) {
          int at = t * heads + h;
          double[] row = attend(Arrays.copyOfRange(q, at * size, (at + 1) * size), (int) positions[t], h, sequence);
          System.arraycopy(row, 0, y, at * valueSize, valueSize);
        }
      }
    }
    return y;
  }

  private double[] attend(double[] q, int position, int head, Sequence sequence) {
    double[] scores = new double[sequence.keys()];
    boolean[] visible = new boolean[scores.length];
    double largest = sinks.map(all -> all[head]).orElse(Double.NEGATIVE_INFINITY);
    double cap = op.options().softcap();
    for (int j = 0; j < scores.length; j++) {
      boolean ahead = op.options().causal() && j > position;
      boolean behind = op.options().window() > 0 && position - j >= op.options().window();
      visible[j] = !ahead && !behind;
      if (visible[j]) {
        double[] key = sequence.key(j, head / group);
        double dot = 0;
        for (int i = 0; i < size; i++) {
          dot += q[i] * key[i];
        }
        double score = op.options().scale() * dot;
        scores[j] = (cap > 0 ? cap * StrictMath.tanh(score / cap) : score) - slope(head) * Math.abs(position - j);
        largest = Math.max(largest, scores[j]);
      }
    }
    double[] y = new double[valueSize];
    boolean any = false;
    double sum = 0;
    for (int j = 0; j < scores.length; j++) {
      if (visible[j]) {
        any = true;
        double weight = StrictMath.exp(scores[j] - largest);
        sum += weight;
        double[] value = sequence.value(j, head / group);
        for (int i = 0; i < valueSize; i++) {
          y[i] += weight * value[i];
        }
      }
    }
    if (!any) {
      return new double[valueSize];
    }
    if (sinks.isPresent()) {
      sum += StrictMath.exp(sinks.get()[head] - largest);
    }
    for (int i = 0; i < valueSize; i++) {
      y[i] /= sum;
    }
    return y;
  }

  /** What ALiBi takes for each position between: a geometric sequence over the heads, of which those past a power of two lie between the others. */
  private double slope(int head) {
    double bias = op.options().maxBias();
    int whole = 1;
    while (whole * 2 <= heads) {
      whole *= 2;
    }
    if (bias == 0) {
      return 0;
    }
    return head < whole ? StrictMath.pow(StrictMath.pow(2, -bias / whole), head + 1) : StrictMath.pow(StrictMath.pow(2, -bias / (2 * whole)), 2 * (head - whole) + 1);
  }

  private Sequence dense(Kv.Dense kv, Host host, int s) {
    double[] starts = Elements.read(host, kv.starts(), s + 2);
    int first = (int) starts[s];
    int keys = (int) starts[s + 1] - first;
    return held(keys, rows(Elements.read(host, kv.k(), first + keys), first * keyHeads(kv), size),
        rows(Elements.read(host, kv.v(), first + keys), first * keyHeads(kv), valueSize));
  }

  private static int keyHeads(Kv.Dense kv) {
    return Math.toIntExact(kv.k().size(1));
  }

  private static double[][] rows(double[] values, int first, int length) {
    double[][] rows = new double[values.length / length - first][];
    Arrays.setAll(rows, r -> Arrays.copyOfRange(values, (first + r) * length, (first + r + 1) * length));
    return rows;
  }

  private Sequence paged(Kv.Paged kv, CacheView view, int slot, int keys) {
    int kvHeads = heads / group;
    double[][] k = new double[keys * kvHeads][];
    double[][] v = new double[keys * kvHeads][];
    Arrays.setAll(k, i -> view.read(KvCache.Part.KEY, kv.layer(), slot, i / kvHeads, i % kvHeads));
    Arrays.setAll(v, i -> view.read(KvCache.Part.VALUE, kv.layer(), slot, i / kvHeads, i % kvHeads));
    return held(keys, k, v);
  }

  private Sequence held(int keys, double[][] k, double[][] v) {
    int kvHeads = heads / group;
    return new Sequence() {
      @Override
      public int keys() {
        return keys;
      }

      @Override
      public double[] key(int position, int head) {
        return k[position * kvHeads + head];
      }

      @Override
      public double[] value(int position, int head) {
        return v[position * kvHeads + head];
      }
    };
  }
}
