package dev.gatun.cuda.op;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.DType;
import dev.gatun.Matmul;
import dev.gatun.Shape;
import dev.gatun.Storage;
import dev.gatun.Tensor;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.Manifest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class MatmulPlanTest {
  private static Manifest manifest;

  /** The manifest that the build of the emulator wrote, which is that of the fatbins too. */
  @BeforeAll
  static void readManifest() throws IOException {
    try (InputStream in = Gpu.class.getClassLoader().getResourceAsStream("META-INF/gatun/cuda-emulator/manifest")) {
      Assumptions.assumeTrue(in != null, "the emulator was not built");
      manifest = Manifest.parse("the emulator's manifest", new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  private static Gpu hopper() {
    return new Gpu(90, 132, 227 << 10, manifest);
  }

  private static Gpu ada() {
    return new Gpu(89, 142, 99 << 10, manifest);
  }

  private static Gpu ampere() {
    return new Gpu(80, 108, 163 << 10, manifest);
  }

  private static Gpu turing() {
    return new Gpu(75, 40, 64 << 10, manifest);
  }

  private static Tensor tensor(DType type, long rows, long columns) {
    return Tensor.of(new Storage.Nowhere(1L << 40), 0, type, Shape.of(rows, columns));
  }

  private static Matmul matmul(DType x, DType w, long m, long n, long k) {
    return new Matmul(tensor(x, m, k), tensor(w, n, k), tensor(DType.F32, m, n));
  }

  private static Matmul scaled(DType w, long m, long n, long k, long... scale) {
    Matmul o = matmul(DType.BF16, w, m, n, k);
    Tensor numbers = Tensor.of(new Storage.Nowhere(1L << 40), 0, DType.F32, Shape.of(scale));
    return new Matmul(o.x(), o.w(), Optional.of(numbers), Optional.empty(), o.y());
  }

  private static CudaPlan plan(Matmul o, Gpu gpu) {
    return (CudaPlan) OperatorKernels.plan(o, gpu);
  }

  private static String kernel(DType x, DType w, long m, long n, long k, Gpu gpu) {
    return plan(matmul(x, w, m, n, k), gpu).kernel();
  }

  @Test
  void theSmallestTileThatHoldsAllRowsStreamsTheWeight() {
    assertThat(kernel(DType.F32, DType.Q8_0, 1, 4096, 4096, hopper())).isEqualTo("gemv_q8_0_1");
    assertThat(kernel(DType.F32, DType.Q8_0, 2, 4096, 4096, hopper())).isEqualTo("gemv_q8_0_2");
    assertThat(kernel(DType.F32, DType.Q8_0, 3, 4096, 4096, hopper())).isEqualTo("gemv_q8_0_4");
    assertThat(kernel(DType.F32, DType.Q8_0, 8, 4096, 4096, hopper())).isEqualTo("gemv_q8_0_8");
    assertThat(kernel(DType.F32, DType.MXFP4, 2, 4096, 4096, hopper())).isEqualTo("gemv_mxfp4_4");
    assertThat(kernel(DType.F32, DType.MXFP4, 8, 4096, 4096, hopper())).isEqualTo("gemv_mxfp4_4");
  }

  @Test
  void manyRowsGoToTensorCoresInTilesThatFillTheDevice() {
    assertThat(kernel(DType.F32, DType.Q4_K, 9, 4096, 4096, hopper())).isEqualTo("gemm_q4_k_64x64");
    assertThat(kernel(DType.F32, DType.Q4_K, 512, 4096, 4096, hopper())).isEqualTo("gemm_q4_k_64x64");
    assertThat(kernel(DType.F32, DType.Q4_K, 1024, 4096, 4096, hopper())).isEqualTo("gemm_q4_k_128x128");
    assertThat(kernel(DType.F32, DType.Q5_K, 1024, 4096, 4096, hopper())).isEqualTo("gemm_any_64x64");
    assertThat(kernel(DType.F16, DType.F16, 1024, 4096, 4096, hopper())).isEqualTo("gemm_half_128x128");
    assertThat(kernel(DType.BF16, DType.F16, 1024, 4096, 4096, hopper())).isEqualTo("gemm_f16_128x128");
  }

  @Test
  void float32WeightsAndOldDevicesStayInFloat32() {
    assertThat(kernel(DType.F16, DType.F32, 1024, 4096, 4096, hopper())).isEqualTo("gemm_simt_128x64");
    assertThat(kernel(DType.F32, DType.Q8_0, 1024, 4096, 4096, turing())).isEqualTo("gemm_simt_128x64");
    assertThat(kernel(DType.F32, DType.Q8_0, 32, 4096, 4096, turing())).isEqualTo("gemv_q8_0_8");
  }

  @Test
  void scaledWeightsOfE4m3AreMultipliedAsSuchWhereTheDeviceCan() {
    assertThat(plan(scaled(DType.F8_E4M3, 1, 4096, 4096, 32, 32), hopper()).kernel()).isEqualTo("gemv_f8_e4m3_1");
    assertThat(plan(scaled(DType.F8_E4M3, 32, 4096, 4096, 32, 32), hopper()).kernel()).isEqualTo("gemm_e4m3_64x128");
    assertThat(plan(scaled(DType.F8_E4M3, 512, 4096, 4096, 32, 32), hopper()).kernel()).isEqualTo("wgemm_e4m3_128x128");
    assertThat(plan(scaled(DType.F8_E4M3, 512, 4096, 4096, 4096), ada()).kernel()).isEqualTo("gemm_e4m3_64x128");
    assertThat(plan(scaled(DType.F8_E4M3, 512, 4096, 4096, 1), ampere()).kernel()).isEqualTo("gemm_scaled_128x128");
    assertThat(plan(scaled(DType.F8_E4M3, 512, 4096, 4096, 1), turing()).kernel()).isEqualTo("gemm_simt_128x64");
    assertThat(plan(scaled(DType.F8_E5M2, 64, 4096, 4096, 1), hopper()).kernel()).isEqualTo("gemm_scaled_64x64");
    CudaPlan odd = plan(scaled(DType.F8_E4M3, 64, 4096, 4097, 1), hopper());
    assertThat(odd.kernel()).isEqualTo("gemm_scaled_64x64");
    assertThat(odd.rejected()).anyMatch(reason -> reason.startsWith("wgemm_e4m3_128x128: copies rows that start at multiples of 16 bytes"));
    assertThat(kernel(DType.F32, DType.F8_E4M3, 1024, 4096, 4096, hopper())).isEqualTo("gemm_f8_128x128");
  }

  @Test
  void roundedActivationsHaveTheirPlaceInTheWorkspaceAndAreCounted() {
    CudaPlan plan = plan(scaled(DType.F8_E4M3, 200, 256, 1040, 2, 9), hopper());
    // Nine steps in two parts.
    long workspace = 200 * 9 * 128 + 256 * 9 * 4 + 2 * 200 * 256 * 4;
    assertThat(plan.tile()).endsWith("K in 2");
    assertThat(plan.workspaceBytes()).isEqualTo(workspace);
    assertThat(plan.bytes()).isEqualTo(200 * 1040 * 2 + 256 * 1040 + 2 * 9 * 4 + 200 * 256 * 4 + 2 * workspace);
    assertThat(plan.flops()).isEqualTo(2L * 200 * 256 * 1040);
  }

  @Test
  void thePlanKnowsTheBoundAloneAndSaysWhatItWeighed() {
    Tensor count = tensor(DType.I32, 1, 1).reshape(1);
    Matmul o = matmul(DType.F32, DType.Q4_0, 16, 64, 96);
    Matmul varying = new Matmul(o.x().withCount(count), o.w(), Optional.empty(), o.y().withCount(count));
    CudaPlan plan = plan(o, hopper());
    assertThat(plan(varying, hopper())).isEqualTo(plan);
    assertThat(plan.bytes()).isEqualTo(16 * 96 * 4 + 64 * 3 * 18 + 16 * 64 * 4);
    assertThat(plan.flops()).isEqualTo(2L * 16 * 64 * 96);
    assertThat(plan.rejected()).anyMatch(reason -> reason.startsWith("gemv_q4_0_8: ")).anyMatch(reason -> reason.startsWith("gemm_simt_128x64: "))
        .anyMatch(reason -> reason.startsWith("gemm_q4_0_128x128: 1 blocks"));
  }

  @Test
  void aGridCoversAllRowsAndItsSharedMemoryIsThere() {
    for (Gpu gpu : new Gpu[] {hopper(), turing()}) {
      for (long n : new long[] {1, 7, 256, 4096, 151936}) {
        for (long k : new long[] {256, 4096, 14336, 65536}) {
          for (int m : new int[] {1, 2, 4, 8}) {
            Matmul o = matmul(DType.F32, DType.Q4_0, m, n, k);
            MatmulGemv gemv = MatmulGemv.of(o, "gemv_q4_0_" + m, gpu);
            assertThat(gemv.shared()).isLessThanOrEqualTo(gpu.sharedBytes()).isGreaterThan(0);
            assertThat(gemv.room() % 32).isZero();
            assertThat(8 % gemv.split()).isZero();
            assertThat(gemv.tiles()).isEqualTo(1);
            assertThat(gemv.blocks()).isBetween(1L, 8L * gpu.multiprocessors());
          }
        }
      }
    }
  }

  @Test
  void everyInstanceIsSomeCaseChoice() {
    Set<String> chosen = new TreeSet<>();
    for (Gpu gpu : new Gpu[] {hopper(), turing()}) {
      for (DType w : DType.values()) {
        if (w == DType.I8 || w == DType.I32) {
          continue;
        }
        for (DType x : new DType[] {DType.F32, DType.F16, DType.BF16}) {
          for (long m : new long[] {1, 2, 4, 8, 32, 64, 2048}) {
            chosen.add(kernel(x, w, m, 4096, 4096, gpu));
            if (w == DType.F8_E4M3 || w == DType.F8_E5M2) {
              chosen.add(plan(scaled(w, m, 4096, 4096, 1), gpu).kernel());
            }
          }
        }
      }
    }
    Set<String> all = manifest.kernels().keySet().stream().filter(name -> name.startsWith("gemv_") || name.startsWith("gemm_"))
        .collect(Collectors.toCollection(TreeSet::new));
    assertThat(chosen).isEqualTo(all);
  }
}
