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
import java.util.Arrays;
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

  private static Gpu ampere() {
    return new Gpu(80, 108, 163 << 10, manifest);
  }

  private static Gpu ada() {
    return new Gpu(89, 128, 99 << 10, manifest);
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
    assertThat(kernel(DType.F16, DType.F16, 1024, 4096, 4095, hopper())).isEqualTo("gemm_half_128x128");
    assertThat(kernel(DType.F32, DType.F8_E4M3, 1024, 4096, 4096, hopper())).isEqualTo("gemm_f8_128x128");
    assertThat(kernel(DType.BF16, DType.F16, 1024, 4096, 4096, hopper())).isEqualTo("gemm_f16_128x128");
  }

  @Test
  void factorsOf16BitsGoToTensorCoresAsTheyLie() {
    assertThat(kernel(DType.F32, DType.BF16, 512, 4096, 4096, hopper())).isEqualTo("wgemm_split_128x256");
    assertThat(kernel(DType.BF16, DType.BF16, 4096, 4096, 4096, hopper())).isEqualTo("wgemm_bf16_192x256");
    assertThat(kernel(DType.F16, DType.F16, 16, 4096, 4096, hopper())).isEqualTo("wgemm_half_64x128");
    assertThat(kernel(DType.F32, DType.BF16, 512, 4096, 4096, ada())).isEqualTo("cgemm_split_128x128");
    assertThat(kernel(DType.F16, DType.F16, 16, 4096, 4096, ampere())).isEqualTo("cgemm_half_64x64");
  }

  @Test
  void tilesThatLeaveMultiprocessorsIdleCutKInParts() {
    CudaPlan few = plan(matmul(DType.F32, DType.BF16, 16, 4096, 4096), hopper());
    assertThat(few.tile()).isEqualTo("64x128 by 384 threads, 32 tiles, K in 4, x in two parts");
    long parts = 2 * 16 * 4096 * 2;
    long sums = 4L * 16 * 4096 * 4;
    assertThat(few.workspaceBytes()).isEqualTo(parts + sums);
    assertThat(few.bytes()).as("what the operator must move; scratch is told apart").isEqualTo(16 * 4096 * 4 + 4096L * 4096 * 2 + 16 * 4096 * 4);
    assertThat(plan(matmul(DType.BF16, DType.BF16, 4096, 4096, 4096), hopper()).workspaceBytes()).isZero();
  }

  @Test
  void aFormThatDoesNotTakeACaseSaysWhy() {
    assertThat(plan(matmul(DType.F32, DType.BF16, 64, 64, 100), hopper()).rejected())
        .contains("wgemm_split: rows of w are copied in pieces of 16 bytes, but begin at byte 0 and every 200 bytes from there");
    assertThat(plan(matmul(DType.BF16, DType.BF16, 64, 64, 64), ampere()).rejected())
        .contains("wgemm_bf16: compute capability 80 has no warpgroup products, or these images have none (sm_90a)")
        .anyMatch(reason -> reason.startsWith("cgemm_bf16_128x128: ") && reason.endsWith("times the clocks of the tile chosen"));
    assertThat(plan(matmul(DType.F32, DType.F16, 64, 64, 64), hopper()).rejected())
        .contains("wgemm_bf16: takes weights of BF16, and of F16 with activations of F16; F32 by F16 needs decoding on the way");
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
    assertThat(plan(scaled(DType.F8_E4M3, 32, 4096, 4096, 32, 32), hopper()).kernel()).isEqualTo("e4m3_gemm_64x128");
    assertThat(plan(scaled(DType.F8_E4M3, 512, 4096, 4096, 32, 32), hopper()).kernel()).isEqualTo("e4m3_wgemm_128x128");
    assertThat(plan(scaled(DType.F8_E4M3, 512, 4096, 4096, 4096), ada()).kernel()).isEqualTo("e4m3_gemm_64x128");
    assertThat(plan(scaled(DType.F8_E4M3, 512, 4096, 4096, 1), ampere()).kernel()).isEqualTo("gemm_scaled_128x128");
    assertThat(plan(scaled(DType.F8_E4M3, 512, 4096, 4096, 1), turing()).kernel()).isEqualTo("gemm_simt_128x64");
    assertThat(plan(scaled(DType.F8_E5M2, 64, 4096, 4096, 1), hopper()).kernel()).isEqualTo("gemm_scaled_64x64");
    CudaPlan odd = plan(scaled(DType.F8_E4M3, 64, 4096, 4097, 1), hopper());
    assertThat(odd.kernel()).isEqualTo("gemm_scaled_64x64");
    assertThat(odd.rejected()).anyMatch(reason -> reason.startsWith("e4m3_wgemm_128x128: copies rows that start at multiples of 16 bytes"));
  }

  @Test
  void roundedActivationsHaveTheirPlaceInTheWorkspaceAndAreNoBytesThatMustMove() {
    CudaPlan plan = plan(scaled(DType.F8_E4M3, 200, 256, 1040, 2, 9), hopper());
    // Nine steps in two parts.
    long workspace = 200 * 9 * 128 + 256 * 9 * 4 + 2 * 200 * 256 * 4;
    assertThat(plan.tile()).endsWith("K in 2");
    assertThat(plan.workspaceBytes()).isEqualTo(workspace);
    assertThat(plan.bytes()).isEqualTo(200 * 1040 * 2 + 256 * 1040 + 2 * 9 * 4 + 200 * 256 * 4);
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

  /** Rows and columns of the matrices of Llama-3.2-1B, Llama-3-8B, Qwen3-4B and MiniCPM-2B, those over the same activations together. */
  private static final long[][] SHAPES = {{3072, 2048}, {2048, 2048}, {16384, 2048}, {2048, 8192}, {128256, 2048}, {6144, 4096}, {4096, 4096}, {28672, 4096},
      {4096, 14336}, {128256, 4096}, {6144, 2560}, {2560, 4096}, {19456, 2560}, {2560, 9728}, {151936, 2560}, {6912, 2304}, {11520, 2304}, {2304, 5760}};

  private static MatmulGemv gemv(DType type, long m, long n, long k) {
    Matmul o = matmul(DType.F32, type, m, n, k);
    return MatmulGemv.of(o, MatmulGemv.kernel(type, m, hopper()), hopper());
  }

  /** Blocks are dealt to multiprocessors in turn, and groups of rows to blocks: the one with the most rows ends last. */
  @Test
  void noMultiprocessorHasManyMoreRowsThanItsShare() {
    for (DType type : new DType[] {DType.F32, DType.BF16, DType.F8_E4M3, DType.Q6_K}) {
      for (long[] shape : SHAPES) {
        MatmulGemv gemv = gemv(type, 1, shape[0], shape[1] / type.blockSize() * type.blockSize());
        long each = 2 * 8 / gemv.split();
        long[] rows = new long[132];
        for (long group = 0; group * each < shape[0]; group++) {
          rows[(int) (group % gemv.blocks() % rows.length)] += Math.min(each, shape[0] - group * each);
        }
        assertThat(Arrays.stream(rows).max().orElseThrow()).as("%s %s %s", type, Arrays.toString(shape), gemv)
            .isLessThanOrEqualTo(Math.round(shape[0] / 132.0 * 1.15));
      }
    }
  }

  /** Little's law: 4.3 TB/s over 132 multiprocessors for 700 ns. */
  @Test
  void scalarWeightsHaveEnoughBytesUnderWayOnEachMultiprocessor() {
    for (DType type : new DType[] {DType.F32, DType.F16, DType.BF16, DType.F8_E4M3, DType.F8_E5M2}) {
      for (long[] shape : SHAPES) {
        for (int m : new int[] {1, 2, 4, 8}) {
          MatmulGemv gemv = gemv(type, m, shape[0], shape[1]);
          long blocks = Math.max(1, Math.min(gemv.resident(), gemv.blocks() / 132));
          assertThat(blocks * (gemv.stages() - 1) * gemv.kernel().tile("stage")).as("%s %s %s", type, m, gemv).isGreaterThan(22_803);
          assertThat(gemv.resident() * (gemv.shared() + 2048L)).isLessThanOrEqualTo(hopper().sharedBytes() + 1024 + 2048);
        }
      }
    }
  }

  @Test
  void everyInstanceIsSomeCaseChoice() {
    Set<String> chosen = new TreeSet<>();
    for (Gpu gpu : new Gpu[] {hopper(), ampere(), turing()}) {
      for (DType w : DType.values()) {
        if (w == DType.I8 || w == DType.I32) {
          continue;
        }
        for (DType x : new DType[] {DType.F32, DType.F16, DType.BF16}) {
          for (long m : new long[] {1, 2, 4, 8, 16, 64, 128, 2048}) {
            for (long n : new long[] {1024, 4096}) {
              chosen.add(kernel(x, w, m, n, 4096, gpu));
              if (w == DType.F8_E4M3 || w == DType.F8_E5M2) {
                chosen.add(plan(scaled(w, m, n, 4096, 1), gpu).kernel());
              }
              chosen.add(kernel(x, w, m, n, w.isBlock() ? 4096 : 4095, gpu));
            }
          }
        }
      }
    }
    Set<String> all = manifest.kernels().keySet().stream().filter(name -> name.matches("(e4m3_)?(gemv|[cw]?gemm)_.*"))
        .collect(Collectors.toCollection(TreeSet::new));
    assertThat(chosen).isEqualTo(all);
  }
}
