package dev.gatun.tck.oracle;

import java.util.Arrays;

/** What one row of a {@link dev.gatun.Sample} is drawn from: ids in order, their probabilities, and the random number that picks one. */
public final class Distribution {
  private final int[] order;
  private final double[] probabilities;
  private final double[] cumulative;
  private final double topP;
  private final double minP;
  private final int topK;
  private final double u;

  Distribution(int[] order, double[] probabilities, double topP, double minP, int topK, double u) {
    this.order = order;
    this.probabilities = probabilities;
    this.cumulative = probabilities.clone();
    Arrays.parallelPrefix(cumulative, Double::sum);
    this.topP = topP;
    this.minP = minP;
    this.topK = topK <= 0 ? order.length : Math.min(topK, order.length);
    this.u = u;
  }

  /** No draw: only {@code id} can come out. */
  static Distribution certain(int id) {
    return new Distribution(new int[] {id}, new double[] {1}, 1, 0, 0, 0);
  }

  /** The random number, in [0, 1). */
  public double u() {
    return u;
  }

  /** The ids that can be drawn, the most probable first. */
  public int[] ids() {
    return Arrays.copyOf(order, kept(0));
  }

  /** The probability of each of {@link #ids()}; they sum to one. */
  public double[] probabilities() {
    return shares(probabilities);
  }

  /** The running sum of {@link #probabilities()}: id i owns the interval from element i − 1 to element i. */
  public double[] cumulative() {
    return shares(cumulative);
  }

  private double[] shares(double[] all) {
    int kept = kept(0);
    double sum = cumulative[kept - 1];
    return Arrays.stream(all, 0, kept).map(p -> p / sum).toArray();
  }

  /** How many ids stay when the cuts at top_p and min_p are moved outwards by {@code slack}, or inwards where it is negative. */
  private int kept(double slack) {
    double wanted = (topP + slack) * cumulative[topK - 1];
    int kept = 1;
    while (kept < topK && cumulative[kept - 1] < wanted) {
      kept++;
    }
    int likely = 1;
    while (likely < kept && probabilities[likely] >= minP * (1 - slack) * probabilities[0]) {
      likely++;
    }
    return likely;
  }

  /** The id that exact arithmetic draws. */
  public int id() {
    int kept = kept(0);
    double target = u * cumulative[kept - 1];
    int i = 0;
    while (i < kept - 1 && !(cumulative[i] > target)) {
      i++;
    }
    return order[i];
  }

  /**
   * Whether float32 arithmetic may draw {@code id}: its interval, widened by {@code epsilon} of the whole at both ends, has the random number
   * in it, for some place of the cuts at top_p and min_p that rounding of that size allows.
   */
  public boolean allows(int id, double epsilon) {
    int most = kept(epsilon);
    int rank = 0;
    while (rank < most && order[rank] != id) {
      rank++;
    }
    if (rank == most) {
      return false;
    }
    for (int kept = Math.max(rank + 1, kept(-epsilon)); kept <= most; kept++) {
      double sum = cumulative[kept - 1];
      double from = rank == 0 ? 0 : cumulative[rank - 1] / sum;
      if (u >= from - epsilon && u <= cumulative[rank] / sum + epsilon) {
        return true;
      }
    }
    return false;
  }
}
