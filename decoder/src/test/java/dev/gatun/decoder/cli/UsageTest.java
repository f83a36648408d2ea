package dev.gatun.decoder.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UsageTest {
  @TempDir static Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"bench", "kernels", "run", "logits", "perplexity", "info", "tokenize", "backends", "explain", "validate", "report", "make-model", "quantize"})
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
    assertThat(ran.out()).containsPattern("bench +\\S").containsPattern("kernels +\\S").containsPattern("run +\\S").containsPattern("logits +\\S")
        .containsPattern("info +\\S")
        .containsPattern("tokenize +\\S").containsPattern("backends +\\S").containsPattern("explain +\\S").containsPattern("validate +\\S")
        .containsPattern("make-model +\\S").containsPattern("quantize +\\S");
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
      "bench --shape test --type i32", "bench --model x --shape test", "bench -p -1", "bench -p 0 -n 0", "bench -r 0", "bench -p x", "bench -r 1001", "bench -r 1000000000",
      "bench --shape test -p 1000000000", "bench --shape test -n 2147483647 -p 2147483647", "bench -d -1", "bench --sequences 0", "bench --sequences 1000", "bench --made --model x", "bench --made --shape test --type q4_k", "bench --shape test -d 200 -p 100",
      "bench -p 1,x", "bench -d 8-1", "bench -p 1,", "bench -t 1,0", "bench -pg 5", "bench -pg 5,0", "bench --output xml", "bench --warm-up -1",
      "bench --shape test,nosuch", "bench --type q8_0,nosuch", "bench --shape test --backend cpu,nosuch", "bench --save nosuch/rows.json",
      "bench --compare nosuch.json", "bench --compare x -p 5",
      "bench --shape test -p 300", "bench --shape test --context 64", "bench --shape test --threads 0",
      "bench --shape test --threads 200000", "bench --shape test -o threads=200000", "bench --shape test -o threads=x",
      "bench --shape test -o nosuch=1", "bench --shape test --backend nosuch", "bench --cache-type i32", "bench --cache-type q4_0", "bench --activations q8_0",
      "run --model x --prompt a --context 16777217", "bench --cache-type nosuch",
      "run", "run --model x", "run --prompt x", "run --model x --prompt a --file b", "run --model x --prompt a -n 0",
      "run --model x --prompt a --system b", "run --model x --prompt a --temp -1", "run --model x --prompt a --top-p 0",
      "run --model x --prompt a --top-k -1", "run --model x --prompt a --min-p 2", "run --model x --prompt a --repeat-penalty 0",
      "run --model x --prompt a --seed b", "run --model x --prompt a --context 0", "run --model x --prompt a --threads x",
      "run --model x --prompt a -o novalue", "logits --model x", "logits --model x --ids 1,b", "logits --model x --ids 1 -n -1",
      "perplexity --model x", "perplexity --file x", "perplexity --model x --file y --ctx 3", "perplexity --model x --file y --windows 0",
      "perplexity --model x --file y --ctx 16777217", "perplexity --model x --file y --cache-type i32",
      "run --model x --prompt a --draft-tokens 4", "run --model x --prompt a --speculate ngram --draft-tokens 0",
      "run --model x --prompt a --speculate ngram --draft-tokens 64", "run --model x --prompt a --evict 4", "run --model x --prompt a --evict -1,4",
      "run --model x --prompt a --evict 4,0", "bench --speculate ngram -n 0", "bench --compare x --speculate ngram", "bench --draft-tokens 3",
      "tokenize --model x", "tokenize --text a", "tokenize --model x --text", "tokenize --model x --text a extra", "info", "info --model",
      "kernels --seconds 0", "kernels --scale huge", "kernels --only nosuch", "kernels --backend nosuch", "report", "report --results nosuch", "explain --tokens 0", "explain --tokens 100000", "explain --runs -1", "explain --runs 1000000000", "backends extra",
      "validate", "validate --backend cpu --level slow", "validate --backend cpu --op nosuch",
      "validate --backend cpu --case matmul", "validate --backend cpu --case nosuch(n=1)", "validate --backend cpu --case rms_norm(zz=1)",
      "validate --backend cpu --case rms_norm(n=5) --op rms_norm", "validate --backend cpu --seed x", "validate --backend cpu --timeout 0",
      "validate --backend cpu --shapes nosuch.txt", "validate --backend cpu --json nosuch/report.json", "validate --backend cpu --html nosuch/report.html",
      "validate --compare one.json", "validate --backend cpu -o threads=x", "validate --backend cpu --threads 0", "validate --backend cpu -o nosuch=1",
      "make-model", "make-model --out", "make-model --shape nosuch --out x", "make-model --shape test --type q4_k --out x", "make-model --shape test --type q5_1 --out x",
      "make-model --shape test --type q8_0+ --out x", "make-model --shape test --type q8_0 --seed x --out x", "make-model --shape test --out nosuch x",
      "quantize", "quantize a.gguf", "quantize a.gguf b.gguf", "quantize a.gguf b.gguf nosuch", "quantize a.gguf b.gguf i32", "quantize a.gguf b.gguf q4_0+",
      "quantize a.gguf b.gguf q4_0 c", "quantize a.gguf b.gguf q4_0 --threads 0", "quantize a.gguf b.gguf q4_0 --nosuch",
      "validate --backend nosuch", "validate --backend", "validate --list --op nosuch"})
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
  void unknownNamesAreAnsweredWithTheKnownOnes() {
    Path file = ModelFiles.whole(folder);
    Ran backend = Ran.command("logits", "--model", file, "--prompt", "a", "--backend", "nosuch");
    assertThat(backend.err()).contains("no backend named 'nosuch'").contains("cpu").hasLineCount(1);
    Ran option = Ran.command("logits", "--model", file, "--prompt", "a", "-o", "nosuch=1");
    assertThat(option.err()).contains("nosuch").contains("threads").hasLineCount(1);
    Ran type = Ran.command("logits", "--model", file, "--ids", "1", "--cache-type", "i32");
    assertThat(type.err()).contains("i32").contains("f32, f16, bf16, q8_0, f8_e4m3, f8_e5m2").hasLineCount(1);
    assertThat(List.of(backend, option, type)).allSatisfy(ran -> {
      assertThat(ran.code()).isEqualTo(2);
      assertThat(ran.out()).isEmpty();
    });
  }

  @Test
  void emptyFileNameIsNamed() {
    for (String[] line : new String[][] {{"info", "--model", ""}, {"bench", "--model="}, {"run", "--model", " ", "--prompt", "a"},
        {"tokenize", "--model", "x", "--file", ""}}) {
      Ran ran = Ran.command((Object[]) line);
      assertThat(ran.err()).contains("file name is empty").hasLineCount(1);
      assertThat(ran.code()).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"-hello", "--x", "@file", "@", "-", "--", "-p", "-- dash", "-5", "--threads=2", "\"quoted\"", "'", "-hx --y"})
  void textMayLookLikeAnything(String text) {
    Path file = ModelFiles.whole(folder);
    Path same = ModelFiles.with(folder, "text.txt", text.getBytes(StandardCharsets.UTF_8));
    String wanted = Ran.command("tokenize", "--model", file, "--file", same, "--json").out();
    assertThat(wanted).startsWith("{\"ids\":[");
    assertThat(Ran.withInput(text, "tokenize", "--model", file, "--text", text, "--json")).isEqualTo(new Ran(0, wanted, ""));
    assertThat(Ran.withInput(text, "tokenize", "--json", "--text=" + text, "--model", file)).isEqualTo(new Ran(0, wanted, ""));
    Ran run = Ran.withInput(text, "run", "--model", file, "--prompt", text, "-n", "2", "-q");
    if (text.equals("-p")) {
      assertThat(run.code()).isEqualTo(2);
    } else {
      assertThat(run.err()).isEmpty();
      assertThat(run.out()).isEqualTo(Ran.command("run", "--model", file, "--file", same, "-n", "2", "-q").out());
    }
  }

  @Test
  void forgottenTextIsNamed() {
    for (String[] line : new String[][] {{"run", "--model", "x", "--prompt", "--json"}, {"run", "--prompt", "a", "--model", "--json"},
        {"bench", "-n", "--json"}, {"tokenize", "--model", "x", "--text"}}) {
      Ran ran = Ran.command((Object[]) line);
      assertThat(ran.err()).contains(line[line.length - 1]).hasLineCount(1);
      assertThat(ran.code()).isEqualTo(2);
    }
    Path file = ModelFiles.whole(folder);
    assertThat(Ran.command("run", "--model", file, "--prompt=--json", "-n", "2", "-q").code()).isZero();
  }
}
