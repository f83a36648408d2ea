package dev.gatun.conformance;

import static dev.gatun.conformance.OperatorHarness.F32_BOUND;

import dev.gatun.DType;
import dev.gatun.LayerNorm;
import dev.gatun.Operator;
import dev.gatun.RmsNorm;
import dev.gatun.Tensor;
import dev.gatun.tck.oracle.Inputs;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class NormsTest {
  @RegisterExtension
  static final OperatorHarness HARNESS = new OperatorHarness();

  enum Kind {
    RMS, LAYER, LAYER_WITH_BIAS;

    Operator over(Tensor x, float eps, Tensor y) {
      int n = Math.toIntExact(x.size(-1));
      Tensor weight = HARNESS.vector(Inputs.uniform(11, n, 0.5, 1.5));
      return switch (this) {
        case RMS -> new RmsNorm(x, weight, eps, y);
        case LAYER -> new LayerNorm(x, weight, Optional.empty(), eps, y);
        case LAYER_WITH_BIAS -> new LayerNorm(x, weight, Optional.of(HARNESS.vector(Inputs.normal(12, n, 1))), eps, y);
      };
    }
  }

  static Stream<Arguments> cases() {
    return Arrays.stream(Kind.values()).flatMap(kind -> RowCase.covering().stream().map(c -> Arguments.of(kind, c)));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void computesItsFormula(Kind kind, RowCase c) {
    HARNESS.check(kind.over(HARNESS.rows(c, 1, c.n()), 1e-5f, HARNESS.rowsOut(c, c.n())), F32_BOUND);
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void normsEveryHeadOfATokenByItself(Kind kind) {
    for (int size : new int[] {16, 24, 40, 80, 128}) {
      for (Placement placement : Placement.values()) {
        Tensor x = HARNESS.fill(HARNESS.place(DType.F32, placement, 3, 5, size), Inputs.normal(2, 15 * size, 3));
        HARNESS.check(kind.over(x, 1e-6f, HARNESS.place(DType.F32, placement, 3, 5, size)), F32_BOUND);
        HARNESS.check(kind.over(x, 1e-6f, x), F32_BOUND);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void aRowWithNanOrInfinitySpoilsNoOther(Kind kind) {
    double[] values = Inputs.normal(3, 5 * 70, 1);
    values[70 + 69] = Double.NaN;
    values[3 * 70 + 2] = Double.POSITIVE_INFINITY;
    HARNESS.check(kind.over(HARNESS.input(DType.F32, values, 5, 70), 1e-5f, HARNESS.output(DType.F32, 5, 70)), F32_BOUND);
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void epsilonKeepsZerosFinite(Kind kind) {
    HARNESS.check(kind.over(HARNESS.input(DType.F32, new double[2 * 19], 2, 19), 1e-5f, HARNESS.output(DType.F32, 2, 19)), F32_BOUND);
    HARNESS.check(kind.over(HARNESS.input(DType.F32, Inputs.normal(4, 38, 1e-4), 2, 19), 1e-5f, HARNESS.output(DType.F32, 2, 19)),
        F32_BOUND);
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void outliersDoNotSpoilTheSum(Kind kind) {
    Tensor x = HARNESS.input(DType.F32, Inputs.normalWithOutliers(5, 4 * 4096), 4, 4096);
    HARNESS.check(kind.over(x, 1e-5f, HARNESS.output(DType.F32, 4, 4096)), F32_BOUND);
  }

  @ParameterizedTest
  @EnumSource(value = Kind.class, names = {"LAYER", "LAYER_WITH_BIAS"})
  void aLargeMeanIsTakenOutBeforeSquaring(Kind kind) {
    double[] values = Inputs.uniform(6, 3 * 500, 999, 1001);
    HARNESS.check(kind.over(HARNESS.input(DType.F32, values, 3, 500), 1e-5f, HARNESS.output(DType.F32, 3, 500)), 1e-7);
  }
}
