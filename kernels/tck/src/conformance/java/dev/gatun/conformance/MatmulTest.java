package dev.gatun.conformance;

import static dev.gatun.conformance.OperatorHarness.F32_BOUND;
import static dev.gatun.conformance.OperatorHarness.ROUNDED_BOUND;
import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.DType;
import dev.gatun.Matmul;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.tck.oracle.Elements;
import dev.gatun.tck.oracle.Formats;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Inputs;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.MethodSource;

class MatmulTest {
  @RegisterExtension
  static final OperatorHarness HARNESS = new OperatorHarness();

  /** Activations may be rounded to F8_E4M3. */
  private static final double SCALED_BOUND = 2e-3;

  private static double bound(DType w) {
    return w.isFloat() ? F32_BOUND : ROUNDED_BOUND;
  }

  /** A weight whose elements are near one another in size, as a model's are. */
  private static Tensor weight(DType dtype, Placement placement, int n, int k) {
    return HARNESS.fill(HARNESS.place(dtype, placement, n, k), Inputs.normal(100 + n, n * k, 0.07));
  }

  private static Tensor activations(DType dtype, Placement placement, int m, int k) {
    return HARNESS.fill(HARNESS.place(dtype, placement, m, k), Inputs.normal(200 + m, m * k, 1));
  }

  static Stream<DType> required() {
    return OperatorHarness.REQUIRED.stream();
  }

  @ParameterizedTest
  @MethodSource("required")
  void multipliesEveryNumberOfRows(DType type) {
    int[][] sizes = {{1, 5}, {1, 64}, {1, 131}, {2, 13}, {3, 7}, {4, 33}, {5, 16}, {7, 1}, {8, 31}, {17, 97}, {33, 40}};
    for (int[] size : sizes) {
      int k = type.blockSize() == 1 ? 77 : HARNESS.sized(3, type.blockSize() > 32 ? 1 : 3) * type.blockSize();
      Tensor x = activations(DType.F32, Placement.PACKED, size[0], k);
      Tensor w = weight(type, Placement.PACKED, size[1], k);
      HARNESS.check(new Matmul(x, w, HARNESS.output(DType.F32, size[0], size[1])), bound(type));
    }
  }

  @ParameterizedTest
  @MethodSource("required")
  void multipliesEveryRowLength(DType type) {
    int block = type.blockSize();
    int[] lengths = block == 1 ? new int[] {1, 2, 7, 8, 15, 16, 17, 31, 33, 64, 100, 257, 1000, 2049} : new int[] {1, 2, 3, 4, 5, 7, 8, 9,
        33};
    for (int length : lengths) {
      int k = block == 256 ? Math.min(length, HARNESS.sized(9, 3)) * 256 : length * block;
      for (int m : new int[] {1, 6}) {
        Tensor x = activations(DType.F32, Placement.PACKED, m, k);
        HARNESS.check(new Matmul(x, weight(type, Placement.PACKED, 19, k), HARNESS.output(DType.F32, m, 19)), bound(type));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("required")
  void readsAndWritesEveryFloatTypeAtEveryPlacement(DType type) {
    int k = type.blockSize() == 1 ? 45 : 2 * type.blockSize();
    for (DType in : new DType[] {DType.F32, DType.F16, DType.BF16}) {
      for (DType out : new DType[] {DType.F32, DType.F16, DType.BF16}) {
        for (Placement placement : Placement.values()) {
          for (int m : new int[] {1, 5}) {
            Tensor y = HARNESS.place(out, placement, m, 23);
            HARNESS.check(new Matmul(activations(in, placement, m, k), weight(type, placement, 23, k), y), bound(type));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("required")
  void addsABias(DType type) {
    int k = type.blockSize() == 1 ? 50 : type.blockSize();
    Optional<Tensor> bias = Optional.of(HARNESS.vector(Inputs.normal(5, 29, 1)));
    for (int m : new int[] {1, 4}) {
      Tensor x = activations(DType.F32, Placement.PACKED, m, k);
      HARNESS.check(new Matmul(x, weight(type, Placement.PACKED, 29, k), bias, HARNESS.output(DType.F32, m, 29)), bound(type));
    }
  }

  @ParameterizedTest
  @MethodSource("required")
  void stopsAtTheCount(DType type) {
    int k = type.blockSize() == 1 ? 40 : type.blockSize();
    for (int count : new int[] {0, 1, 3, 8, 99, -1}) {
      RowCase c = new RowCase(8, k, DType.F32, DType.F32, Placement.STRIDED, Optional.of(count));
      HARNESS.fresh();
      Tensor x = HARNESS.rows(c, 7, k);
      HARNESS.check(new Matmul(x, weight(type, Placement.PACKED, 21, k), HARNESS.rowsOut(c, 21)), bound(type));
    }
  }

  @ParameterizedTest
  @MethodSource("required")
  void readsEveryCodeAndScaleOfAWeight(DType type) {
    int k = type.blockSize() == 1 ? 64 : 2 * type.blockSize();
    Tensor w = HARNESS.place(type, Placement.PACKED, 40, k);
    w.buffer().host().orElseThrow().asSlice(w.offset(), w.bytes()).copyFrom(Inputs.elements(type, 11, 40 * k));
    for (int m : new int[] {1, 5}) {
      HARNESS.check(new Matmul(activations(DType.F32, Placement.PACKED, m, k), w, HARNESS.output(DType.F32, m, 40)), bound(type));
    }
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, mode = Mode.EXCLUDE, names = {"I8", "I32"})
  void servesEveryWeightOncePrepared(DType type) {
    HARNESS.needs(type);
    int k = type.blockSize() == 1 ? 70 : 2 * type.blockSize();
    Tensor w = weight(type, Placement.SHIFTED, 37, k);
    for (int m : new int[] {1, 5}) {
      Tensor x = activations(DType.F32, Placement.PACKED, m, k);
      Tensor y = HARNESS.output(DType.F32, m, 37);
      HARNESS.check(new Matmul(x, w, y), engine -> new Matmul(x, engine.backend().prepare(w, Use.MATMUL).tensor(), y), Host.buffers(),
          bound(type), true);
    }
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, mode = Mode.EXCLUDE, names = {"I8", "I32"})
  void servesTypesBeyondTheRequiredOrSaysWhyNot(DType type) {
    int k = type.blockSize() == 1 ? 70 : 2 * type.blockSize();
    Tensor w = weight(type, Placement.PACKED, 37, k);
    HARNESS.checkIfServed(new Matmul(activations(DType.F32, Placement.PACKED, 3, k), w, HARNESS.output(DType.F32, 3, 37)), bound(type));
  }

  @ParameterizedTest
  @MethodSource("required")
  void noRowChangesAnother(DType type) {
    int k = type.blockSize() == 1 ? 96 : 2 * type.blockSize();
    int m = 6;
    Tensor w = weight(type, Placement.PACKED, 50, k);
    double[] values = Inputs.normal(9, m * k, 1);
    double[] others = Inputs.normalWithOutliers(10, m * k);
    System.arraycopy(values, 2 * k, others, 2 * k, k);
    others[0] = Double.NaN;
    others[4 * k] = Double.POSITIVE_INFINITY;
    Tensor x = HARNESS.input(DType.F32, values, m, k);
    Tensor y = HARNESS.output(DType.F32, m, 50);
    for (Engine engine : HARNESS.engines()) {
      HARNESS.fill(x, values);
      HARNESS.run(engine, new Matmul(x, w, y));
      double[] alone = Arrays.copyOfRange(OperatorHarness.bits(y), 100, 150);
      HARNESS.fill(x, others);
      HARNESS.run(engine, new Matmul(x, w, y));
      assertThat(Arrays.copyOfRange(OperatorHarness.bits(y), 100, 150)).as("%s %s", type, engine).containsExactly(alone);
    }
  }

  @ParameterizedTest
  @MethodSource("required")
  void nanAndInfinityReachTheirRow(DType type) {
    int k = type.blockSize() == 1 ? 64 : type.blockSize();
    double[] values = Inputs.normal(9, 3 * k, 1);
    values[5] = Double.NaN;
    values[k + 7] = Double.POSITIVE_INFINITY;
    Tensor x = HARNESS.input(DType.F32, values, 3, k);
    Tensor y = HARNESS.output(DType.F32, 3, 11);
    for (Engine engine : HARNESS.engines()) {
      HARNESS.run(engine, new Matmul(x, weight(type, Placement.PACKED, 11, k), y));
      double[] rows = OperatorHarness.bits(y);
      assertThat(Arrays.copyOf(rows, 11)).as("%s %s, the row with NaN", type, engine).containsOnly(Double.NaN);
      assertThat(Arrays.stream(rows, 11, 22)).as("%s %s, the row with an infinity", type, engine).noneMatch(Double::isFinite);
      assertThat(Arrays.stream(rows, 22, 33)).as("%s %s, the row beside them", type, engine).allMatch(Double::isFinite);
    }
  }

  @ParameterizedTest
  @MethodSource("required")
  void zerosGiveZerosAndNoRowsNothing(DType type) {
    int k = type.blockSize() == 1 ? 64 : type.blockSize();
    Tensor w = weight(type, Placement.PACKED, 11, k);
    HARNESS.check(new Matmul(HARNESS.input(DType.F32, new double[2 * k], 2, k), w, HARNESS.output(DType.F32, 2, 11)),
        OperatorHarness.EXACT);
    HARNESS.check(new Matmul(HARNESS.output(DType.F32, 0, k), w, HARNESS.output(DType.F32, 0, 11)), OperatorHarness.EXACT);
  }

  @Test
  void activationsWithOutliersKeepTheirBound() {
    int n = HARNESS.sized(150, 22);
    Tensor x = HARNESS.input(DType.F32, Inputs.normalWithOutliers(12, 4 * 1024), 4, 1024);
    for (DType type : new DType[] {DType.Q8_0, DType.Q4_0, DType.Q6_K, DType.F16}) {
      HARNESS.check(new Matmul(x, weight(type, Placement.PACKED, n, 1024), HARNESS.output(DType.F32, 4, n)), bound(type));
    }
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F8_E4M3", "F8_E5M2"})
  void aScaleMultipliesAllOfAWeightItsRowsOrItsBlocks(DType type) {
    HARNESS.needs(type);
    int n = 150;
    for (int k : new int[] {272, 131}) {
      Tensor w = weight(type, Placement.PACKED, n, k);
      for (int[] shape : new int[][] {{1}, {n}, {2, Math.ceilDiv(k, Matmul.SCALED)}}) {
        int numbers = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        Tensor scale = HARNESS.input(DType.F32, Inputs.uniform(numbers, numbers, 0.01, 0.04), Arrays.stream(shape).asLongStream().toArray());
        for (int m : new int[] {1, 3, 33}) {
          Tensor x = activations(m == 3 ? DType.BF16 : DType.F32, Placement.PACKED, m, k);
          Optional<Tensor> bias = m == 3 ? Optional.of(HARNESS.vector(Inputs.normal(6, n, 1))) : Optional.empty();
          HARNESS.check(new Matmul(x, w, Optional.of(scale), bias, HARNESS.output(m == 33 ? DType.F16 : DType.F32, m, n)), SCALED_BOUND);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("required")
  void aPreparedWeightGivesTheValuesItWasMadeFrom(DType type) {
    int k = type.blockSize() == 1 ? 40 : type.blockSize();
    Tensor w = weight(type, Placement.PACKED, 9, k);
    double[] values = Elements.all(Host.buffers(), w);
    assertThat(values).as("what the test itself relies on").containsExactly(Formats.rounded(type, Inputs.normal(109, 9 * k, 0.07)));
    int m = HARNESS.sized(k, Math.min(k, 40));
    double[] identity = new double[m * k];
    for (int i = 0; i < m; i++) {
      identity[i * k + k - m + i] = 1;
    }
    Tensor y = HARNESS.output(DType.F32, m, 9);
    Tensor x = HARNESS.input(DType.F32, identity, m, k);
    // What a block stands for may be rounded to BF16, which gives 3e-6.
    HARNESS.check(new Matmul(x, w, y), engine -> new Matmul(x, engine.backend().prepare(w, Use.MATMUL).tensor(), y), Host.buffers(),
        type.isBlock() ? 1e-5 : F32_BOUND, true);
  }
}
