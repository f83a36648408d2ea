package dev.gatun.conformance;

import static dev.gatun.conformance.OperatorHarness.F32_BOUND;

import dev.gatun.Add;
import dev.gatun.DType;
import dev.gatun.Gelu;
import dev.gatun.GeluMul;
import dev.gatun.Mul;
import dev.gatun.Operator;
import dev.gatun.Scale;
import dev.gatun.SiluMul;
import dev.gatun.Softcap;
import dev.gatun.Tensor;
import dev.gatun.tck.oracle.Inputs;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class ElementwiseTest {
  @RegisterExtension
  static final OperatorHarness HARNESS = new OperatorHarness();

  enum Kind {
    ADD, MUL, SCALE, SOFTCAP, SILU_MUL, GELU_ERF, GELU_TANH, GELU_MUL_ERF, GELU_MUL_TANH;

    Operator over(Tensor a, Tensor b, Tensor y) {
      return switch (this) {
        case ADD -> new Add(a, b, y);
        case MUL -> new Mul(a, b, y);
        case SCALE -> new Scale(a, -0.37f, y);
        case SOFTCAP -> new Softcap(a, 1.25f, y);
        case SILU_MUL -> new SiluMul(a, b, y);
        case GELU_ERF -> new Gelu(a, Gelu.Form.ERF, y);
        case GELU_TANH -> new Gelu(a, Gelu.Form.TANH, y);
        case GELU_MUL_ERF -> new GeluMul(a, b, Gelu.Form.ERF, y);
        case GELU_MUL_TANH -> new GeluMul(a, b, Gelu.Form.TANH, y);
      };
    }

    boolean takesTwo() {
      return switch (this) {
        case ADD, MUL, SILU_MUL, GELU_MUL_ERF, GELU_MUL_TANH -> true;
        case SCALE, SOFTCAP, GELU_ERF, GELU_TANH -> false;
      };
    }
  }

  static Stream<Arguments> cases() {
    return Arrays.stream(Kind.values()).flatMap(kind -> RowCase.covering().stream().map(c -> Arguments.of(kind, c)));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void computesItsFormula(Kind kind, RowCase c) {
    HARNESS.check(kind.over(HARNESS.rows(c, 1, c.n()), HARNESS.rows(c, 2, c.n()), HARNESS.rowsOut(c, c.n())), F32_BOUND);
  }

  @ParameterizedTest
  @EnumSource(value = Kind.class, names = {"ADD", "MUL"})
  void repeatsOneRow(Kind kind) {
    for (RowCase c : RowCase.covering()) {
      HARNESS.check(kind.over(HARNESS.rows(c, 1, c.n()), HARNESS.vector(Inputs.normal(2, c.n(), 1)), HARNESS.rowsOut(c, c.n())), F32_BOUND);
      HARNESS.fresh();
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void worksInPlaceOverEachInput(Kind kind) {
    for (Placement placement : Placement.values()) {
      for (int side = 0; side < (kind.takesTwo() ? 2 : 1); side++) {
        Tensor a = HARNESS.fill(HARNESS.place(DType.F32, placement, 3, 41), Inputs.normal(3, 123, 2));
        Tensor b = HARNESS.fill(HARNESS.place(DType.F32, placement, 3, 41), Inputs.normal(4, 123, 2));
        HARNESS.check(kind.over(a, b, side == 0 ? a : b), F32_BOUND);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void takesAnyNumberOfDimensions(Kind kind) {
    for (long[] shape : new long[][] {{23}, {2, 3, 19}, {2, 3, 2, 9}, {0}, {2, 0}, {3, 0, 5}}) {
      int n = (int) Arrays.stream(shape).reduce(1, (x, y) -> x * y);
      for (Placement placement : Placement.values()) {
        Tensor a = HARNESS.fill(HARNESS.place(DType.F32, placement, shape), Inputs.normal(5, n, 1));
        Tensor b = HARNESS.fill(HARNESS.place(DType.F32, Placement.PACKED, shape), Inputs.normal(6, n, 1));
        HARNESS.check(kind.over(a, b, HARNESS.place(DType.F32, placement, shape)), F32_BOUND);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void carriesNanInfinityAndExtremesInEveryLane(Kind kind) {
    double inf = Double.POSITIVE_INFINITY;
    double[] special = {Double.NaN, inf, -inf, 0, -0.0, 1e30, -1e30, 1e-30, -1e-30, 88, -88, 100, -100, 10, -10, 4, -4, 0.5, -0.5};
    double[] values = new double[97];
    for (int i = 0; i < values.length; i++) {
      values[i] = special[i % special.length];
    }
    double[] ones = new double[values.length];
    Arrays.fill(ones, 1);
    Tensor a = HARNESS.input(DType.F32, values, 1, values.length);
    Tensor b = HARNESS.input(DType.F32, ones, 1, ones.length);
    HARNESS.check(kind.over(a, b, HARNESS.output(DType.F32, 1, values.length)), F32_BOUND);
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void isPreciseForSmallAndForLargeInputs(Kind kind) {
    for (double size : new double[] {1e-4, 0.01, 0.3, 3, 20}) {
      Tensor a = HARNESS.input(DType.F32, Inputs.normal(7, 300, size), 3, 100);
      Tensor b = HARNESS.input(DType.F32, Inputs.normal(8, 300, 1), 3, 100);
      HARNESS.check(kind.over(a, b, HARNESS.output(DType.F32, 3, 100)), F32_BOUND);
    }
  }

  @Test
  void aRowLargeEnoughForEveryThreadIsWholeAndTheSame() {
    int n = HARNESS.sized(3001, 569);
    Tensor a = HARNESS.input(DType.F32, Inputs.normal(9, 33 * n, 1), 33, n);
    Tensor b = HARNESS.input(DType.F32, Inputs.normal(10, 33 * n, 1), 33, n);
    HARNESS.check(new SiluMul(a, b, HARNESS.output(DType.F32, 33, n)), F32_BOUND);
  }
}
