package dev.gatun.decoder.cli.report;

import java.util.Arrays;

/**
 * The rank-sum test of Mann and Whitney (1947), both sides: how likely a difference in rank at least as large would be if both series came from one
 * distribution. Exact, by counting every way to deal the ranks, ties included, up to {@value #MOST_EXACT} samples; the normal distribution corrected for
 * ties and continuity beyond.
 */
final class RankTest {
  private static final int MOST_EXACT = 60;

  private RankTest() {}

  /** The probability; 1 where either series is empty. */
  static double p(double[] a, double[] b) {
    if (a.length == 0 || b.length == 0) {
      return 1;
    }
    int[] ranks = doubledRanks(a, b);
    long sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += ranks[i];
    }
    return a.length + b.length <= MOST_EXACT ? exact(ranks, a.length, sum) : normal(ranks, a.length, sum);
  }

  /** The least probability that any two series of these lengths can have. */
  static double least(int a, int b) {
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

  private static double exact(int[] ranks, int count, long sum) {
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
    // The distribution is symmetric without ties only, so distance from the mean decides.
    double mean = (double) count * most / ranks.length;
    double away = Math.abs(sum - mean) - 1e-9;
    double all = 0;
    double beyond = 0;
    for (int total = 0; total <= most; total++) {
      all += ways[count][total];
      beyond += Math.abs(total - mean) >= away ? ways[count][total] : 0;
    }
    return Math.min(1, beyond / all);
  }

  private static double normal(int[] ranks, int count, long sum) {
    double n = ranks.length;
    double mean = count * (n + 1) / 2;
    double square = Arrays.stream(ranks).mapToDouble(rank -> (rank / 2.0 - (n + 1) / 2) * (rank / 2.0 - (n + 1) / 2)).sum();
    double variance = count * (n - count) / (n * (n - 1)) * square;
    if (variance == 0) {
      return 1;
    }
    double z = Math.max(0, Math.abs(sum / 2.0 - mean) - 0.5) / Math.sqrt(variance);
    return Math.min(1, complement(z / Math.sqrt(2)));
  }

  /** 1 - erf, by formula 7.1.26 of Abramowitz and Stegun, within 1.5e-7. */
  private static double complement(double x) {
    double t = 1 / (1 + 0.3275911 * x);
    return t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) * Math.exp(-x * x);
  }
}
