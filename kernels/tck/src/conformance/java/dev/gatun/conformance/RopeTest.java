package dev.gatun.conformance;

import static dev.gatun.conformance.OperatorHarness.F32_BOUND;

import dev.gatun.DType;
import dev.gatun.Rope;
import dev.gatun.Rotation;
import dev.gatun.Rotation.Pairs;
import dev.gatun.Rotation.Scaling;
import dev.gatun.Tensor;
import dev.gatun.tck.oracle.Inputs;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class RopeTest {
  @RegisterExtension
  static final OperatorHarness HARNESS = new OperatorHarness();

  private static final int[] HEAD_SIZES = {2, 16, 24, 40, 64, 80, 96, 128, 192, 256};

  static Stream<Arguments> sizes() {
    return Arrays.stream(Pairs.values()).flatMap(pairs -> Arrays.stream(HEAD_SIZES).boxed().map(size -> Arguments.of(pairs, size)));
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void turnsEveryHeadSize(Pairs pairs, int size) {
    Tensor positions = HARNESS.ints(0, 1, 17, 4095);
    for (Placement placement : Placement.values()) {
      Tensor x = HARNESS.fill(HARNESS.place(DType.F32, placement, 4, 3, size), Inputs.normal(1, 12 * size, 1));
      Rotation whole = new Rotation(pairs, size, 10_000);
      HARNESS.check(new Rope(x, positions, Optional.empty(), whole, HARNESS.place(DType.F32, placement, 4, 3, size)), F32_BOUND);
      HARNESS.check(new Rope(x, positions, Optional.empty(), whole, x), F32_BOUND);
    }
  }

  @ParameterizedTest
  @EnumSource(Pairs.class)
  void copiesWhatDoesNotTurn(Pairs pairs) {
    for (int dims : new int[] {2, 6, 20, 38, 40}) {
      Tensor x = HARNESS.input(DType.F32, Inputs.normal(2, 5 * 2 * 40, 1), 5, 2, 40);
      Rope rope = new Rope(x, HARNESS.ints(3, 1, 4, 1, 5), Optional.empty(), new Rotation(pairs, dims, 1e6),
          HARNESS.output(DType.F32, 5, 2, 40));
      HARNESS.check(rope, F32_BOUND);
      HARNESS.check(new Rope(x, rope.positions(), Optional.empty(), rope.rotation(), x), F32_BOUND);
    }
  }

  static Stream<Arguments> scalings() {
    List<Scaling> scalings = List.of(new Scaling.None(), new Scaling.Linear(4), new Scaling.Llama3(8, 1, 4, 8192),
        new Scaling.Llama3(32, 1, 4, 256),
        new Scaling.Yarn(4, 4096, 1, 32, 1), new Scaling.Yarn(40, 512, 0.8, 32, 1), new Scaling.Yarn(1, 4096, 1, 32, 1));
    return Arrays.stream(Pairs.values()).flatMap(pairs -> scalings.stream().map(scaling -> Arguments.of(pairs, scaling)));
  }

  @ParameterizedTest
  @MethodSource("scalings")
  void servesEveryScalingWithAndWithoutFactors(Pairs pairs, Scaling scaling) {
    Tensor x = HARNESS.input(DType.F32, Inputs.normal(3, 4 * 2 * 64, 1), 4, 2, 64);
    Tensor positions = HARNESS.ints(0, 100, 8191, 131_071);
    for (double base : new double[] {10_000, 500_000}) {
      for (double magnitude : new double[] {1, 1.19}) {
        Rotation rotation = new Rotation(pairs, 64, base, scaling, magnitude);
        HARNESS.check(new Rope(x, positions, Optional.empty(), rotation, HARNESS.output(DType.F32, 4, 2, 64)), F32_BOUND);
        Tensor factors = HARNESS.vector(Inputs.uniform(4, 32, 1, 40));
        HARNESS.check(new Rope(x, positions, Optional.of(factors), rotation, HARNESS.output(DType.F32, 4, 2, 64)), F32_BOUND);
      }
    }
  }

  static Stream<RowCase> rowCases() {
    return RowCase.covering().stream().filter(c -> c.n() == 40 || c.n() == 45 || c.n() == 37 || c.n() == 24);
  }

  @ParameterizedTest
  @MethodSource("rowCases")
  void takesEveryTypePlacementAndCount(RowCase c) {
    int size = c.n() / 2 * 2;
    for (Pairs pairs : Pairs.values()) {
      Tensor positions = HARNESS.input(DType.I32, Inputs.uniform(5, c.rows(), 0, 1000), c.rows());
      Tensor x = HARNESS.rows(c, 6, 2, size);
      HARNESS.check(new Rope(x, positions, Optional.empty(), new Rotation(pairs, size, 10_000), HARNESS.rowsOut(c, 2, size)), F32_BOUND);
    }
  }

  @ParameterizedTest
  @EnumSource(Pairs.class)
  void anInfinityStaysInItsPair(Pairs pairs) {
    double[] values = Inputs.normal(7, 2 * 24, 1);
    values[3] = Double.NaN;
    values[30] = Double.POSITIVE_INFINITY;
    Tensor x = HARNESS.input(DType.F32, values, 1, 2, 24);
    Rotation rotation = new Rotation(pairs, 20, 10_000);
    HARNESS.check(new Rope(x, HARNESS.ints(7), Optional.empty(), rotation, HARNESS.output(DType.F32, 1, 2, 24)), F32_BOUND);
  }
}
