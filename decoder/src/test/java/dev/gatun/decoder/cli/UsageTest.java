package dev.gatun.decoder.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UsageTest {
  @TempDir static Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"bench", "run", "logits", "info", "tokenize", "backends", "explain"})
  void everyCommandHelpsWithAnExample(String command) {
    Ran ran = Ran.command(command, "--help");
    assertThat(ran.code()).isZero();
    assertThat(ran.err()).isEmpty();
    assertThat(ran.out()).startsWith("Usage: gatun " + command).contains("  gatun " + command);
  }

  @Test
  void helpListsEveryCommandWithItsDescription() {
    Ran ran = Ran.command("--help");
    assertThat(ran.code()).isZero();
    assertThat(ran.out()).containsPattern("bench +\\S").containsPattern("run +\\S").containsPattern("logits +\\S")
        .containsPattern("info +\\S")
        .containsPattern("tokenize +\\S").containsPattern("backends +\\S").containsPattern("explain +\\S");
  }

  @Test
  void versionIsTheProjects() {
    Ran ran = Ran.command("--version");
    assertThat(ran.code()).isZero();
    assertThat(ran.out()).matches("(?s)gatun \\d+\\.\\d+\\.\\d+\\S*\\RJava .*");
  }

  @ParameterizedTest
  @ValueSource(strings = {
      "", "nosuch", "--nosuch", "bench --nosuch", "bench --shape nosuch", "bench --type nosuch", "bench --shape test --type q4_k",
      "bench --shape test --type i32", "bench --model x --shape test", "bench -p -1", "bench -p 0 -n 0", "bench -r 0", "bench -p x",
      "bench --shape test -p 300", "bench --shape test --context 64", "bench --shape test --threads 0", "bench --cache-type nosuch",
      "run", "run --model x", "run --prompt x", "run --model x --prompt a --file b", "run --model x --prompt a -n 0",
      "run --model x --prompt a --system b", "run --model x --prompt a --temp -1", "run --model x --prompt a --top-p 0",
      "run --model x --prompt a --top-k -1", "run --model x --prompt a --min-p 2", "run --model x --prompt a --repeat-penalty 0",
      "run --model x --prompt a --seed b", "run --model x --prompt a --context 0", "run --model x --prompt a --threads x",
      "run --model x --prompt a -o novalue", "logits --model x", "logits --model x --ids 1,b", "logits --model x --ids 1 -n -1",
      "tokenize --model x", "tokenize --text a", "tokenize --model x --text", "tokenize --model x --text a extra", "info", "info --model",
      "explain --tokens 0", "explain --tokens 100000", "explain --runs -1", "backends extra"})
  void wrongUsageIsOneLineAndCodeTwo(String line) {
    Ran ran = Ran.command((Object[]) (line.isEmpty() ? new String[0] : line.split(" ")));
    assertThat(ran.err()).startsWith("gatun: ").endsWith(" --help'" + System.lineSeparator()).hasLineCount(1);
    assertThat(ran.code()).isEqualTo(2);
    assertThat(ran.out()).isEmpty();
  }

  @Test
  void unknownShapeAndTypeListTheKnownOnes() {
    assertThat(Ran.command("bench", "--shape", "nosuch").err()).contains("llama-3.2-1b").contains("qwen3-0.6b");
    assertThat(Ran.command("bench", "--type", "nosuch").err()).contains("q4_0").contains("q8_0");
  }

  @Test
  void misspelledOptionIsGuessed() {
    assertThat(Ran.command("run", "--model", "x", "--prompt", "a", "--thraeds", 1).err()).contains("--threads");
  }

  @Test
  void unknownBackendFailsWithTheListOfThoseFound() {
    Ran ran = Ran.command("logits", "--model", ModelFiles.whole(folder), "--prompt", "a", "--backend", "nosuch");
    assertThat(ran.code()).isEqualTo(1);
    assertThat(ran.err()).contains("no backend named 'nosuch'").contains("cpu").hasLineCount(1);
    assertThat(ran.out()).isEmpty();
  }

  @Test
  void unknownBackendOptionFailsWithTheListOfThoseKnown() {
    Ran ran = Ran.command("logits", "--model", ModelFiles.whole(folder), "--prompt", "a", "-o", "nosuch=1");
    assertThat(ran.code()).isEqualTo(1);
    assertThat(ran.err()).contains("nosuch").contains("threads").hasLineCount(1);
  }
}
