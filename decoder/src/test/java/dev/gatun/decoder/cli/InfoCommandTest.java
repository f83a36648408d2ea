package dev.gatun.decoder.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gatun.decoder.model.ModelShape;
import dev.gatun.decoder.tokenizer.SharedData;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InfoCommandTest {
  @TempDir static Path folder;

  @Test
  void sizesAreThoseOfTheShape() {
    ModelShape shape = ModelShape.of("test").orElseThrow();
    JsonNode info = Ran.command("info", "--model", ModelFiles.whole(folder), "--tensors", "--json").json();
    assertThat(info.get("architecture").asText()).isEqualTo("llama");
    assertThat(info.get("served").asBoolean()).isTrue();
    assertThat(info.get("parameters").asLong()).isEqualTo(shape.parameters());
    assertThat(info.get("tensor_bytes").asLong()).isEqualTo(4 * shape.parameters());
    assertThat(info.get("sizes").get("kv_heads").asInt()).isEqualTo(shape.kvHeads());
    assertThat(info.get("sizes").get("context").asInt()).isEqualTo(shape.context());
    assertThat(info.get("tokenizer").get("vocabulary").asInt()).isEqualTo(shape.vocab());
    assertThat(info.get("metadata").get("llama.block_count").asInt()).isEqualTo(shape.layers());
    assertThat(info.get("types")).hasSize(1);
    assertThat(info.get("tensors")).hasSize(info.get("tensor_count").asInt());
    assertThat(info.get("tensors").get(0).get("shape")).hasSize(2);
  }

  @Test
  void plainFormShortensLongArrays() {
    Ran ran = Ran.command("info", "--model", ModelFiles.whole(folder));
    assertThat(ran.code()).isZero();
    assertThat(ran.out()).contains("served        yes").contains("512 in all");
    assertThat(ran.out().lines()).allMatch(line -> line.length() < 300);
  }

  @Test
  void familyThatIsNotServedIsShownAllTheSame() {
    Path file = ModelFiles.with(folder, "other.gguf", ModelFiles.renamed(ModelFiles.bytes(folder), "llama", "mamba"));
    Ran plain = Ran.command("info", "--model", file);
    assertThat(plain.code()).isZero();
    assertThat(plain.out()).contains("served        no: ").contains("llama, qwen2, qwen3").contains("llama.block_count");
    assertThat(Ran.command("info", "--model", file, "--json").json().get("reason").asText()).contains("mamba");
  }

  @Test
  void expertsAndLatentRowsAreTold() {
    Path file = SharedData.file("models/tiny-deepseek2-F32.gguf");
    assertThat(Ran.command("info", "--model", file).out()).containsPattern("served +yes").contains("keys and values made of 32 elements, queries of 48")
        .contains("3 of 8 for each token, each 96 wide, beside 192 for all tokens, none in the first 1 layers");
    JsonNode sizes = Ran.command("info", "--model", file, "--json").json().get("sizes");
    assertThat(sizes.get("experts").get("used").asInt()).isEqualTo(3);
    assertThat(sizes.get("latent").get("rank").asInt()).isEqualTo(32);
    assertThat(sizes.get("cached_elements").asInt()).isEqualTo(48);
  }

  @Test
  void familyThatIsServedWithATensorMissingIsNot() {
    Path file = ModelFiles.with(folder, "lacking.gguf", ModelFiles.renamed(ModelFiles.bytes(folder), "output_norm.weight", "output_nxrm.weight"));
    Ran plain = Ran.command("info", "--model", file);
    assertThat(plain.code()).isZero();
    assertThat(plain.out()).containsPattern("served +no: .*output_norm.weight").contains("attention");
    JsonNode info = Ran.command("info", "--model", file, "--json").json();
    assertThat(info.get("served").asBoolean()).isFalse();
    assertThat(info.get("reason").asText()).contains("output_norm.weight");
    assertThat(info.get("sizes").get("layers").asInt()).isEqualTo(ModelShape.of("test").orElseThrow().layers());
  }

  @Test
  void fileWithoutTensorsIsShown() {
    JsonNode info = Ran.command("info", "--model", SharedData.file("vocab/qwen2.gguf"), "--json").json();
    assertThat(info.get("tensor_count").asInt()).isZero();
    assertThat(info.get("tokenizer").get("served").asBoolean()).isTrue();
  }
}
