package dev.gatun.tornado.op;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Backend;
import dev.gatun.Buffer;
import dev.gatun.DType;
import dev.gatun.Gatun;
import dev.gatun.Matmul;
import dev.gatun.Shape;
import dev.gatun.Tensor;
import dev.gatun.conformance.TornadoEngines;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Unsupported;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which of matmul's kernels is chosen, and what is said of the other. */
class MatmulPlanTest {
  private static final int N = 48;
  private static final int K = 256;
  private static final Backend BACKEND = Gatun.open(TornadoEngines.here());

  @AfterAll
  static void close() {
    BACKEND.close();
  }

  private static Decision plan(int rows, Tensor w, Traits traits) {
    return new MatmulKernel().plan(new Matmul(BACKEND.allocate(DType.F32, rows, K), w, BACKEND.allocate(DType.F32, rows, N)), traits);
  }

  private static TornadoPlan plan(int rows, boolean cpu, int local, int kib) {
    return (TornadoPlan) plan(rows, BACKEND.allocate(DType.Q4_K, N, K), new Traits(2, local, kib << 10, cpu));
  }

  @ParameterizedTest
  @CsvSource({
      "1,  false, 128, 48, matmul_q4_k_rows_small, 1 rows of x by 4 of w for 128 items,   tiles: 1 rows of x leave most of a tile empty",
      "8,  false, 128, 32, matmul_q4_k_rows_small, 8 rows of x by 4 of w for 128 items,   tiles: 8 rows of x leave most of a tile empty",
      "8,  false, 256, 32, matmul_q4_k_rows_small, 4 rows of x by 4 of w for 256 items,   tiles: 8 rows of x leave most of a tile empty",
      "9,  false, 128, 32, matmul_q4_k_tiles,      32 rows of x by 64 of w for 128 items, rows: the weight would be decoded 2 times",
      "99, false, 256, 48, matmul_q4_k_tiles,      64 rows of x by 64 of w for 256 items, rows: the weight would be decoded 25 times",
      "9,  false, 128, 24, matmul_q4_k_rows_small, 8 rows of x by 4 of w for 128 items,   'tiles: they take 24704 bytes of local memory, the device has 24576'",
      "1,  true,  16,  48, matmul_q4_k_rows,       1 rows of x by 16 of w for 16 items,   tiles: a processor's vectors lie along K",
      "99, true,  16,  48, matmul_q4_k_rows,       32 rows of x by 32 of w for 16 items,  tiles: a processor's vectors lie along K",
      "99, true,  16,  32, matmul_q4_k_rows_small, 16 rows of x by 16 of w for 16 items,  tiles: a processor's vectors lie along K"})
  void rowsOrTilesAreChosenByTheirNumberAndTheLocalMemory(int rows, boolean cpu, int local, int kib, String kernel, String tile, String rejected) {
    TornadoPlan plan = plan(rows, cpu, local, kib);
    assertThat(plan.kernel()).isEqualTo(kernel);
    assertThat(plan.tile()).isEqualTo(tile);
    assertThat(plan.rejected()).containsExactly(rejected);
  }

  @ParameterizedTest
  @CsvSource({"1, false", "99, false", "99, true"})
  void refusesADeviceWithoutLocalMemoryForAnyForm(int rows, boolean cpu) {
    Decision decision = plan(rows, BACKEND.allocate(DType.Q4_K, N, K), new Traits(2, 16, 20 << 10, cpu));
    assertThat(decision).isEqualTo(new Unsupported("matmul_q4_k_rows_small takes 20736 bytes of local memory, the device has 20480; use another device"));
  }

  @Test
  void tellsBytesAndOperations() {
    TornadoPlan plan = plan(3, false, 128, 48);
    assertThat(plan.bytes()).isEqualTo(4L * 3 * K + 144L * N + 4L * 3 * N);
    assertThat(plan.flops()).isEqualTo(2L * 3 * N * K);
    assertThat(plan.workspaceBytes()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"Q8_0, true", "Q6_K, true", "MXFP4, false"})
  void refusesBlocksBetweenTwoShortsWhereItReadsShorts(DType type, boolean refused) {
    Buffer buffer = BACKEND.allocate(type.bytes((long) N * K) + 1);
    Decision decision = plan(1, Tensor.of(buffer, 1, type, Shape.of(N, K)), new Traits(2, 16, 1 << 15, true));
    assertThat(decision instanceof Unsupported).isEqualTo(refused);
    if (decision instanceof Unsupported unsupported) {
      assertThat(unsupported.reason()).contains("starts at byte 1").contains("aligned buffer");
    }
  }
}
