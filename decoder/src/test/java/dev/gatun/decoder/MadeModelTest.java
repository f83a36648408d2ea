package dev.gatun.decoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.Backend;
import dev.gatun.DType;
import dev.gatun.Gatun;
import dev.gatun.ShapeException;
import dev.gatun.Tensor;
import dev.gatun.decoder.gguf.Gguf;
import dev.gatun.decoder.gguf.GgufTensor;
import dev.gatun.decoder.gguf.TensorSource;
import dev.gatun.decoder.model.ModelShape;
import dev.gatun.decoder.model.SeededModel;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Models that are in no file. */
class MadeModelTest {
  private static final ModelShape SHAPE = ModelShape.of("test").orElseThrow();
  private static Backend cpu;

  @TempDir Path folder;

  @BeforeAll
  static void open() {
    cpu = Gatun.open("cpu");
  }

  @AfterAll
  static void close() {
    cpu.close();
  }

  @ParameterizedTest
  @EnumSource(names = {"BF16", "Q8_0", "Q4_0"})
  void aSmallModelIsTheOneInTheFile(DType type) {
    Path file = folder.resolve("model.gguf");
    SeededModel.write(file, SHAPE, type, SeededModel.SEED, (done, all) -> { });
    try (Model made = Model.of(SeededModel.described(SHAPE, type)); Model written = Model.open(file)) {
      assertThat(made.gguf().fileBytes()).isEqualTo(written.gguf().fileBytes());
      assertThat(made.problem()).isEqualTo(written.problem()).isEmpty();
      assertThat(logits(made)).isDeepEqualTo(logits(written));
    }
  }

  private static float[][] logits(Model model) {
    try (Decoder decoder = new Decoder(cpu, model, DecoderOptions.of(32)); Sequence sequence = decoder.newSequence(Sampling.greedy())) {
      return decoder.logits(sequence, 3, 5, 7);
    }
  }

  @Test
  void theGraphOfALargeModelIsDescribedWithoutItsWeights() {
    try (Gguf large = SeededModel.described(ModelShape.of("llama-3-8b").orElseThrow(), DType.BF16)) {
      assertThat(large.fileBytes()).isGreaterThan(16_000_000_000L);
      assertThat(large.source("output.weight")).isPresent();
      assertThat(large.tensor("output.weight").orElseThrow().data().byteSize()).isZero();
    }
    assertThatThrownBy(() -> SeededModel.described(ModelShape.of("minicpm-2b").orElseThrow(), DType.Q4_K)).isInstanceOf(ShapeException.class)
        .hasMessageContaining("5760");
  }

  @Test
  void pretendedTokensAreThereLikeFedOnes() {
    try (Model model = Model.of(SeededModel.described(SHAPE, DType.F32));
        Decoder decoder = new Decoder(cpu, model, DecoderOptions.of(700).withSequences(3))) {
      try (Sequence deep = decoder.newSequence(Sampling.greedy()); Sequence again = decoder.newSequence(Sampling.greedy());
          Sequence shallow = decoder.newSequence(Sampling.greedy())) {
        decoder.pretend(deep, 650);
        decoder.pretend(again, 650);
        decoder.pretend(shallow, 30);
        assertThat(deep.position()).isEqualTo(650);
        float[] after = decoder.logits(deep, 5)[0];
        assertThat(after).isEqualTo(decoder.logits(again, 5)[0]).isNotEqualTo(decoder.logits(shallow, 5)[0]);
        for (float logit : after) {
          assertThat(logit).isFinite();
        }
        assertThatThrownBy(() -> decoder.pretend(deep, 50)).isInstanceOf(ContextFullException.class);
      }
    }
  }
}
