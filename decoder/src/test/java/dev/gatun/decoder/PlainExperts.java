package dev.gatun.decoder;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Mixtures of experts in float64 loops. */
final class PlainExperts {
  private final PlainTensors t;
  private final String p;

  /** Of the block whose tensors' names begin with {@code p}. */
  PlainExperts(PlainTensors t, String p) {
    this.t = t;
    this.p = p;
  }

  double[] given(double[] x) {
    double[] logits = t.projected(p + "ffn_gate_inp", x);
    int function = t.integer("expert_gating_func", 1);
    double[] gates = function == 2 ? IntStream.range(0, logits.length).mapToDouble(e -> 1 / (1 + Math.exp(-logits[e]))).toArray() : softmax(logits);
    List<Integer> chosen = chosen(gates);
    double sum = chosen.stream().mapToDouble(e -> gates[e]).sum();
    boolean normalized = t.flag("expert_weights_norm", !t.family().matches("qwen2moe|deepseek2"));
    double scale = t.real("expert_weights_scale", 1);
    double[] y = new double[x.length];
    for (int e : chosen) {
      double weight = gates[e] / (normalized ? sum : 1) * scale;
      double[] unit = unit(x, "_exps", e, t.required(p + "ffn_down_exps.weight").length / logits.length / x.length);
      for (int i = 0; i < y.length; i++) {
        y[i] += weight * unit[i];
      }
    }
    if (t.has(p + "ffn_gate_shexp.weight")) {
      double[] unit = unit(x, "_shexp", 0, t.outer(p + "ffn_gate_shexp.weight"));
      double weight = t.has(p + "ffn_gate_inp_shexp.weight") ? 1 / (1 + Math.exp(-t.multiply(p + "ffn_gate_inp_shexp.weight", 0, 1, x)[0])) : 1;
      for (int i = 0; i < y.length; i++) {
        y[i] += weight * unit[i];
      }
    }
    return y;
  }

  private static double[] softmax(double[] x) {
    double sum = IntStream.range(0, x.length).mapToDouble(e -> Math.exp(x[e])).sum();
    return IntStream.range(0, x.length).mapToDouble(e -> Math.exp(x[e]) / sum).toArray();
  }

  /** The best experts of the best groups, a group's score being the sum of its two best. */
  private List<Integer> chosen(double[] gates) {
    double[] scores = gates.clone();
    t.tensor(p + "exp_probs_b.bias").ifPresent(bias -> PlainTensors.add(scores, bias));
    int groups = t.integer("expert_group_count", 1);
    int size = gates.length / groups;
    List<Integer> best = IntStream.range(0, groups).boxed().sorted(Comparator.comparingDouble((Integer g) -> groups == 1 ? 0
        : -IntStream.range(g * size, (g + 1) * size).mapToDouble(e -> -scores[e]).sorted().limit(2).map(s -> -s).sum()))
        .limit(t.integer("expert_group_used_count", 1)).toList();
    return IntStream.range(0, gates.length).boxed().filter(e -> best.contains(e / size)).sorted(Comparator.comparingDouble(e -> -scores[e]))
        .limit(t.integer("expert_used_count")).toList();
  }

  private double[] unit(double[] x, String suffix, int expert, int width) {
    String both = p + "ffn_gate_up" + suffix + ".weight";
    double[] gate = t.has(both) ? t.multiply(both, 2 * expert * width, width, x) : t.multiply(p + "ffn_gate" + suffix + ".weight", expert * width, width, x);
    double[] up = t.has(both) ? t.multiply(both, (2 * expert + 1) * width, width, x) : t.multiply(p + "ffn_up" + suffix + ".weight", expert * width, width, x);
    double[] mixed = IntStream.range(0, width).mapToDouble(i -> gate[i] / (1 + Math.exp(-gate[i])) * up[i]).toArray();
    return t.multiply(p + "ffn_down" + suffix + ".weight", expert * x.length, x.length, mixed);
  }
}
