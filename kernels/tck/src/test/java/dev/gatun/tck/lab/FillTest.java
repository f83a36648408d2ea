package dev.gatun.tck.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FillTest {
  private static final int N = 4000;

  @ParameterizedTest
  @EnumSource(Fill.class)
  void theSameSeedGivesTheSameValues(Fill fill) {
    assertThat(fill.values(3, N)).containsExactly(fill.values(3, N));
  }

  @ParameterizedTest
  @EnumSource(value = Fill.class, names = {"EQUAL", "ZERO", "MINUS_INFINITY"}, mode = EnumSource.Mode.EXCLUDE)
  void anotherSeedGivesOthers(Fill fill) {
    assertThat(fill.values(3, N)).isNotEqualTo(fill.values(4, N));
  }

  @ParameterizedTest
  @EnumSource(Fill.class)
  void everyValueIsOneOfF32(Fill fill) {
    assertThat(Arrays.stream(fill.values(5, N))).allMatch(v -> Double.compare(v, v.floatValue()) == 0);
  }

  @ParameterizedTest
  @EnumSource(Fill.class)
  void isFiniteWhereItSaysSo(Fill fill) {
    assertThat(Arrays.stream(fill.values(6, N)).allMatch(Double::isFinite)).isEqualTo(fill.isFinite());
  }

  @ParameterizedTest
  @EnumSource(Fill.class)
  void mayBeEmptyOrOne(Fill fill) {
    assertThat(fill.values(7, 0)).isEmpty();
    assertThat(fill.values(7, 1)).hasSize(1);
  }

  private static double share(Fill fill, java.util.function.DoublePredicate of) {
    return Arrays.stream(fill.values(8, N)).filter(of).count() / (double) N;
  }

  @Test
  void eachHoldsWhatItPromises() {
    assertThat(share(Fill.DENORMAL, v -> v != 0 && Math.abs(v) < Float.MIN_NORMAL)).isBetween(0.45, 0.55);
    assertThat(share(Fill.INFINITE, v -> v == Double.POSITIVE_INFINITY)).isBetween(0.04, 0.09);
    assertThat(share(Fill.INFINITE, v -> v == Double.NEGATIVE_INFINITY)).isBetween(0.04, 0.09);
    assertThat(share(Fill.NAN, Double::isNaN)).isBetween(0.02, 0.045);
    assertThat(share(Fill.ONE_NAN, Double::isNaN)).isEqualTo(1.0 / N);
    assertThat(Fill.ONE_NAN.values(8, 9)[4]).isNaN();
    assertThat(share(Fill.UNIFORM, v -> Math.abs(v) < 0.5)).isBetween(0.46, 0.54);
    assertThat(share(Fill.NORMAL, v -> Math.abs(v) < 1)).isBetween(0.65, 0.72);
    assertThat(share(Fill.OUTLIERS, v -> Math.abs(v) > 6)).isBetween(0.002, 0.012);
    assertThat(share(Fill.MINUS_INFINITY, v -> v == Double.NEGATIVE_INFINITY)).isEqualTo(1);
    assertThat(Arrays.stream(Fill.TIES.values(8, N)).distinct().count()).isEqualTo(7);
    assertThat(Arrays.stream(Fill.EQUAL.values(8, N)).distinct().count()).isEqualTo(1);
    assertThat(share(Fill.WIDE, v -> Math.abs(v) > 1e5)).isBetween(0.02, 0.2);
    assertThat(share(Fill.WIDE, v -> Math.abs(v) < 1e-5)).isBetween(0.02, 0.2);
  }
}
