package dev.gatun.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.DType;
import dev.gatun.Gatun;
import dev.gatun.Kv;
import dev.gatun.KvCache;
import dev.gatun.MlaAttention;
import dev.gatun.Ragged;
import dev.gatun.Shape;
import dev.gatun.Storage;
import dev.gatun.Tensor;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.Manifest;
import dev.gatun.cuda.op.CudaPlan;
import dev.gatun.cuda.op.OperatorKernels;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The decisions about latent attention: which form, by which kernels, with how much workspace. */
class MlaPlansTest {
  /** DeepSeek-V2-Lite's heads, rank, part that rotates, part that does not, and value. */
  private static final int[] DEEPSEEK = {16, 512, 64, 128, 128};
  private static final int[] MINICPM = {40, 256, 32, 64, 64};
  private static final int[] LARGE_DEEPSEEK = {128, 512, 64, 128, 128};

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

  private static Gpu gpu(int capability) {
    return new Gpu(capability, 132, (capability >= 90 ? 227 : capability == 80 ? 163 : 64) << 10, manifest);
  }

  private static Tensor tensor(DType type, long... shape) {
    Shape sizes = Shape.of(shape);
    return Tensor.of(new Storage.Nowhere(type.bytes(sizes.elements())), 0, type, sizes);
  }

  private static CudaPlan plan(Gpu gpu, int[] model, DType kept, int tokens, int sequences, int room) {
    int heads = model[0];
    int nope = model[3];
    int size = nope + model[2];
    try (KvCache cache = emulator.newKvCache(KvCache.Spec.latent(1, model[1], model[2], kept, 64, 1, sequences, room))) {
      Tensor q = tensor(DType.F32, tokens, heads, size);
      MlaAttention.Up up = MlaAttention.Up.of(tensor(DType.BF16, heads, model[1], nope), tensor(DType.BF16, heads, model[4], model[1]));
      Ragged batch = new Ragged(tensor(DType.I32, sequences + 1), tensor(DType.I32, sequences), tensor(DType.I32, tokens));
      return (CudaPlan) OperatorKernels.plan(new MlaAttention(q.slice(2, 0, nope), q.slice(2, nope, size), new Kv.Paged(cache, 0), up, batch, 1, true,
          tensor(DType.F16, tokens, heads, model[4])), gpu);
    }
  }

  @Test
  void aPromptHasItsKeysAndValuesMadeAndOneTokenDoesNot() {
    CudaPlan prompt = plan(gpu(90), DEEPSEEK, DType.F16, 4096, 1, 4096);
    assertThat(prompt.kernel()).isEqualTo("attention_warpgroup_f16_192");
    assertThat(prompt.tile()).contains("expanded", "all heads at a time by mla_expand_f16");
    assertThat(prompt.rejected()).anyMatch(reason -> reason.startsWith("absorbed: 601295421440 operations"));
    CudaPlan token = plan(gpu(90), DEEPSEEK, DType.F16, 1, 1, 4096);
    assertThat(token.kernel()).isEqualTo("mla_attention_f16_1");
    assertThat(token.rejected()).anyMatch(reason -> reason.startsWith("expanded: "));
  }

  /** What a floor is made of: 2 · 4096 · 16 · (4096 · 320 + 512 · 256), whichever form a device takes. */
  @Test
  void operationsAreThoseOfTheFormThatHasFewer() {
    long expanded = 2L * 4096 * 16 * (4096 * 320 + 512 * 256);
    long absorbed = 2L * 16 * (4096 * 1088 + 512 * 256);
    for (int capability : new int[] {75, 80, 90}) {
      assertThat(plan(gpu(capability), DEEPSEEK, DType.BF16, 4096, 1, 4096).flops()).isEqualTo(expanded);
      assertThat(plan(gpu(capability), DEEPSEEK, DType.BF16, 1, 1, 4096).flops()).isEqualTo(absorbed);
    }
  }

  @Test
  void fewTokensOfEachOfManySequencesAreAbsorbed() {
    assertThat(plan(gpu(80), DEEPSEEK, DType.F16, 512, 1, 4096).kernel()).isEqualTo("attention_prefill_f16_192");
    CudaPlan many = plan(gpu(80), DEEPSEEK, DType.F16, 512, 32, 4096);
    assertThat(many.kernel()).isEqualTo("mla_attention_f16_4");
    assertThat(many.rejected()).anyMatch(reason -> reason.startsWith("expanded: "));
  }

  @Test
  void kernelsAreThoseOfWhatIsMade() {
    assertThat(plan(gpu(80), MINICPM, DType.BF16, 512, 1, 4096).kernel()).isEqualTo("attention_prefill_bf16_128");
    assertThat(plan(gpu(90), MINICPM, DType.Q8_0, 512, 1, 4096).kernel()).isEqualTo("attention_warpgroup_bf16_128");
    assertThat(plan(gpu(90), DEEPSEEK, DType.F8_E4M3, 512, 1, 4096).kernel()).isEqualTo("attention_warpgroup_f16_192");
    CudaPlan exact = plan(gpu(80), MINICPM, DType.F32, 512, 1, 4096);
    assertThat(exact.kernel()).isEqualTo("attention_prefill_128");
    assertThat(exact.tile()).contains("mla_expand_f32");
    assertThat(plan(gpu(75), MINICPM, DType.F16, 512, 1, 4096).tile()).contains("mla_expand_f32");
  }

  /** 128 heads of 192 and 128 elements over 32768 positions and one more: 12 at a time fit 256 MiB, so that it takes 11 times. */
  @Test
  void asManyHeadsAtATimeAsScratchMemoryHasRoomFor() {
    CudaPlan plan = plan(gpu(90), LARGE_DEEPSEEK, DType.F16, 512, 1, 32768);
    assertThat(plan.tile()).contains("12 of 128 heads at a time");
    assertThat(plan.workspaceBytes()).isBetween(32769L * 12 * 320 * 2, 256L << 20);
    CudaPlan endless = plan(gpu(90), LARGE_DEEPSEEK, DType.F16, 512, 1, 1 << 20);
    assertThat(endless.kernel()).isEqualTo("mla_attention_f16_4");
    assertThat(endless.rejected()).anyMatch(reason -> reason.startsWith("expanded: keys and values of one head"));
  }
}
