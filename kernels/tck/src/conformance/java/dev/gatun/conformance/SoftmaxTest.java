package dev.gatun.conformance;

import static dev.gatun.conformance.OperatorHarness.F32_BOUND;

import dev.gatun.DType;
import dev.gatun.Softmax;
import dev.gatun.Tensor;
import dev.gatun.tck.oracle.Inputs;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SoftmaxTest {
  @RegisterExtension
  static final OperatorHarness HARNESS = new OperatorHarness();

  static Stream<RowCase> cases() {
    return RowCase.covering().stream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void computesItsFormula(RowCase c) {
    for (float scale : new float[] {1, 0.125f, 3}) {
      HARNESS.check(new Softmax(HARNESS.rows(c, 1, c.n()), scale, HARNESS.rowsOut(c, c.n())), F32_BOUND);
    }
  }

  @ParameterizedTest
  @EnumSource(Placement.class)
  void worksInPlace(Placement placement) {
    Tensor x = HARNESS.fill(HARNESS.place(DType.F32, placement, 2, 3, 47), Inputs.normal(2, 2 * 3 * 47, 4));
    HARNESS.check(new Softmax(x, 0.7f, x), F32_BOUND);
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-3, 1, 30, 500})
  void holdsForFlatAndForPeakedRows(double spread) {
    Tensor x = HARNESS.input(DType.F32, Inputs.normal(3, 4 * 513, spread), 4, 513);
    HARNESS.check(new Softmax(x, 1, HARNESS.output(DType.F32, 4, 513)), F32_BOUND);
  }

  @Test
  void largeElementsDoNotOverflow() {
    Tensor x = HARNESS.input(DType.F32, Inputs.uniform(4, 3 * 70, 3e37, 3.1e37), 3, 70);
    HARNESS.check(new Softmax(x, 1, HARNESS.output(DType.F32, 3, 70)), F32_BOUND);
  }

  @Test
  void infinityAndNanFollowTheFormula() {
    double inf = Double.POSITIVE_INFINITY;
    double[] values = Inputs.normal(5, 6 * 37, 1);
    Arrays.fill(values, 0, 37, -inf);
    Arrays.fill(values, 37, 70, -inf);
    values[2 * 37 + 36] = Double.NaN;
    values[3 * 37 + 1] = inf;
    values[4 * 37] = -inf;
    HARNESS.check(new Softmax(HARNESS.input(DType.F32, values, 6, 37), 1, HARNESS.output(DType.F32, 6, 37)), F32_BOUND);
  }

  @Test
  void aVocabularyOfLogitsSumsToOne() {
    int n = HARNESS.sized(32_003, 4_099);
    Tensor x = HARNESS.input(DType.F32, Inputs.normal(6, 2 * n, 3), 2, n);
    HARNESS.check(new Softmax(x, 1, HARNESS.output(DType.F32, 2, n)), F32_BOUND);
  }

  @Test
  void oneDimensionIsOneRow() {
    HARNESS.check(new Softmax(HARNESS.vector(Inputs.normal(7, 29, 1)), 1, HARNESS.output(DType.F32, 29)), F32_BOUND);
  }
}
