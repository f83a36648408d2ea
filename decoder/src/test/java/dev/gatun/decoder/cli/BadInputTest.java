package dev.gatun.decoder.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class BadInputTest {
  @TempDir static Path folder;

  static Stream<Arguments> damagedModels() {
    byte[] whole = ModelFiles.bytes(folder);
    byte[] newer = whole.clone();
    newer[4] = 99;
    String query = "blk.0.attn_q.weight";
    String key = "blk.0.attn_k.weight";
    byte[] swapped = ModelFiles.renamed(ModelFiles.renamed(ModelFiles.renamed(whole, query, "blk.0.attn_x.weight"), key, query),
        "blk.0.attn_x.weight", key);
    return Stream.of(
        arguments("empty", new byte[0], "empty.gguf"),
        arguments("text", "this is no model, but a text long enough for a header".getBytes(StandardCharsets.UTF_8), "GGUF"),
        arguments("cut in its header", Arrays.copyOf(whole, 100), "cut in its header.gguf"),
        arguments("cut in its data", Arrays.copyOf(whole, whole.length - 4096), "cut in its data.gguf"),
        arguments("of a newer version", newer, "version"),
        arguments("without a tensor", ModelFiles.renamed(whole, "output_norm.weight", "output_nxrm.weight"), "output_norm.weight"),
        arguments("with shapes that differ", swapped, "shape"),
        arguments("without a size", ModelFiles.renamed(whole, "llama.block_count", "llama.block_coxxx"), "block_count"),
        arguments("of another family", ModelFiles.renamed(whole, "general.architecture", "general.architectxxx"), "general.architecture"),
        arguments("with NaN", ModelFiles.poisoned(folder, "blk.1.ffn_norm.weight"), "not finite"));
  }

  @ParameterizedTest(name = "{1} {0}")
  @MethodSource("damagedModelsAndCommands")
  void damagedModelIsOneLineNamingItAndTheCause(String damage, List<String> command, byte[] bytes, String cause) {
    Path file = ModelFiles.with(folder, damage + ".gguf", bytes);
    Object[] words = Stream.concat(command.stream(), Stream.of("--model", file)).toArray();
    Ran ran = Ran.command(words);
    assertThat(ran.err()).startsWith("gatun: ").contains(file.toString()).contains(cause).hasLineCount(1);
    assertThat(ran.code()).isEqualTo(1);
    assertThat(ran.out().strip()).isEmpty();
  }

  static Stream<Arguments> damagedModelsAndCommands() {
    List<List<String>> commands = List.of(List.of("run", "--prompt", "a"), List.of("logits", "--prompt", "a", "--json"),
        List.of("bench", "-p", "4", "-n", "2", "--json"), List.of("explain", "--runs", "1", "--warm-up", "0"));
    return damagedModels().flatMap(model -> commands.stream()
        .filter(command -> !(command.contains("explain") && model.get()[0].equals("with NaN")))
        .map(command -> arguments(model.get()[0], command, model.get()[1], model.get()[2])));
  }

  @Test
  void missingTokenizerIsNamed() {
    Path file = ModelFiles.with(folder, "mute.gguf",
        ModelFiles.renamed(ModelFiles.bytes(folder), "tokenizer.ggml.model", "tokenizer.xxxx.model"));
    for (List<String> command : List.of(List.of("run", "--prompt", "a"), List.of("logits", "--prompt", "a"),
        List.of("tokenize", "--text", "a"))) {
      Ran ran = Ran.command(Stream.concat(command.stream(), Stream.of("--model", file)).toArray());
      assertThat(ran.err()).startsWith("gatun: " + file + ": ").contains("no tokenizer").hasLineCount(1);
      assertThat(ran.code()).isEqualTo(1);
    }
    assertThat(Ran.command("logits", "--model", file, "--ids", "5,6", "-n", "2", "--json").json().get("prompt_ids")).hasSize(2);
    assertThat(Ran.command("bench", "--model", file, "-p", "4", "-n", "2", "-r", "1", "--json").json()).hasSize(2);
  }

  @ParameterizedTest
  @MethodSource("commandsThatOpen")
  void missingFileAndFolderAreNamed(List<String> command) {
    for (Path file : List.of(folder.resolve("nosuch.gguf"), folder)) {
      Ran ran = Ran.command(Stream.concat(command.stream(), Stream.of("--model", file)).toArray());
      assertThat(ran.err()).startsWith("gatun: " + file).hasLineCount(1);
      assertThat(ran.code()).isEqualTo(1);
      assertThat(ran.out()).isEmpty();
    }
  }

  static List<List<String>> commandsThatOpen() {
    return List.of(List.of("run", "--prompt", "a"), List.of("logits", "--ids", "1"), List.of("info"), List.of("tokenize", "--text", "a"),
        List.of("bench"),
        List.of("explain"));
  }

  @Test
  void promptLongerThanTheContextIsNamed() {
    Path file = ModelFiles.whole(folder);
    for (List<String> command : List.of(List.of("run"), List.of("logits"))) {
      Ran longer = Ran.command(Stream.concat(command.stream(), Stream.of("--model", file, "--prompt", "word ".repeat(500))).toArray());
      assertThat(longer.err()).startsWith("gatun: " + file + ": the prompt has ").contains("the context holds 256").hasLineCount(1);
      assertThat(longer.code()).isEqualTo(1);
      Ran given = Ran.command(Stream.concat(command.stream(), Stream.of("--model", file, "--prompt", "one two three four", "--context", 2))
          .toArray());
      assertThat(given.err()).contains("the context holds 2").hasLineCount(1);
      assertThat(given.code()).isEqualTo(1);
    }
  }

  @Test
  void idOutsideTheVocabularyIsNamed() {
    Ran ran = Ran.command("logits", "--model", ModelFiles.whole(folder), "--ids", "1,512");
    assertThat(ran.err()).contains("token id 512 is outside the vocabulary of 512").hasLineCount(1);
    assertThat(ran.code()).isEqualTo(1);
  }

  @Test
  void textThatIsNoUtf8IsNamed() {
    Path text = ModelFiles.with(folder, "latin.txt", new byte[] {'a', (byte) 0xE4, 'b'});
    Ran ran = Ran.command("tokenize", "--model", ModelFiles.whole(folder), "--file", text);
    assertThat(ran.err()).isEqualTo("gatun: " + text + ": is no UTF-8 text" + System.lineSeparator());
    assertThat(ran.code()).isEqualTo(1);
  }

  @Test
  void outputThatCannotBeWrittenIsAFailure() {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    OutputStream full = new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        throw new IOException("no space left");
      }
    };
    int code = GatunCommand.run(new PrintStream(full, false, StandardCharsets.UTF_8), new PrintStream(err, true, StandardCharsets.UTF_8),
        "tokenize", "--model", ModelFiles.whole(folder).toString(), "--text", "a");
    assertThat(code).isEqualTo(1);
    assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo("gatun: standard output can't be written" + System.lineSeparator());
  }

  @Test
  void limitFarBeyondTheContextTakesNoMemoryOfItsOwn() {
    Path file = ModelFiles.whole(folder);
    Ran all = Ran.command("logits", "--model", file, "--ids", "5,6", "-n", "1000000000", "--json");
    assertThat(all.err()).isEmpty();
    assertThat(all.json().get("greedy_ids").size()).isBetween(1, 255);
    assertThat(all.json().get("margin")).hasSameSizeAs(all.json().get("greedy_ids"));
    Ran run = Ran.command("run", "--model", file, "--prompt", "ab", "-n", "1000000000", "-q");
    assertThat(run.err()).isEmpty();
    assertThat(run.code()).isZero();
  }

  @Test
  void cacheLargerThanTheMachineIsNamed() {
    Path file = ModelFiles.with(folder, "wide.gguf", ModelFiles.withInt(ModelFiles.bytes(folder), "llama.context_length", Integer.MAX_VALUE));
    Ran ran = Ran.command("logits", "--model", file, "--ids", "5,6", "-n", "2147483647");
    assertThat(ran.err()).startsWith("gatun: ").contains(file.toString()).hasLineCount(1);
    assertThat(ran.code()).isEqualTo(1);
  }
}
