package dev.gatun.conformance;

import static dev.gatun.conformance.OperatorHarness.ROUNDED_BOUND;
import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.DType;
import dev.gatun.Matmul;
import dev.gatun.Tensor;
import dev.gatun.spi.Plan;
import dev.gatun.tck.oracle.Inputs;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every instance of the CUDA backend's matmul kernels, by sizes that it is chosen for. Tiles of a block-quantized weight round both factors to BF16; all others keep
 * the bound of float32.
 */
class MatmulInstancesTest {
  @RegisterExtension
  static final OperatorHarness HARNESS = new OperatorHarness();

  /** Enough tiles of 128x128 for every multiprocessor of the emulated device. */
  private static final int MANY = 130;
  private static final int COLUMNS = 131;

  static Stream<DType> types() {
    return Arrays.stream(DType.values()).filter(type -> type != DType.I8 && type != DType.I32);
  }

  private static Matmul matmul(DType x, DType w, Placement placement, int m, int n, int k) {
    Tensor activations = HARNESS.fill(HARNESS.place(x, placement, m, k), Inputs.normal(31 + m, m * k, 1));
    Tensor weight = HARNESS.fill(HARNESS.place(w, placement, n, k), Inputs.normal(17 + n, n * k, 0.07));
    Tensor bias = HARNESS.vector(Inputs.normal(5, n, 1));
    return new Matmul(activations, weight, Optional.of(bias), HARNESS.place(DType.F32, placement, m, n));
  }

  /** Checks a case, and gives the kernel that the emulated device ran. */
  private static String checked(Matmul o) {
    HARNESS.check(o, KernelCases.bound(o.w().dtype(), (int) o.x().size(0)));
    Engine engine = HARNESS.engines().getFirst();
    return engine.backend().plan(o) instanceof Plan plan ? plan.kernel() : "";
  }

  @ParameterizedTest
  @MethodSource("types")
  void fewRowsAreStreamed(DType type) {
    int k = type.blockSize() == 1 ? 203 : 3 * type.blockSize();
    for (Placement placement : Placement.values()) {
      for (int m : new int[] {1, 2, 4, 8}) {
        assertThat(checked(matmul(DType.F32, type, placement, m, 37, k))).startsWith("gemv_" + type.label() + "_");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("types")
  void aWeightTooLongForSharedMemoryIsTakenInParts(DType type) {
    int k = 15 * 1024 - (type.blockSize() == 1 ? 3 : 0);
    for (int m : new int[] {1, 3}) {
      assertThat(checked(matmul(DType.F32, type, Placement.PACKED, m, 5, k))).startsWith("gemv_");
    }
  }

  @ParameterizedTest
  @MethodSource("types")
  void manyRowsAreTiled(DType type) {
    int k = type.blockSize() == 1 ? 75 : type.blockSize();
    for (Placement placement : Placement.values()) {
      for (DType x : new DType[] {DType.F32, DType.F16, DType.BF16}) {
        assertThat(checked(matmul(x, type, placement, 33, 70, k))).matches("[cw]?gemm_.*");
      }
    }
  }

  @Test
  void hugeAndTinyActivationsAndWeightsKeepTheRangeOfFloat32() {
    int k = 64;
    for (double scale : new double[] {1e30, 1e-30}) {
      double[] values = Inputs.normal(3, 40 * k, scale);
      values[0] = Math.copySign(Float.MAX_VALUE, values[0]);
      Tensor x = HARNESS.fill(HARNESS.place(DType.F32, Placement.PACKED, 40, k), values);
      Tensor w = HARNESS.fill(HARNESS.place(DType.Q8_0, Placement.PACKED, 66, k), Inputs.normal(4, 66 * k, 0.01));
      HARNESS.check(new Matmul(x, w, HARNESS.output(DType.F32, 40, 66)), ROUNDED_BOUND);  // one rounding is all of a sum here
    }
  }

  @Test
  void anInfinityGivesItsSignAndNanItsRowOnTensorCores() {
    int k = 64;
    double[] values = Inputs.normal(3, 40 * k, 1);
    values[3 * k + 5] = Double.POSITIVE_INFINITY;
    values[17 * k + 9] = Double.NEGATIVE_INFINITY;
    values[21 * k] = Double.NaN;
    Tensor x = HARNESS.fill(HARNESS.place(DType.F32, Placement.PACKED, 40, k), values);
    for (DType type : new DType[] {DType.F16, DType.BF16, DType.Q8_0, DType.Q4_1}) {
      Tensor w = HARNESS.fill(HARNESS.place(type, Placement.PACKED, 66, k), Inputs.normal(4, 66 * k, 0.1));
      HARNESS.check(new Matmul(x, w, HARNESS.output(DType.F32, 40, 66)), KernelCases.bound(w.dtype(), 40));
    }
  }

  static Stream<DType> tiledTwice() {
    return Stream.of(DType.F16, DType.BF16, DType.Q8_0, DType.Q4_0, DType.Q4_K, DType.Q6_K);
  }

  @ParameterizedTest
  @MethodSource("tiledTwice")
  void manyTilesAreLarge(DType type) {
    int k = type.blockSize() == 1 ? 72 : type.blockSize();
    Placement packed = type.isFloat() ? Placement.SHIFTED : Placement.PACKED;  // rows that could be copied as they lie would be
    assertThat(checked(matmul(DType.F32, type, packed, MANY, COLUMNS, k))).startsWith("gemm_").endsWith("_128x128");
    assertThat(checked(matmul(DType.F16, type, Placement.STRIDED, MANY, COLUMNS, k))).startsWith("gemm_").endsWith("_128x128");
    assertThat(checked(matmul(DType.BF16, type, Placement.SHIFTED, MANY, COLUMNS, k))).startsWith("gemm_").endsWith("_128x128");
  }

  /** Rows that begin at multiples of 16 bytes, with a bias, into each type of result; more tiles than multiprocessors, fewer, and one whose K is cut in parts. */
  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16", "BF16"})
  void rowsThatCanBeCopiedAreNotDecoded(DType y) {
    for (DType x : new DType[] {DType.F32, DType.F16, DType.BF16}) {
      for (int[] size : new int[][] {{9, 70, 1096}, {150, 300, 136}, {520, 390, 72}}) {
        for (Placement placement : new Placement[] {Placement.PACKED, Placement.STRIDED}) {
          Matmul o = matmul(x, DType.BF16, Placement.PACKED, size[0], size[1], size[2]);
          Matmul into = new Matmul(o.x(), o.w(), o.bias(), HARNESS.place(y, placement, size[0], size[1]));
          assertThat(checked(into)).matches("[cw]gemm_(bf16|split)_.*");
          HARNESS.fresh();
        }
      }
    }
  }

  @Test
  void tilesPastTheCountAreNeitherReadNorWritten() {
    for (int count : new int[] {0, 1, 63, 64, 130, 300, 999}) {
      for (DType x : new DType[] {DType.F32, DType.BF16}) {
        HARNESS.fresh();
        RowCase c = new RowCase(300, 136, x, DType.F32, Placement.PACKED, Optional.of(count));
        Tensor w = HARNESS.fill(HARNESS.place(DType.BF16, Placement.PACKED, 270, 136), Inputs.normal(17, 270 * 136, 0.07));
        assertThat(checked(new Matmul(HARNESS.rows(c, 7, 136), w, HARNESS.rowsOut(c, 270)))).matches("[cw]gemm_.*");
        HARNESS.fresh();
        RowCase few = new RowCase(40, 1032, x, DType.F32, Placement.PACKED, Optional.of(count));
        Tensor wide = HARNESS.fill(HARNESS.place(DType.BF16, Placement.PACKED, 37, 1032), Inputs.normal(18, 37 * 1032, 0.07));
        assertThat(checked(new Matmul(HARNESS.rows(few, 7, 1032), wide, HARNESS.rowsOut(few, 37)))).matches("[cw]gemm_.*");
      }
    }
  }

  @Test
  void noElementsOfARowGiveTheBias() {
    for (int m : new int[] {1, 40}) {
      for (DType type : new DType[] {DType.F32, DType.F16, DType.BF16}) {
        assertThat(checked(matmul(DType.F32, type, Placement.PACKED, m, 33, 0))).isNotEmpty();
      }
    }
  }
}
