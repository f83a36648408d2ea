package dev.gatun.decoder.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gatun.decoder.tokenizer.SharedData;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizeCommandTest {
  @TempDir static Path folder;

  @Test
  void jsonHoldsIdsAndPiecesAndNothingElseIsPrinted() {
    Ran ran = Ran.command("tokenize", "--model", SharedData.file("models/stories260K-F32.gguf"), "--text", "Once upon a time", "--json");
    assertThat(ran.out()).isEqualTo("{\"ids\":[1,403,407,261,378],\"pieces\":[\"<s>\",\"▁Once\",\"▁upon\",\"▁a\",\"▁time\"]}"
        + System.lineSeparator());
    assertThat(ran.err()).isEmpty();
    assertThat(ran.code()).isZero();
  }

  @Test
  void beginningIsLeftOutOnRequest() {
    Ran ran = Ran.command("tokenize", "--model", SharedData.file("models/stories260K-F32.gguf"), "--text", "Once upon a time",
        "--no-special", "--json");
    assertThat(ids(ran)).containsExactly(403, 407, 261, 378);
  }

  @Test
  void vocabularyWithoutTensorsServes() {
    Path file = SharedData.file("vocab/llama-bpe.gguf");
    assertThat(ids(Ran.command("tokenize", "--model", file, "--text", "<|eot_id|>", "--json"))).containsExactly(128000, 128009);
    assertThat(ids(Ran.command("tokenize", "--model", file, "--text", "<|eot_id|>", "--no-parse-special", "--json"))).hasSizeGreaterThan(3);
  }

  @Test
  void textComesFromArgumentFileAndInputAlike() {
    Path file = ModelFiles.whole(folder);
    String text = "grüß\n dich";
    Path source = ModelFiles.with(folder, "text.txt", text.getBytes(StandardCharsets.UTF_8));
    int[] fromArgument = ids(Ran.command("tokenize", "--model", file, "--text", text, "--json"));
    assertThat(fromArgument).isNotEmpty();
    assertThat(ids(Ran.command("tokenize", "--model", file, "--file", source, "--json"))).isEqualTo(fromArgument);
    assertThat(ids(Ran.withInput(text, "tokenize", "--model", file, "--text", "-", "--json"))).isEqualTo(fromArgument);
  }

  @Test
  void plainOutputHasALineForEachToken() {
    Ran ran = Ran.command("tokenize", "--model", SharedData.file("models/stories260K-F32.gguf"), "--text", "Once upon");
    assertThat(ran.out().lines()).containsExactly("1\t<s>", "403\t▁Once", "407\t▁upon");
  }

  static int[] ids(Ran ran) {
    return ints(ran.json().get("ids"));
  }

  static int[] ints(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).mapToInt(JsonNode::intValue).toArray();
  }
}
