package dev.gatun.decoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.Backend;
import dev.gatun.DType;
import dev.gatun.Gatun;
import dev.gatun.KvCache;
import dev.gatun.decoder.gguf.Gguf;
import dev.gatun.decoder.gguf.GgufEntry;
import dev.gatun.decoder.gguf.GgufWriter;
import dev.gatun.decoder.gguf.MetadataType;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the families read from keys, and what they say of files that they cannot place. */
class FamilyKeysTest {
  private static final int[] IDS = {1, 70, 3, 255, 299, 41};

  @TempDir
  Path folder;

  private Path file(String family, Consumer<GgufWriter> changes) {
    return RandomModel.small(family, DType.F32).write(folder.resolve("model.gguf"), Set.of(), changes);
  }

  private void refused(String family, Consumer<GgufWriter> changes, String... parts) {
    Path file = file(family, changes);
    assertThatThrownBy(() -> {
      try (Model model = Model.open(file)) {
        throw new ModelException(file, model.problem().orElse("no problem").replace(file + ": ", ""));
      }
    }).isInstanceOf(ModelException.class).hasMessageStartingWith(file + ": ").hasMessageContainingAll(parts);
  }

  @Test
  void anUnknownFamilyIsAnsweredWithThoseServed() {
    refused("llama", writer -> writer.string("general.architecture", "mamba"), "architecture 'mamba' is not served",
        "llama, qwen2, qwen3, minicpm, minicpm3, gemma2, gemma3, phi3, granite, gpt2, olmo2, smollm3, qwen2moe, qwen3moe, granitemoe, deepseek2");
  }

  @ParameterizedTest
  @CsvSource({"gemma2, blk.1.attn_q_norm.weight", "phi3, blk.0.ffn_gate.weight", "gpt2, rope_freqs.weight", "olmo2, blk.0.attn_norm.weight",
      "qwen3moe, blk.0.exp_probs.bias",
      "granite, output.bias", "deepseek2, blk.1.ffn_gate_inp_shexp.weight", "minicpm3, blk.0.attn_q.weight"})
  void tensorsWithoutAPlaceAreNamed(String family, String tensor) {
    refused(family, writer -> RandomModel.vector(writer, tensor, 64, 1), "tensor " + tensor + " is not served in family " + family);
  }

  @Test
  void keysThatMakeNoModelAreNamed() {
    refused("qwen3moe", writer -> writer.uint32("qwen3moe.expert_used_count", 7), "qwen3moe.expert_used_count 7 is more than expert_count 6");
    refused("qwen3moe", writer -> writer.uint32("qwen3moe.expert_count", 0), "qwen3moe.expert_count");
    refused("deepseek2+split", writer -> writer.uint32("deepseek2.expert_group_count", 4), "deepseek2.expert_group_used_count");
    refused("deepseek2", writer -> writer.uint32("deepseek2.expert_gating_func", 9), "deepseek2.expert_gating_func 9 is not served", "sigmoid");
    refused("deepseek2", writer -> writer.float32("deepseek2.attention.temperature_scale", 0.1), "deepseek2.attention.temperature_scale is not served");
    refused("granite", writer -> writer.float32("granite.logit_scale", 0), "granite.logit_scale is 0");
    refused("granite", writer -> writer.uint32("granite.expert_count", 4), "granite.expert_used_count is missing");
    refused("gemma2", writer -> writer.float32("gemma2.attn_logit_softcapping", -1), "gemma2.attn_logit_softcapping");
    refused("llama", writer -> writer.string("llama.rope.scaling.type", "su"), "'su' is not served", "longrope");
  }

  @Test
  void learnedPositionsBoundTheContext() {
    try (Backend backend = Gatun.open("cpu"); Model model = Model.open(file("gpt2", writer -> { }))) {
      new Decoder(backend, model, DecoderOptions.of(RandomModel.CONTEXT)).close();
      assertThatThrownBy(() -> new Decoder(backend, model, DecoderOptions.of(RandomModel.CONTEXT + 1))).isInstanceOf(ModelException.class)
          .hasMessageContaining("512 positions").hasMessageContaining("513");
    }
  }

  @Test
  void aPatternMayNameEachLayer() {
    float[] period = last(file("gemma3", writer -> { }));
    float[] each = last(file("gemma3", writer -> writer.array("gemma3.attention.sliding_window_pattern", MetadataType.BOOL, List.of(true, false))));
    float[] other = last(file("gemma3", writer -> writer.array("gemma3.attention.sliding_window_pattern", MetadataType.BOOL, List.of(false, true))));
    assertThat(each).isEqualTo(period);
    assertThat(other).isNotEqualTo(period);
  }

  @ParameterizedTest
  @CsvSource({"llama, attention.scale", "qwen3moe, expert_weights_scale", "olmo2, rope.scaling.yarn_beta_fast", "olmo2, rope.scaling.yarn_beta_slow"})
  void keysThatAreReadInOtherFamiliesAloneChangeNothing(String family, String key) {
    assertThat(last(file(family, writer -> writer.float32(family + "." + key, 3)))).isEqualTo(last(file(family, writer -> { })));
  }

  @Test
  void theSwitchOfTheRotationIsThatOfDenseGranite() {
    assertThat(last(file("granite", writer -> writer.bool("granite.rope.scaling.finetuned", false)))).isNotEqualTo(last(file("granite", writer -> { })));
    assertThat(last(file("granitemoe", writer -> writer.bool("granitemoe.rope.scaling.finetuned", false))))
        .isEqualTo(last(file("granitemoe", writer -> { })));
  }

  @Test
  void sizesOfExpertsMayBeGivenForEachLayer() {
    assertThat(last(file("qwen3moe", writer -> writer.array("qwen3moe.expert_used_count", MetadataType.UINT32, List.of(2, 2))
        .array("qwen3moe.expert_feed_forward_length", MetadataType.UINT32, List.of(28, 28))))).isEqualTo(last(file("qwen3moe", writer -> { })));
    refused("qwen3moe", writer -> writer.array("qwen3moe.expert_used_count", MetadataType.UINT32, List.of(2, 3)), "qwen3moe.expert_used_count differs");
  }

  @Test
  void anOriginalContextOfZeroIsThatOfTheModel() {
    assertThat(last(file("phi3", writer -> writer.uint32("phi3.rope.scaling.original_context_length", 0))))
        .isEqualTo(last(file("phi3", writer -> writer.uint32("phi3.rope.scaling.original_context_length", RandomModel.CONTEXT))));
  }

  @Test
  void biasesOfSomeProjectionsAloneAreNone() {
    refused("qwen2+unbiased", writer -> RandomModel.vector(writer, "blk.1.attn_k.bias", 32, 1), "tensor blk.0.attn_q.bias is missing");
  }

  @Test
  void anOuterDimensionOfOneMayBeLeftOut() {
    Path whole = new RandomModel("llama", 1, 64, 1, 4, 2, 16, 300, false, DType.F32).write(folder.resolve("whole.gguf"));
    Path less = folder.resolve("less.gguf");
    try (Gguf gguf = Gguf.open(whole)) {
      GgufWriter writer = new GgufWriter().copy(gguf.metadata());
      gguf.tensors().forEach(tensor -> writer.tensor(tensor.name(), tensor.dtype(), Arrays.stream(tensor.shape()).dropWhile(size -> size == 1).toArray(),
          (offset, chunk) -> MemorySegment.copy(tensor.data(), offset, chunk, 0, chunk.byteSize())));
      writer.write(less);
      assertThat(gguf.tensor("blk.0.ffn_up.weight").orElseThrow().shape()).containsExactly(1, 64);
    }
    assertThat(last(less)).isEqualTo(last(whole));
  }

  @Test
  void aScaleOfZeroIsNone() {
    assertThat(last(file("minicpm", writer -> writer.float32("minicpm.residual_scale", 0).float32("minicpm.embedding_scale", 0))))
        .isEqualTo(last(file("minicpm", writer -> writer.float32("minicpm.residual_scale", 1).float32("minicpm.embedding_scale", 1))));
  }

  private static float[] last(Path file) {
    try (Backend backend = Gatun.open("cpu"); Model model = Model.open(file); Decoder decoder = new Decoder(backend, model, DecoderOptions.of(16));
        Sequence sequence = decoder.newSequence(Sampling.greedy())) {
      return decoder.logits(sequence, IDS)[IDS.length - 1];
    }
  }

  @Test
  void aTokenReadsTheExpertsChosenForIt() {
    try (Backend backend = Gatun.open("cpu"); Model model = Model.open(file("qwen3moe", writer -> { }));
        Decoder decoder = new Decoder(backend, model, DecoderOptions.of(16))) {
      long experts = model.gguf().entries().stream().filter(entry -> entry.name().contains("_exps")).mapToLong(GgufEntry::bytes).sum();
      long all = model.gguf().entries().stream().filter(entry -> !entry.name().equals("token_embd.weight")).mapToLong(GgufEntry::bytes).sum();
      assertThat(experts).isEqualTo(2L * 6 * 3 * 28 * 64 * 4);
      assertThat(decoder.weightBytesPerToken()).isEqualTo(all - experts + experts / 6 * 2);
    }
  }

  @Test
  void latentAttentionKeepsOneRowForAllHeads() {
    try (Model latent = Model.open(file("deepseek2", writer -> { }))) {
      KvCache.Spec spec = CacheSpace.spec(latent.gguf().file(), latent.dimensions(), DecoderOptions.of(64));
      assertThat(spec.isLatent()).isTrue();
      assertThat(spec.bytesPerTokenAndLayer()).isEqualTo(4 * (24 + 8));
      assertThat(latent.dimensions().cachedElements()).isEqualTo(24 + 8);
    }
    try (Model grouped = Model.open(file("llama", writer -> { }))) {
      assertThat(grouped.dimensions().cachedElements()).isEqualTo(2 * (16 + 16));
    }
  }

  @Test
  void tokensPretendedInALatentCacheAreThere() {
    try (Backend backend = Gatun.open("cpu"); Model model = Model.open(file("deepseek2", writer -> { }));
        Decoder decoder = new Decoder(backend, model, DecoderOptions.of(64)); Sequence deep = decoder.newSequence(Sampling.greedy())) {
      decoder.pretend(deep, 40);
      float[] row = decoder.logits(deep, 5)[0];
      assertThat(deep.position()).isEqualTo(41);
      for (float logit : row) {
        assertThat(Float.isFinite(logit)).as(() -> Arrays.toString(row)).isTrue();
      }
    }
  }
}
