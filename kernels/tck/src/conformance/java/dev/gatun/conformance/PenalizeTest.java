package dev.gatun.conformance;

import static dev.gatun.conformance.OperatorHarness.F32_BOUND;

import dev.gatun.DType;
import dev.gatun.Penalize;
import dev.gatun.Tensor;
import dev.gatun.tck.oracle.Inputs;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PenalizeTest {
  @RegisterExtension
  static final OperatorHarness HARNESS = new OperatorHarness();

  static Stream<RowCase> cases() {
    return RowCase.coveringF32().stream();
  }

  private static Tensor ids(RowCase c, int history) {
    int[] ids = Inputs.integers(1, c.rows() * history, -2, c.n() + 3);
    return HARNESS.fill(HARNESS.place(DType.I32, c.placement(), c.rows(), history), Arrays.stream(ids).asDoubleStream().toArray());
  }

  private static Tensor lengths(RowCase c, int history) {
    return HARNESS.input(DType.I32, Arrays.stream(Inputs.integers(2, c.rows(), -1, history + 3)).asDoubleStream().toArray(), c.rows());
  }

  private static Tensor penalties(RowCase c) {
    return HARNESS.input(DType.F32, Inputs.uniform(3, 3 * c.rows(), 0.1, 2), c.rows(), 3);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void computesItsFormula(RowCase c) {
    for (int history : new int[] {0, 1, 19}) {
      Tensor x = HARNESS.rows(c, 4, c.n());
      HARNESS.check(new Penalize(x, ids(c, history), lengths(c, history), penalties(c), HARNESS.rowsOut(c, c.n())), F32_BOUND);
      HARNESS.check(new Penalize(x, ids(c, history), lengths(c, history), penalties(c), x), F32_BOUND);
    }
  }

  @Test
  void aTokenSeenOftenIsCountedAndDividedOnce() {
    Tensor x = HARNESS.input(DType.F32, new double[] {3, -3, 0, 5}, 1, 4);
    Tensor history = HARNESS.input(DType.I32, new double[] {0, 1, 0, 2, 0, 1}, 1, 6);
    Tensor penalties = HARNESS.input(DType.F32, new double[] {1.5, 0.25, 0.125}, 1, 3);
    HARNESS.check(new Penalize(x, history, HARNESS.ints(6), penalties, HARNESS.output(DType.F32, 1, 4)), F32_BOUND);
  }
}
