package dev.gatun.conformance;

import static dev.gatun.conformance.OperatorHarness.EXACT;

import dev.gatun.Argmax;
import dev.gatun.DType;
import dev.gatun.Tensor;
import dev.gatun.TopK;
import dev.gatun.tck.oracle.Inputs;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link Argmax} and {@link TopK}. */
class SelectionTest {
  @RegisterExtension
  static final OperatorHarness HARNESS = new OperatorHarness();

  static Stream<RowCase> cases() {
    return RowCase.covering().stream();
  }

  private static Tensor ids(RowCase c, Tensor x, long... shape) {
    Tensor ids = HARNESS.place(DType.I32, c.placement(), shape);
    return x.count().map(ids::withCount).orElse(ids);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void findsTheLargest(RowCase c) {
    Tensor x = HARNESS.rows(c, 1, c.n());
    HARNESS.check(new Argmax(x, ids(c, x, c.rows())), EXACT);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void ordersTheLargest(RowCase c) {
    Tensor x = HARNESS.rows(c, 2, c.n());
    for (int k : new int[] {1, Math.min(5, c.n()), c.n()}) {
      Tensor values = HARNESS.place(DType.F32, c.placement(), c.rows(), k);
      HARNESS.check(new TopK(x, x.count().map(values::withCount).orElse(values), ids(c, x, c.rows(), k)), EXACT);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 16, 17, 64, 100, 1000})
  void theLowestIndexWinsTies(int n) {
    double[] values = Arrays.stream(Inputs.integers(3, 4 * n, 0, 3)).asDoubleStream().toArray();
    Arrays.fill(values, 0, n, 7);
    select(HARNESS.input(DType.F32, values, 4, n), Math.min(n, 20));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 16, 17, 33, 100, 1000})
  void nanIsLargerThanAnything(int n) {
    double[] values = Inputs.normal(4, 5 * n, 1);
    values[n - 1] = Double.NaN;
    values[n] = Double.NaN;
    values[2 * n - 1] = Double.NaN;
    values[3 * n - 1] = Double.POSITIVE_INFINITY;
    values[3 * n - 2] = Double.NaN;
    Arrays.fill(values, 3 * n, 4 * n, Double.NEGATIVE_INFINITY);
    Arrays.fill(values, 4 * n, 5 * n, Double.NaN);
    select(HARNESS.input(DType.F32, values, 5, n), Math.min(n, 20));
  }

  @Test
  void zerosOfBothSignsTie() {
    select(HARNESS.input(DType.F32, new double[] {-1, -0.0, 0, -0.0, 0}, 1, 5), 4);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 40, 50_257})
  void choosesFromAVocabulary(int k) {
    int n = HARNESS.sized(50_257, 4_177);
    select(HARNESS.input(DType.F32, Inputs.normal(5, n, 2), 1, n), Math.min(k, n));
  }

  private static void select(Tensor x, int k) {
    HARNESS.check(new Argmax(x, HARNESS.output(DType.I32, x.size(0))), EXACT);
    HARNESS.check(new TopK(x, HARNESS.output(DType.F32, x.size(0), k), HARNESS.output(DType.I32, x.size(0), k)), EXACT);
  }
}
