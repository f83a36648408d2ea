package dev.gatun.decoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.gatun.Backend;
import dev.gatun.DType;
import dev.gatun.Gatun;
import dev.gatun.Rotation.Scaling;
import dev.gatun.decoder.gguf.GgufWriter;
import dev.gatun.decoder.tokenizer.SharedData;
import dev.gatun.decoder.tokenizer.StreamingDecoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which files are models that run, and what is read from their metadata. */
class ModelTest {
  private static final RandomModel SMALL = RandomModel.small("llama", DType.F32);

  @TempDir
  Path folder;

  private Path with(Consumer<GgufWriter> changes) {
    return SMALL.write(folder.resolve("changed.gguf"), Set.of(), changes);
  }

  private Dimensions dimensions(Consumer<GgufWriter> changes) {
    try (Model model = Model.open(with(changes))) {
      return model.dimensions();
    }
  }

  /** The dry look at a file and a decoder's load say the same. */
  private static void refused(Path file, String... parts) {
    try (Backend backend = Gatun.open("cpu"); Model model = Model.open(file)) {
      assertThat(model.problem().orElseThrow()).startsWith(file + ": ").contains(parts).doesNotContain("\n");
      assertThatThrownBy(() -> new Decoder(backend, model, DecoderOptions.of(16))).isInstanceOf(ModelException.class)
          .hasMessage(model.problem().orElseThrow());
    }
  }

  @Test
  void everySharedModelOfAServedFamilyRuns() throws IOException {
    int seen = 0;
    List<Path> files;
    try (Stream<Path> all = Files.list(SharedData.file("models"))) {
      files = all.filter(file -> file.toString().endsWith(".gguf")).toList();
    }
    try (Backend backend = Gatun.open("cpu")) {
      for (Path file : files) {
        try (Model model = Model.open(file)) {
          assertThat(model.problem()).as("%s", file).isEmpty();
          new Decoder(backend, model, DecoderOptions.of(16)).close();
          seen++;
        }
      }
    }
    assertThat(seen).isPositive();
  }

  @ParameterizedTest
  @ValueSource(strings = {"blk.0.attn_q.scale", "blk.1.attn_rot_embd.weight", "rope_factors_long.weight", "blk.2.attn_norm.weight", "output.bias"})
  void tensorsThatTheGraphLeavesOutAreErrors(String name) {
    refused(with(writer -> RandomModel.vector(writer, name, 64, 1)), "tensor " + name + " is not served in family llama");
  }

  @Test
  void oneOfTwoSetsOfRotationFactorsNamesTheOther() {
    refused(with(writer -> RandomModel.vector(writer, "rope_factors_long.weight", 8, 1)), "rope_factors_long.weight",
        "without rope_factors_short.weight, which is missing");
  }

  @Test
  void missingAndMisshapenTensorsAreProblems() {
    refused(with(writer -> writer.uint32("llama.block_count", 3)), "tensor blk.2.", "is missing");
    refused(with(writer -> writer.uint32("llama.feed_forward_length", 97)), "ffn_gate.weight has shape [96, 64]");
  }

  @Test
  void tokensWithoutARowAreAnError() {
    try (Model model = Model.open(with(writer -> RandomModel.vocabulary(writer, 305)))) {
      assertThatThrownBy(model::tokenizer).isInstanceOf(ModelException.class).hasMessageContaining("changed.gguf")
          .hasMessageContaining("305 tokens").hasMessageContaining("300 rows");
      assertThat(model.problem().orElseThrow()).contains("305 tokens");
    }
  }

  @Test
  void rowsWithoutATokenDecodeToNothing() {
    try (Backend backend = Gatun.open("cpu"); Model model = Model.open(with(writer -> RandomModel.vocabulary(writer, 290)));
        Decoder decoder = new Decoder(backend, model, DecoderOptions.of(16)); Sequence sequence = decoder.newSequence(Sampling.greedy())) {
      assertThat(model.problem()).isEmpty();
      assertThat(model.tokenizer().vocabularySize()).isEqualTo(290);
      decoder.feed(sequence, 299);
      assertThat(model.tokenizer().decode(new int[] {290, 289, 299}, true)).isEqualTo(model.tokenizer().decode(new int[] {289}, true));
      assertThat(new StreamingDecoder(model.tokenizer(), true).add(299)).isEmpty();
      assertThat(model.tokenizer().piece(299)).isEmpty();
      assertThat(model.tokenizer().isSpecial(299)).isFalse();
      assertThatThrownBy(() -> model.tokenizer().piece(300)).hasMessageContaining("300");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"context_length", "attention.layer_norm_rms_epsilon"})
  void requiredKeysAreMissed(String key) {
    Path file = SMALL.write(folder.resolve("less.gguf"), Set.of(key), writer -> {});
    assertThatThrownBy(() -> Model.open(file)).isInstanceOf(ModelException.class).hasMessageContaining("less.gguf")
        .hasMessageContaining("llama." + key + " is missing");
  }

  @ParameterizedTest
  @CsvSource({"none, 4, 1", "linear, 4, 4", "linear, 0, 1", "linear, 1, 1", ", 4, 4", ", 0, 1", ", , 1", "none, , 1", "linear, , 1"})
  void linearScalingIsReadAsLlamaCppDoes(String type, Double factor, double expected) {
    Dimensions d = dimensions(writer -> {
      if (type != null) {
        writer.string("llama.rope.scaling.type", type);
      }
      if (factor != null) {
        writer.float32("llama.rope.scaling.factor", factor);
      }
    });
    assertThat(d.rotation().orElseThrow().scaling()).isEqualTo(expected == 1 ? new Scaling.None() : new Scaling.Linear(expected));
  }

  @Test
  void olderScaleKeyCountsOnlyWithoutTheNewOne() {
    assertThat(dimensions(writer -> writer.float32("llama.rope.scale_linear", 2)).rotation().orElseThrow().scaling()).isEqualTo(new Scaling.Linear(2));
    assertThat(dimensions(writer -> writer.float32("llama.rope.scale_linear", 2).float32("llama.rope.scaling.factor", 0)).rotation().orElseThrow().scaling())
        .isEqualTo(new Scaling.None());
    assertThatThrownBy(() -> dimensions(writer -> writer.float32("llama.rope.scaling.factor", -1))).isInstanceOf(ModelException.class)
        .hasMessageContaining("rope.scaling.factor");
  }

  @Test
  void attentionScaleOfZeroIsTheDefaultAndWindowsAreNotApplied() {
    Dimensions d = dimensions(writer -> writer.float32("llama.attention.scale", 0).uint32("llama.attention.sliding_window", 4));
    assertThat(d.attentionScale()).isCloseTo(0.25f, within(1e-7f));
    assertThat(d.window()).isZero();
  }
}
