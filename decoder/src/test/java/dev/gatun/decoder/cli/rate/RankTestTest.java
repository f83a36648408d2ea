package dev.gatun.decoder.cli.rate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RankTestTest {
  /** Every way to draw {@code m} of {@code all}: the share in which at most as many pairs are the wrong way round. */
  private static double counted(double[] low, double[] high) {
    double[] all = new double[low.length + high.length];
    System.arraycopy(low, 0, all, 0, low.length);
    System.arraycopy(high, 0, all, low.length, high.length);
    int seen = wrong(low, high);
    int ways = 0;
    int asFar = 0;
    for (int bits = 0; bits < 1 << all.length; bits++) {
      if (Integer.bitCount(bits) == low.length) {
        double[] a = new double[low.length];
        double[] b = new double[high.length];
        int i = 0;
        int j = 0;
        for (int at = 0; at < all.length; at++) {
          if ((bits >> at & 1) == 1) {
            a[i++] = all[at];
          } else {
            b[j++] = all[at];
          }
        }
        ways++;
        asFar += wrong(a, b) <= seen ? 1 : 0;
      }
    }
    return (double) asFar / ways;
  }

  private static int wrong(double[] low, double[] high) {
    int pairs = 0;
    for (double a : low) {
      for (double b : high) {
        pairs += a > b ? 1 : 0;
      }
    }
    return pairs;
  }

  @Test
  void chanceIsThatOfAllOrders() {
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < 20; i++) {
      double[] low = random.doubles(3 + i % 4).map(value -> value - 0.3).toArray();
      double[] high = random.doubles(6).toArray();
      assertThat(RankTest.below(low, high)).isCloseTo(counted(low, high), within(1e-12));
    }
  }

  @Test
  void normalApproximationMeetsTheExactOne() {
    SplittableRandom random = new SplittableRandom(4);
    double[] low = random.doubles(31).map(value -> value - 0.15).toArray();
    double[] high = random.doubles(30).toArray();
    double[] fewer = java.util.Arrays.copyOf(low, 30);
    double exact = RankTest.below(fewer, high);
    double approximate = RankTest.below(low, high);
    assertThat(exact).isBetween(0.0001, 0.2);
    assertThat(approximate / exact).isBetween(0.3, 3.0);
    assertThat(RankTest.below(high, low)).isGreaterThan(0.8);
  }

  @Test
  void fiveAgainstFiveCanBeSure() {
    assertThat(RankTest.below(new double[] {1, 2, 3, 4, 5}, new double[] {6, 7, 8, 9, 10})).isEqualTo(1 / 252.0);
    assertThat(RankTest.below(new double[] {6, 7, 8, 9, 10}, new double[] {1, 2, 3, 4, 5})).isEqualTo(1);
    assertThat(RankTest.below(new double[] {1, 1, 1}, new double[] {1, 1, 1})).isGreaterThan(0.5);
  }
}
