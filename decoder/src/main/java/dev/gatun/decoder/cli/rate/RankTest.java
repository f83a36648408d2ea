package dev.gatun.decoder.cli.rate;

import java.util.Arrays;
import java.util.function.DoublePredicate;

/**
 * The rank-sum test of Mann and Whitney (Annals of Mathematical Statistics 18, 1947): how likely a difference in rank at least as
 * large would be if both series came from one distribution. Exact, by counting every way to deal the ranks, ties included, up to
 * {@value #MOST_EXACT} samples; the normal distribution corrected for ties and continuity beyond.
 */
public final class RankTest {
  private static final int MOST_EXACT = 60;
  private static final double ROUNDING = 1e-9;

  private RankTest() {}

  /** The probability of a difference to either side; 1 where either series is empty. */
  public static double p(double[] a, double[] b) {
    if (a.length == 0 || b.length == 0) {
      return 1;
    }
    int[] ranks = doubledRanks(a, b);
    double mean = mean(ranks, a.length);
    double away = Math.abs(sum(ranks, a.length) - mean);
    if (ranks.length > MOST_EXACT) {
      return Math.min(1, 2 * normal(ranks, a.length, mean - away));
    }
    // The distribution is symmetric without ties only, so distance from the mean decides.
    return exact(ranks, a.length, total -> Math.abs(total - mean) >= away - ROUNDING);
  }

  /** The probability that {@code low} would be as far below {@code high} as it is, or further; neither is empty. */
  public static double below(double[] low, double[] high) {
    int[] ranks = doubledRanks(low, high);
    double sum = sum(ranks, low.length);
    return ranks.length > MOST_EXACT ? normal(ranks, low.length, sum) : exact(ranks, low.length, total -> total <= sum + ROUNDING);
  }

  /** The least {@link #p} that any two series of these lengths can have. */
  public static double least(int a, int b) {
    double ways = 1;
    for (int i = 1; i <= Math.min(a, b); i++) {
      ways = ways * (a + b - Math.min(a, b) + i) / i;
    }
    return Math.min(1, 2 / ways);
  }

  /** Twice the ranks, so that the ranks of ties, which are means, are whole. */
  private static int[] doubledRanks(double[] a, double[] b) {
    double[] all = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, all, a.length, b.length);
    double[] sorted = all.clone();
    Arrays.sort(sorted);
    int[] ranks = new int[all.length];
    for (int i = 0; i < all.length; i++) {
      int first = 0;
      while (sorted[first] < all[i]) {
        first++;
      }
      int last = first;
      while (last + 1 < sorted.length && sorted[last + 1] == all[i]) {
        last++;
      }
      ranks[i] = first + last + 2;
    }
    return ranks;
  }

  private static double sum(int[] ranks, int count) {
    return Arrays.stream(ranks, 0, count).sum();
  }

  private static double mean(int[] ranks, int count) {
    return (double) count * Arrays.stream(ranks).sum() / ranks.length;
  }

  /** The share of all ways to choose {@code count} of the ranks whose sum is one of those asked for. */
  private static double exact(int[] ranks, int count, DoublePredicate asked) {
    int most = Arrays.stream(ranks).sum();
    double[][] ways = new double[count + 1][most + 1];
    ways[0][0] = 1;
    for (int rank : ranks) {
      for (int chosen = count; chosen > 0; chosen--) {
        for (int total = most; total >= rank; total--) {
          ways[chosen][total] += ways[chosen - 1][total - rank];
        }
      }
    }
    double all = 0;
    double found = 0;
    for (int total = 0; total <= most; total++) {
      all += ways[count][total];
      found += asked.test(total) ? ways[count][total] : 0;
    }
    return found / all;
  }

  /** The probability of a sum of ranks, doubled as they are, of {@code sum} or less. */
  private static double normal(int[] ranks, int count, double sum) {
    double n = ranks.length;
    double square = Arrays.stream(ranks).mapToDouble(rank -> (rank / 2.0 - (n + 1) / 2) * (rank / 2.0 - (n + 1) / 2)).sum();
    double variance = count * (n - count) / (n * (n - 1)) * square;
    if (variance == 0) {
      return 1;
    }
    double z = ((sum - mean(ranks, count)) / 2 + 0.5) / Math.sqrt(variance);
    double tail = complement(Math.abs(z) / Math.sqrt(2)) / 2;
    return z <= 0 ? tail : 1 - tail;
  }

  /** 1 - erf, by formula 7.1.26 of Abramowitz and Stegun, within 1.5e-7. */
  private static double complement(double x) {
    double t = 1 / (1 + 0.3275911 * x);
    return t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) * Math.exp(-x * x);
  }
}
