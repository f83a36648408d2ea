package dev.gatun.tck.oracle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import dev.gatun.ShapeException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ErrorsTest {
  private static final double INF = Double.POSITIVE_INFINITY;

  @Test
  void theFiguresAreThoseOfTheFormula() {
    double[] expected = {3, 4, 0};
    double[] actual = {3, 4.5, -1};
    Errors errors = Errors.between(expected, actual);
    assertThat(errors.nmse()).isEqualTo(1.25 / 25);
    assertThat(errors.maxAbs()).isEqualTo(1);
    assertThat(errors.worst()).isEqualTo(2);
    assertThat(errors.describe(expected, actual)).contains("0.05").contains("at 2").contains("-1.0");
    assertThat(Nmse.of(expected, new float[] {3, 4.5f, -1})).isEqualTo(0.05);
  }

  @Test
  void equalAnswersHaveNoErrorEvenIfAllAreZero() {
    assertThat(Errors.between(new double[] {0, 0}, new double[] {0, -0.0})).isEqualTo(new Errors(0, 0, -1, 0));
    assertThat(Nmse.of(new double[0], new double[0])).isZero();
  }

  @Test
  void anErrorBesideZerosIsInfinite() {
    assertThat(Nmse.of(new double[] {0, 0}, new double[] {0, 1e-9})).isEqualTo(INF);
  }

  @Test
  void aNaNOrInfinityComesBeforeEveryOtherError() {
    for (double bad : new double[] {Double.NaN, INF, -INF}) {
      Errors errors = Errors.between(new double[] {1, 2, 3}, new double[] {100, bad, 3});
      assertThat(errors).isEqualTo(new Errors(INF, INF, 1, 1));
    }
    assertThat(Errors.between(new double[] {1, Double.NaN, INF}, new double[] {1, 2, -INF}).nonFinite()).isEqualTo(2);
  }

  @Test
  void theSameNaNAndInfinityWhereExpectedAreRight() {
    double[] expected = {1, Double.NaN, INF, -INF};
    assertThat(Errors.between(expected, expected.clone())).isEqualTo(new Errors(0, 0, -1, 0));
  }

  @Test
  void differentLengthsAreRefused() {
    assertThatThrownBy(() -> Nmse.of(new double[2], new double[3])).isInstanceOf(ShapeException.class);
  }

  @Test
  void inputsAreTheSameForTheSameSeedAndLookAsTheyAreNamed() {
    double[] once = Inputs.normalWithOutliers(7, 100);
    assertThat(once).isEqualTo(Inputs.normalWithOutliers(7, 100)).isNotEqualTo(Inputs.normalWithOutliers(8, 100));
    double[] normal = Inputs.normal(1, 100_000, 2);
    assertThat(Arrays.stream(normal).average().orElseThrow()).isCloseTo(0, offset(0.03));
    assertThat(Arrays.stream(normal).map(v -> v * v).average().orElseThrow()).isCloseTo(4, offset(0.1));
    assertThat(Arrays.stream(Inputs.uniform(1, 100_000, -2, 4))).allMatch(v -> v >= -2 && v <= 4 && v == v.floatValue());
    assertThat(Arrays.stream(Inputs.normalWithOutliers(1, 100_000)).filter(v -> Math.abs(v) > 6).count()).isBetween(400L, 900L);
    assertThat(Inputs.integers(4, 1000, -3, 5)).contains(-3, -2, -1, 0, 1, 2, 3, 4).doesNotContain(-4, 5);
  }
}
