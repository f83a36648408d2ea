package dev.gatun.decoder.cli.rate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TwoSidedRankTestTest {
  /** Series whose U, the count of pairs in which the first has the greater, is this. */
  private static double[][] withU(int n, int m, int u) {
    double[] b = IntStream.range(0, m).mapToDouble(i -> 10 * (i + 1)).toArray();
    double[] a = new double[n];
    for (int i = 0; i < n; i++) {
      int above = Math.min(m, u);
      a[i] = 10 * above + 5 + i / 100.0;
      u -= above;
    }
    return new double[][] {a, b};
  }

  @ParameterizedTest
  @CsvSource({"4, 4, 0", "5, 5, 2", "6, 6, 5", "8, 8, 13", "10, 10, 23", "5, 8, 6", "12, 12, 37", "20, 20, 127"})
  void criticalValuesAreThoseOfThePublishedTables(int n, int m, int critical) {
    double[][] at = withU(n, m, critical);
    double[][] next = withU(n, m, critical + 1);
    assertThat(RankTest.p(at[0], at[1])).isLessThanOrEqualTo(0.05);
    assertThat(RankTest.p(next[0], next[1])).isGreaterThan(0.05);
  }

  @ParameterizedTest
  @CsvSource({"3, 3, 20", "4, 4, 70", "5, 5, 252", "3, 5, 56"})
  void seriesThatDoNotOverlapAreTheLeastLikely(int n, int m, int ways) {
    double[][] apart = withU(n, m, 0);
    assertThat(RankTest.p(apart[0], apart[1])).isCloseTo(2.0 / ways, within(1e-12));
    assertThat(RankTest.p(apart[1], apart[0])).isCloseTo(2.0 / ways, within(1e-12));
    assertThat(RankTest.least(n, m)).isCloseTo(2.0 / ways, within(1e-12));
  }

  @Test
  void tiesAreCountedByEveryWayToDealThem() {
    // Of the 20 ways to choose three of 1 1 2 2 2 3, those whose ranks sum as far from 10.5 as 1 1 2 do: ranks 1.5 1.5 4 4 4 6.
    double[] ranks = {1.5, 1.5, 4, 4, 4, 6};
    int beyond = 0;
    for (int chosen = 0; chosen < 64; chosen++) {
      if (Integer.bitCount(chosen) == 3) {
        double sum = 0;
        for (int i = 0; i < 6; i++) {
          sum += (chosen >> i & 1) * ranks[i];
        }
        beyond += Math.abs(sum - 10.5) >= 3.5 ? 1 : 0;
      }
    }
    assertThat(RankTest.p(new double[] {1, 1, 2}, new double[] {2, 2, 3})).isCloseTo(beyond / 20.0, within(1e-12));
  }

  @Test
  void whatIsEqualOrEmptyShowsNothing() {
    assertThat(RankTest.p(new double[] {7, 7, 7}, new double[] {7, 7, 7})).isEqualTo(1);
    assertThat(RankTest.p(new double[0], new double[] {7})).isEqualTo(1);
    assertThat(RankTest.p(new double[40], new double[40])).isEqualTo(1);
  }

  @Test
  void longSeriesGetTheNormalDistribution() {
    // n = m = 40, U = 600: z = (200 - 0.5) / sqrt(40 * 40 * 81 / 12) = 1.91967, whose two tails are 0.05490.
    double[][] series = withU(40, 40, 600);
    assertThat(RankTest.p(series[0], series[1])).isCloseTo(0.05490, within(1e-4));
  }

  @Test
  void equalDistributionsPassForDifferentAsOftenAsTheLevelSays() {
    Random random = new Random(11);
    int found = 0;
    for (int i = 0; i < 1000; i++) {
      double[] a = random.doubles(10).toArray();
      double[] b = random.doubles(10).toArray();
      found += RankTest.p(a, b) < 0.01 ? 1 : 0;
    }
    assertThat(found).isBetween(1, 20);
  }
}
