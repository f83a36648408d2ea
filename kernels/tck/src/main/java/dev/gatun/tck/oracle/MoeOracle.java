package dev.gatun.tck.oracle;

import dev.gatun.GroupedMatmul;
import dev.gatun.MoeRoute;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;

/** Which experts a token goes to, and what they make of it. */
public final class MoeOracle {
  private MoeOracle() {}

  static Map<String, double[]> route(MoeRoute op, Host host) {
    int rows = Elements.rows(host, op.logits(), op.chosen(), op.weights());
    int n = Math.toIntExact(op.logits().size(1));
    int k = Math.toIntExact(op.chosen().size(1));
    double[] logits = Elements.read(host, op.logits(), rows);
    double[] bias = op.bias().map(b -> Elements.all(host, b)).orElseGet(() -> new double[0]);
    double[] chosen = new double[rows * k];
    double[] weights = new double[rows * k];
    for (int r = 0; r < rows; r++) {
      double[] row = Arrays.copyOfRange(logits, r * n, (r + 1) * n);
      int[] order = order(op.options(), row, bias);
      double[] of = weights(op.options(), row, Arrays.copyOf(order, k));
      for (int j = 0; j < k; j++) {
        chosen[r * k + j] = order[j];
        weights[r * k + j] = of[j];
      }
    }
    return Map.of("chosen", chosen, "weights", weights);
  }

  private static double[] gates(MoeRoute.Options options, double[] logits) {
    return switch (options.gating()) {
      case SOFTMAX -> LogitOracle.softmax(logits);
      case SIGMOID -> Arrays.stream(logits).map(x -> 1 / (1 + StrictMath.exp(-x))).toArray();
      case SOFTMAX_OF_CHOSEN -> logits;
    };
  }

  /** What experts are chosen by; a bias of no elements is none. */
  private static double[] scores(MoeRoute.Options options, double[] logits, double[] bias) {
    if (bias.length == 0) {
      return logits;
    }
    double[] gates = gates(options, logits);
    return IntStream.range(0, gates.length).mapToDouble(e -> gates[e] + bias[e]).toArray();
  }

  private static double[] groupScores(MoeRoute.Options options, double[] logits, double[] bias) {
    int size = logits.length / options.groups();
    boolean sums = options.groupScore() == MoeRoute.GroupScore.TOP_TWO;
    double[] scores = sums && bias.length == 0 ? gates(options, logits) : scores(options, logits, bias);
    return IntStream.range(0, options.groups()).mapToDouble(g -> {
      double[] group = Arrays.copyOfRange(scores, g * size, (g + 1) * size);
      int[] order = LogitOracle.descending(group);
      return group[order[0]] + (sums && size > 1 ? group[order[1]] : 0);
    }).toArray();
  }

  /** The experts that may be chosen, the best first. */
  private static int[] order(MoeRoute.Options options, double[] logits, double[] bias) {
    int size = logits.length / options.groups();
    int[] groups = Arrays.copyOf(LogitOracle.descending(groupScores(options, logits, bias)), options.groupsChosen());
    return Arrays.stream(LogitOracle.descending(scores(options, logits, bias))).filter(e -> Arrays.stream(groups).anyMatch(g -> g == e / size)).toArray();
  }

  private static double[] weights(MoeRoute.Options options, double[] logits, int[] chosen) {
    double[] gates = gates(options, logits);
    double[] weights = Arrays.stream(chosen).mapToDouble(e -> gates[e]).toArray();
    if (options.gating() == MoeRoute.Gating.SOFTMAX_OF_CHOSEN) {
      weights = LogitOracle.softmax(weights);
    }
    double sum = options.normalize() ? Math.max(Arrays.stream(weights).sum(), MoeRoute.LEAST_SUM) : 1;
    return Arrays.stream(weights).map(w -> w / sum * options.scale()).toArray();
  }

  /**
   * How far apart the two nearest scores of a row are that decide about the choice and its order, as a share of the larger; ties do not count.
   *
   * @param bias of no elements for none
   */
  public static double margin(MoeRoute.Options options, int k, double[] logits, double[] bias) {
    double[] scores = scores(options, logits, bias);
    int[] order = order(options, logits, bias);
    double least = options.groups() > 1 ? nearest(Arrays.stream(groupScores(options, logits, bias)).toArray()) : Double.POSITIVE_INFINITY;
    return Math.min(least, nearest(Arrays.stream(order).limit(k + 1L).mapToDouble(e -> scores[e]).toArray()));
  }

  private static double nearest(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    double least = Double.POSITIVE_INFINITY;
    for (int i = 1; i < sorted.length; i++) {
      double gap = sorted[i] - sorted[i - 1];
      double size = Math.max(Math.abs(sorted[i]), Math.abs(sorted[i - 1]));
      least = gap > 0 ? Math.min(least, gap / size) : least;
    }
    return least;
  }

  static Map<String, double[]> groupedMatmul(GroupedMatmul op, Host host) {
    int rows = Elements.rows(host, op.x(), op.chosen(), op.gates().orElse(op.chosen()), op.y());
    int each = Math.toIntExact(op.chosen().size(1));
    int n = Math.toIntExact(op.w().size(1));
    int k = Math.toIntExact(op.w().size(2));
    double[] x = Elements.read(host, op.x(), rows);
    double[] w = Elements.all(host, op.w());
    double[] chosen = Elements.read(host, op.chosen(), rows);
    double[] bias = op.bias().map(b -> Elements.all(host, b)).orElseGet(() -> new double[Math.toIntExact(op.w().size(0)) * n]);
    double[] gates = op.gates().map(g -> Elements.read(host, g, rows)).orElseGet(() -> new double[0]);
    double[] y = new double[op.gates().isPresent() ? rows * n : rows * each * n];
    for (int choice = 0; choice < rows * each; choice++) {
      int expert = (int) chosen[choice];
      int from = op.sharesActivations() ? choice / each : choice;
      for (int j = 0; j < n; j++) {
        double sum = Double.NaN;
        if (expert >= 0 && expert < op.w().size(0)) {
          sum = bias[expert * n + j];
          for (int i = 0; i < k; i++) {
            sum += x[from * k + i] * w[(expert * n + j) * k + i];
          }
        }
        if (gates.length > 0) {
          y[choice / each * n + j] += gates[choice] * sum;
        } else {
          y[choice * n + j] = sum;
        }
      }
    }
    return Map.of("y", y);
  }
}
