package dev.gatun.decoder;

import dev.gatun.decoder.gguf.Gguf;
import dev.gatun.decoder.gguf.GgufTensor;
import dev.gatun.decoder.gguf.Metadata;
import dev.gatun.tck.oracle.Formats;
import java.util.Optional;

/**
 * The dense families in float64 loops that share nothing with the project's operators or graph: the truth that the decoder is held to on shapes no other
 * engine's output is at hand for. Computes the logits after every token of a prompt from scratch.
 */
final class PlainDecoder {
  private final Gguf gguf;
  private final Metadata meta;
  private final String family;
  private final int embedding;
  private final int heads;
  private final int kvHeads;
  private final int size;
  private final double eps;

  PlainDecoder(Gguf gguf) {
    this.gguf = gguf;
    this.meta = gguf.metadata();
    this.family = meta.string("general.architecture").orElseThrow();
    this.embedding = integer("embedding_length");
    this.heads = integer("attention.head_count");
    this.kvHeads = integer("attention.head_count_kv");
    this.size = (int) meta.integer(family + ".attention.key_length").orElse(embedding / heads);
    this.eps = meta.real(family + ".attention.layer_norm_rms_epsilon").orElse(1e-5);
  }

  private int integer(String key) {
    return (int) meta.integer(family + "." + key).orElseThrow();
  }

  double[][] logits(int[] ids) {
    double[] table = tensor("token_embd.weight").orElseThrow();
    double[][] x = new double[ids.length][embedding];
    for (int t = 0; t < ids.length; t++) {
      System.arraycopy(table, ids[t] * embedding, x[t], 0, embedding);
    }
    for (int layer = 0; layer < integer("block_count"); layer++) {
      block("blk." + layer + ".", x);
    }
    double[] norm = tensor("output_norm.weight").orElseThrow();
    double[] output = tensor("output.weight").orElse(table);
    double[][] logits = new double[ids.length][];
    for (int t = 0; t < ids.length; t++) {
      logits[t] = multiply(output, norm(x[t], 0, embedding, norm));
    }
    return logits;
  }

  private void block(String p, double[][] x) {
    int n = x.length;
    double[][] q = new double[n][];
    double[][] k = new double[n][];
    double[][] v = new double[n][];
    for (int t = 0; t < n; t++) {
      double[] h = norm(x[t], 0, embedding, tensor(p + "attn_norm.weight").orElseThrow());
      q[t] = projected(p + "attn_q", h);
      k[t] = projected(p + "attn_k", h);
      v[t] = projected(p + "attn_v", h);
      turn(q[t], heads, t, tensor(p + "attn_q_norm.weight"));
      turn(k[t], kvHeads, t, tensor(p + "attn_k_norm.weight"));
    }
    for (int t = 0; t < n; t++) {
      double[] mixed = new double[heads * size];
      for (int head = 0; head < heads; head++) {
        attend(q[t], k, v, t, head, mixed);
      }
      add(x[t], projected(p + "attn_output", mixed));
      double[] h = norm(x[t], 0, embedding, tensor(p + "ffn_norm.weight").orElseThrow());
      double[] gate = projected(p + "ffn_gate", h);
      double[] up = projected(p + "ffn_up", h);
      for (int i = 0; i < gate.length; i++) {
        gate[i] = gate[i] / (1 + Math.exp(-gate[i])) * up[i];
      }
      add(x[t], projected(p + "ffn_down", gate));
    }
  }

  private void attend(double[] q, double[][] k, double[][] v, int t, int head, double[] mixed) {
    int from = head / (heads / kvHeads) * size;
    double[] p = new double[t + 1];
    double max = Double.NEGATIVE_INFINITY;
    for (int j = 0; j <= t; j++) {
      for (int i = 0; i < size; i++) {
        p[j] += q[head * size + i] * k[j][from + i];
      }
      p[j] /= Math.sqrt(size);
      max = Math.max(max, p[j]);
    }
    double sum = 0;
    for (int j = 0; j <= t; j++) {
      p[j] = Math.exp(p[j] - max);
      sum += p[j];
    }
    for (int j = 0; j <= t; j++) {
      for (int i = 0; i < size; i++) {
        mixed[head * size + i] += p[j] / sum * v[j][from + i];
      }
    }
  }

  /** Norms each head where the family does, then rotates it. */
  private void turn(double[] x, int count, int position, Optional<double[]> headNorm) {
    int dims = (int) meta.integer(family + ".rope.dimension_count").orElse(size);
    double base = meta.real(family + ".rope.freq_base").orElse(10000);
    double[] divisors = tensor("rope_freqs.weight").orElse(null);
    for (int head = 0; head < count; head++) {
      int at = head * size;
      if (headNorm.isPresent()) {
        System.arraycopy(norm(x, at, size, headNorm.get()), 0, x, at, size);
      }
      for (int i = 0; i < dims / 2; i++) {
        int a = at + (family.equals("llama") ? 2 * i : i);
        int b = at + (family.equals("llama") ? 2 * i + 1 : i + dims / 2);
        double angle = position * Math.pow(base, -2.0 * i / dims) / (divisors == null ? 1 : divisors[i]);
        double first = x[a] * Math.cos(angle) - x[b] * Math.sin(angle);
        x[b] = x[a] * Math.sin(angle) + x[b] * Math.cos(angle);
        x[a] = first;
      }
    }
  }

  private double[] norm(double[] x, int at, int n, double[] weight) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += x[at + i] * x[at + i];
    }
    double[] y = new double[n];
    for (int i = 0; i < n; i++) {
      y[i] = x[at + i] / Math.sqrt(sum / n + eps) * weight[i];
    }
    return y;
  }

  private double[] projected(String name, double[] x) {
    double[] y = multiply(tensor(name + ".weight").orElseThrow(), x);
    tensor(name + ".bias").ifPresent(bias -> add(y, bias));
    return y;
  }

  private static void add(double[] to, double[] what) {
    for (int i = 0; i < to.length; i++) {
      to[i] += what[i];
    }
  }

  private static double[] multiply(double[] w, double[] x) {
    double[] y = new double[w.length / x.length];
    for (int n = 0; n < y.length; n++) {
      for (int i = 0; i < x.length; i++) {
        y[n] += w[n * x.length + i] * x[i];
      }
    }
    return y;
  }

  private Optional<double[]> tensor(String name) {
    return gguf.tensor(name).map(PlainDecoder::values);
  }

  private static double[] values(GgufTensor tensor) {
    long elements = 1;
    for (long size : tensor.shape()) {
      elements *= size;
    }
    return Formats.decode(tensor.dtype(), tensor.data(), 0, elements);
  }
}
