package dev.gatun.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Attention;
import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.DType;
import dev.gatun.Gatun;
import dev.gatun.Kv;
import dev.gatun.KvCache;
import dev.gatun.Ragged;
import dev.gatun.Shape;
import dev.gatun.Tensor;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.Manifest;
import dev.gatun.cuda.op.CudaPlan;
import dev.gatun.cuda.op.OperatorKernels;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The decisions about attention: which kernel, how many ranges, how much workspace. */
class AttentionPlansTest {
  private static final List<DType> TYPES = List.of(DType.F32, DType.F16, DType.BF16, DType.F8_E4M3, DType.F8_E5M2, DType.Q8_0);

  private static Manifest manifest;
  private static Backend emulator;

  @BeforeAll
  static void open() {
    Optional<KernelImages> images = KernelImages.find(KernelImages.EMULATOR);
    Assumptions.assumeTrue(images.isPresent(), () -> "no emulator: " + KernelImages.reason(KernelImages.EMULATOR));
    manifest = images.get().manifest();
    emulator = Gatun.open("cuda-emulated", BackendOptions.none());
  }

  @AfterAll
  static void close() {
    if (emulator != null) {
      emulator.close();
    }
  }

  private static Gpu gpu(int capability, int multiprocessors) {
    return new Gpu(capability, multiprocessors, (capability >= 90 ? 227 : capability == 80 ? 163 : 96) << 10, manifest);
  }

  private static Tensor tensor(DType type, long... shape) {
    return Tensor.ofHost(MemorySegment.ofArray(new byte[Math.toIntExact(type.bytes(Shape.of(shape).elements()))]), type, shape);
  }

  private static Ragged batch(int tokens, int sequences) {
    return new Ragged(tensor(DType.I32, sequences + 1), tensor(DType.I32, sequences), tensor(DType.I32, tokens));
  }

  /** A step of a model with 8 key/value heads of {@code group} query heads over a cache of 32768 positions a slot. */
  private static CudaPlan paged(Gpu gpu, DType type, int size, int group, int tokens, int sequences, Attention.Options options) {
    try (KvCache cache = emulator.newKvCache(new KvCache.Spec(1, 8, size, size, type, 16, 1, 64, 32768))) {
      Tensor q = tensor(DType.F16, tokens, 8L * group, size);
      return (CudaPlan) OperatorKernels.plan(new Attention(q, new Kv.Paged(cache, 0), batch(tokens, sequences), options, Optional.empty(),
          tensor(DType.F16, tokens, 8L * group, size)), gpu);
    }
  }

  private static CudaPlan paged(Gpu gpu, DType type, int size, int group, int tokens, int sequences) {
    return paged(gpu, type, size, group, tokens, sequences, Attention.Options.causal(1));
  }

  private static CudaPlan dense(Gpu gpu, DType type, int size, int tokens) {
    Tensor q = tensor(DType.F32, tokens, 4, size);
    Kv kv = new Kv.Dense(tensor(type, 9, 2, size), tensor(type, 9, 2, size), tensor(DType.I32, 2));
    return (CudaPlan) OperatorKernels.plan(new Attention(q, kv, batch(tokens, 1), Attention.Options.causal(1), Optional.empty(),
        tensor(DType.F32, tokens, 4, size)), gpu);
  }

  @Test
  void everyInstanceIsReached() {
    Set<String> reached = new HashSet<>(Set.of("attention_merge_256"));
    for (Gpu gpu : List.of(gpu(75, 40), gpu(80, 108), gpu(90, 132))) {
      for (DType type : TYPES) {
        for (int size : new int[] {32, 64, 96, 128, 160, 256}) {
          for (int group : new int[] {1, 4, 8, 13}) {
            reached.add(paged(gpu, type, size, group, 2, 2).kernel());
            reached.add(paged(gpu, type, size, group, 20, 2).kernel());
            reached.add(paged(gpu, type, size, group, 20, 2, new Attention.Options(1, true, 0, 50)).kernel());
          }
        }
      }
      reached.add(dense(gpu, DType.F32, 320, 3).kernel());
      for (DType type : List.of(DType.F16, DType.BF16)) {
        reached.add(unlike(gpu, type, 192, 128, 20));
      }
    }
    assertThat(reached).containsExactlyInAnyOrderElementsOf(manifest.kernels().keySet().stream().filter(k -> k.startsWith("attention_")).toList());
  }

  private static String unlike(Gpu gpu, DType type, int keySize, int valueSize, int tokens) {
    Kv kv = new Kv.Dense(tensor(type, 9, 2, keySize), tensor(type, 9, 2, valueSize), tensor(DType.I32, 2));
    return ((CudaPlan) OperatorKernels.plan(new Attention(tensor(DType.F32, tokens, 4, keySize), kv, batch(tokens, 1), Attention.Options.causal(1), Optional.empty(),
        tensor(DType.F32, tokens, 4, valueSize)), gpu)).kernel();
  }

  @Test
  void keysOfOtherSizesThanValuesHaveTilesOfTheirOwn() {
    assertThat(unlike(gpu(80, 108), DType.F16, 192, 128, 20)).isEqualTo("attention_prefill_f16_192");
    assertThat(unlike(gpu(90, 132), DType.BF16, 192, 128, 20)).isEqualTo("attention_warpgroup_bf16_192");
    assertThat(unlike(gpu(80, 108), DType.F16, 136, 8, 20)).isEqualTo("attention_prefill_f16_192");
    assertThat(unlike(gpu(80, 108), DType.F16, 192, 136, 20)).isEqualTo("attention_prefill_f16_256");
    assertThat(unlike(gpu(80, 108), DType.F32, 192, 128, 20)).isEqualTo("attention_prefill_256");
    assertThat(unlike(gpu(80, 108), DType.F16, 192, 128, 2)).isEqualTo("attention_decode_f16_256x8");
  }

  @Test
  void tilesThatDoNotFitTheSharedMemoryOfABlockAreNotTaken() {
    Gpu small = new Gpu(75, 40, 48 << 10, manifest);
    CudaPlan plan = paged(small, DType.F16, 128, 4, 20, 1);
    assertThat(plan.kernel()).isEqualTo("attention_any_128");
    assertThat(plan.rejected()).anyMatch(reason -> reason.contains("49152 bytes of shared memory"));
    assertThat(paged(small, DType.F16, 64, 4, 20, 1).kernel()).isEqualTo("attention_prefill_64");
  }

  @Test
  void oneTokenOverALongContextFillsTheDevice() {
    CudaPlan plan = paged(gpu(90, 132), DType.F16, 128, 4, 1, 1);
    assertThat(plan.kernel()).isEqualTo("attention_decode_f16_128x8");
    assertThat(plan.tile()).contains("32 ranges");
    assertThat(plan.workspaceBytes()).isEqualTo(32L * 32 * (128 + 4) * 4);
    assertThat(plan.bytes()).isGreaterThanOrEqualTo(32768L * 8 * 128 * 2 * 2).isLessThan(32768L * 8 * 128 * 2 * 2 + (1 << 16));
    assertThat(plan.flops()).isEqualTo(4L * 32768 * 32 * 128);
  }

  @Test
  void manySequencesFillTheDeviceWithoutRanges() {
    CudaPlan plan = paged(gpu(90, 132), DType.F16, 128, 4, 33, 33);
    assertThat(plan.tile()).doesNotContain("ranges");
    assertThat(plan.workspaceBytes()).isZero();
  }

  @Test
  void aWindowBoundsTheRanges() {
    CudaPlan plan = paged(gpu(90, 132), DType.F16, 128, 4, 1, 1, new Attention.Options(1, true, 300, 0));
    assertThat(plan.tile()).contains("up to 5 ranges");
  }

  @Test
  void tensorCoresTakeTilesOfRoundedKeysAloneAndSayWhyNot() {
    CudaPlan f16 = paged(gpu(80, 108), DType.F16, 128, 4, 512, 1);
    assertThat(f16.kernel()).isEqualTo("attention_prefill_f16_128");
    assertThat(f16.workspaceBytes()).isZero();
    CudaPlan f32 = paged(gpu(80, 108), DType.F32, 128, 4, 512, 1);
    assertThat(f32.kernel()).isEqualTo("attention_prefill_128");
    assertThat(f32.rejected()).anyMatch(reason -> reason.contains("F32"));
    CudaPlan old = paged(gpu(75, 40), DType.F16, 128, 4, 512, 1);
    assertThat(old.kernel()).isEqualTo("attention_prefill_128");
    assertThat(old.rejected()).anyMatch(reason -> reason.contains("device"));
    assertThat(dense(gpu(80, 108), DType.BF16, 40, 9).kernel()).isEqualTo("attention_prefill_bf16_64");
  }

  @Test
  void aRangeOfAThirdWaveIsNotCut() {
    // 24 blocks a range: eleven ranges fill two places on each of 132 multiprocessors, twelve would begin another wave.
    assertThat(paged(gpu(90, 132), DType.F16, 128, 4, 3, 3).tile()).contains("up to 11 ranges");
  }

  @Test
  void groupsOfSixteenShareWhatIsReadWhereThereIsAKernelForThem() {
    assertThat(paged(gpu(90, 132), DType.F8_E4M3, 128, 16, 1, 1).kernel()).isEqualTo("attention_decode_f8_e4m3_128x16");
    assertThat(paged(gpu(90, 132), DType.F16, 256, 16, 1, 1).kernel()).isEqualTo("attention_decode_f16_256x8");
    assertThat(paged(gpu(90, 132), DType.F8_E5M2, 128, 16, 1, 1).kernel()).isEqualTo("attention_decode_f8_e5m2_128x8");
  }

  @Test
  void decodingWithoutTensorCoresSaysWhy() {
    CudaPlan f32 = paged(gpu(90, 132), DType.F32, 128, 4, 1, 1);
    assertThat(f32.kernel()).isEqualTo("attention_decode_128");
    assertThat(f32.rejected()).anyMatch(reason -> reason.contains("round F32"));
    assertThat(paged(gpu(90, 132), DType.Q8_0, 128, 4, 1, 1).rejected()).anyMatch(reason -> reason.contains("blocks of Q8_0"));
    assertThat(paged(gpu(75, 40), DType.F16, 128, 4, 1, 1).rejected()).anyMatch(reason -> reason.contains("the device has none"));
    CudaPlan small = paged(new Gpu(80, 108, 48 << 10, manifest), DType.F16, 128, 4, 1, 1);
    assertThat(small.kernel()).isEqualTo("attention_decode_128");
    assertThat(small.rejected()).anyMatch(reason -> reason.contains("49152 bytes of shared memory"));
  }

  @Test
  void fewTokensOverDenseKeysAreDecodedWhereTheirRowsAreAligned() {
    assertThat(dense(gpu(80, 108), DType.F16, 64, 3).kernel()).isEqualTo("attention_decode_f16_64x8");
    assertThat(dense(gpu(80, 108), DType.F16, 64, 9).kernel()).isEqualTo("attention_prefill_f16_64");
    assertThat(dense(gpu(80, 108), DType.F16, 60, 3).rejected()).anyMatch(reason -> reason.contains("multiples of 8"));
    assertThat(dense(gpu(80, 108), DType.F32, 64, 3).kernel()).isEqualTo("attention_prefill_64");
    assertThat(dense(gpu(75, 40), DType.F16, 64, 3).kernel()).isEqualTo("attention_prefill_64");
  }

  @Test
  void sequencesOfOneTokenInAMixedStepAreDecodedBesideTheTiles() {
    CudaPlan plan = paged(gpu(80, 108), DType.F16, 128, 4, 512, 4);
    assertThat(plan.tile()).contains("sequences of one token");
    assertThat(plan.workspaceBytes()).isEqualTo(4L * 32 * 13 * (128 + 4) * 4);
  }

  @Test
  void fewTokensOfOneSequenceAreDecoded() {
    CudaPlan plan = paged(gpu(90, 132), DType.F16, 128, 4, 8, 1);
    assertThat(plan.kernel()).isEqualTo("attention_decode_f16_128x8");
    assertThat(plan.workspaceBytes()).isEqualTo(8L * 32 * 4 * (128 + 4) * 4);
    assertThat(paged(gpu(90, 132), DType.F16, 128, 4, 9, 1).kernel()).isEqualTo("attention_warpgroup_f16_128");
  }

  @Test
  void warpgroupsTakeKeysThatTheCopyEngineReadsAndSayWhyNotOthers() {
    Gpu gpu = gpu(90, 132);
    CudaPlan plan = paged(gpu, DType.BF16, 128, 4, 512, 1);
    assertThat(plan.kernel()).isEqualTo("attention_warpgroup_bf16_128");
    assertThat(plan.rejected()).anyMatch(reason -> reason.startsWith("attention_prefill"));
    assertThat(paged(gpu, DType.F16, 96, 1, 512, 1, new Attention.Options(1, true, 0, 30)).kernel()).isEqualTo("attention_warpgroup_f16_capped_128");
    assertThat(dense(gpu, DType.F16, 40, 9).kernel()).isEqualTo("attention_warpgroup_f16_64");
    CudaPlan odd = dense(gpu, DType.F16, 37, 9);
    assertThat(odd.kernel()).isEqualTo("attention_prefill_f16_64");
    assertThat(odd.rejected()).anyMatch(reason -> reason.contains("a row every 148 bytes"));
    CudaPlan narrow = paged(gpu, DType.Q8_0, 128, 4, 512, 1);
    assertThat(narrow.kernel()).isEqualTo("attention_prefill_bf16_128");
    assertThat(narrow.rejected()).anyMatch(reason -> reason.contains("Q8_0 needs decoding"));
    CudaPlan small = paged(new Gpu(90, 132, 96 << 10, manifest), DType.F16, 128, 4, 512, 1);
    assertThat(small.kernel()).isEqualTo("attention_prefill_f16_128");
    assertThat(small.rejected()).anyMatch(reason -> reason.contains("of the 98304 bytes of shared memory"));
    assertThat(paged(gpu(120, 170), DType.F16, 128, 4, 512, 1).kernel()).isEqualTo("attention_prefill_f16_128");
  }

  @Test
  void pagesOfFewPositionsAreNotCopied() {
    try (KvCache cache = emulator.newKvCache(new KvCache.Spec(1, 2, 64, 64, DType.F16, 12, 4, 1, 48))) {
      CudaPlan plan = (CudaPlan) OperatorKernels.plan(new Attention(tensor(DType.F16, 20, 2, 64), new Kv.Paged(cache, 0), batch(20, 1),
          Attention.Options.causal(1), Optional.empty(), tensor(DType.F16, 20, 2, 64)), gpu(90, 132));
      assertThat(plan.kernel()).isEqualTo("attention_prefill_f16_64");
      assertThat(plan.rejected()).anyMatch(reason -> reason.contains("pages of 12 positions"));
    }
  }

  @Test
  void aCausalMaskLeavesATriangleAtTheEndOfTheContext() {
    CudaPlan plan = paged(gpu(90, 132), DType.F16, 128, 4, 512, 1);
    assertThat(plan.flops()).isEqualTo(2L * (512L * 32768 - 512L * 511 / 2) * 32 * 256);
    CudaPlan all = paged(gpu(90, 132), DType.F16, 128, 4, 512, 1, new Attention.Options(1, false, 0, 0));
    assertThat(all.flops()).isEqualTo(2L * 512 * 32768 * 32 * 256);
  }
}
