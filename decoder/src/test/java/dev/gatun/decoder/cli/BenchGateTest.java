package dev.gatun.decoder.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The gate over recorded rows, changed by factors that no machine's noise comes near. */
class BenchGateTest {
  private static final double FAR = 1e7;

  @TempDir static Path folder;
  private static JsonNode recorded;

  @BeforeAll
  static void record() {
    Path rows = folder.resolve("rows.json");
    Ran ran = Ran.command("bench", "--model", ModelFiles.whole(folder), "-p", "4", "-n", "2", "-pg", "4,2", "--sequences", "1,2", "-r", "5", "--warm-up", "0",
        "--threads", "1", "--backend", "cpu", "--save", rows, "--json");
    assertThat(ran.code()).as(ran.err()).isZero();
    recorded = ran.json();
    assertThat(rows).hasContent(ran.out());
    assertThat(recorded).hasSize(5);
  }

  private static Ran against(Consumer<ObjectNode> change, Object... more) {
    ArrayNode rows = recorded.deepCopy();
    rows.forEach(row -> change.accept((ObjectNode) row));
    return compare(rows.toString(), more);
  }

  private static Ran compare(String base, Object... more) {
    try {
      Path file = Files.writeString(folder.resolve("base.json"), base);
      Object[] words = Stream.concat(List.of("bench", "--warm-up", "0", "--compare", file).stream(), Arrays.stream(more)).toArray();
      return Ran.command(words);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void scale(ObjectNode row, double factor) {
    ArrayNode rates = (ArrayNode) row.get("samples_ts");
    for (int i = 0; i < rates.size(); i++) {
      rates.set(i, rates.get(i).asDouble() * factor);
    }
  }

  private static boolean isPrefill(ObjectNode row) {
    return row.get("n_gen").asInt() == 0;
  }

  @Test
  void testsThatWereSlowerBeforeAreFine() {
    Ran ran = against(row -> scale(row, 1 / FAR));
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.err()).isEmpty();
    assertThat(ran.out()).contains("pp4").contains("tg2 @ d4").contains("pp4+tg2").contains("tg2 @ d4 x 2").contains(" once | ok").doesNotContain("SLOWER");
  }

  @Test
  void testThatWasFasterBeforeIsFlaggedAloneAfterThreeMeasurements() {
    Ran ran = against(row -> scale(row, isPrefill(row) ? FAR : 1 / FAR), "--output", "json");
    assertThat(ran.code()).as(ran.err()).isEqualTo(1);
    assertThat(ran.json()).hasSize(5).allSatisfy(row -> {
      boolean prefill = row.get("test").asText().equals("pp4");
      assertThat(row.get("verdict").asText()).isEqualTo(prefill ? "SLOWER" : "ok");
      assertThat(row.get("measured").asInt()).isEqualTo(prefill ? 3 : 1);
    });
  }

  @Test
  void whatIsCountedMustNotGrow() {
    Ran ran = against(row -> {
      scale(row, 1 / FAR);
      if (row.get("n_prompt").asInt() == 0) {
        row.put("kernels_per_step", row.get("kernels_per_step").asInt() - 1);
      }
    });
    assertThat(ran.code()).isEqualTo(1);
    assertThat(ran.out().lines().filter(line -> line.contains("MORE: kernels_per_step"))).hasSize(2);
    assertThat(ran.out()).doesNotContain("SLOWER");
    assertThat(against(row -> {
      scale(row, 1 / FAR);
      row.replace("step_bytes", row.numberNode(Long.MAX_VALUE));
    }).code()).as("less is fine").isZero();
  }

  @Test
  void measurementOfAnotherKindIsRefusedNamingTheDifference() {
    refused(against(row -> ((ObjectNode) row.get("device")).put("name", "a better one")), "device_name was a better one and is ");
    refused(against(row -> ((ObjectNode) row.get("device")).put("native", "sse2 (gcc 2.95.3)")), "native was sse2 and is ");
    refused(against(row -> row.put("model_n_params", 7)), "model_n_params was 7");
    refused(against(row -> row.put("n_batch", 64)), "n_batch was 64");
    refused(against(row -> { }, "--threads", "2"), "n_threads was 1");
    refused(against(row -> { }, "--shape", "test"), "model_file was ");
    refused(against(row -> row.put("model_filename", "gone.gguf")), "gone.gguf is not there");
    refused(against(row -> row.put("slowed", "matmul")), "slowed down on purpose");
    refused(against(row -> row.remove("context")), "context");
    refused(against(row -> row.remove("calibration")), "calibration");
    refused(against(row -> ((ArrayNode) row.get("samples_ts")).remove(0)), "measured 4 times");
    refused(compare("[]"), "no row");
    refused(compare("{"), "no JSON");
    refused(compare("text"), "no JSON");
    refused(compare("[{}]"), "n_prompt");
    refused(against(row -> { }, "-d", "5"), "-d is what --compare takes");
    refused(against(row -> { }, "--backend", "cpu", "--threads", "1,2"), "one backend");
  }

  private static void refused(Ran ran, String why) {
    assertThat(ran.err()).startsWith("gatun: ").contains(why).hasLineCount(1);
    assertThat(ran.code()).isEqualTo(2);
    assertThat(ran.out()).isEmpty();
  }

  @Test
  void slowedKernelsAreLoud() {
    System.setProperty("gatun.cpu.slow", "matmul:1.5");
    try {
      Ran ran = against(row -> scale(row, 1 / FAR), "--save", folder.resolve("slowed.json"));
      assertThat(ran.code()).isZero();
      assertThat(ran.err()).contains("warning").contains("matmul takes 1.5 times its time").hasLineCount(1);
      assertThat(folder.resolve("slowed.json")).content().contains("\"slowed\" : \"matmul takes 1.5 times");
      assertThat(Ran.command("backends").out()).contains("matmul takes 1.5 times its time, on purpose");
    } finally {
      System.clearProperty("gatun.cpu.slow");
    }
  }

  @Test
  void everyFormHasEveryTest() throws IOException {
    Path file = ModelFiles.whole(folder);
    Object[] common = {"bench", "--model", file, "-p", "4", "-n", "0,2", "-d", "0,3", "-t", "1", "--backend", "cpu", "-r", "2", "--warm-up", "0", "--output"};
    List<String> tests = List.of("pp4", "tg2", "pp4 @ d3", "tg2 @ d3");
    assertThat(form(common, "md").lines().filter(line -> line.startsWith("| llama")).map(line -> line.split("\\|")[6].strip()))
        .containsExactlyElementsOf(tests);
    assertThat(form(common, "csv").lines()).hasSize(5).allMatch(line -> line.split(",").length > 40);
    assertThat(form(common, "csv")).startsWith("build_commit,build_number,");
    assertThat(form(common, "jsonl").lines()).hasSize(4).allMatch(line -> line.startsWith("{\"build_commit\"") && line.endsWith("}"));
    assertThat(form(common, "text")).contains("prefill").contains("decode").contains("2 tokens after 3, 2 times");
  }

  private static String form(Object[] common, String form) {
    Object[] words = Arrays.copyOf(common, common.length + 1);
    words[common.length] = form;
    Ran ran = Ran.command(words);
    assertThat(ran.code()).as(ran.err()).isZero();
    return ran.out();
  }

  @Test
  void damagedModelOfAListIsNamedOnce() {
    Path damaged = ModelFiles.with(folder, "damaged.gguf", ModelFiles.renamed(ModelFiles.bytes(folder), "llama.block_count", "llama.block_coxxx"));
    Ran ran = Ran.command("bench", "--model", ModelFiles.whole(folder) + "," + damaged, "-r", "1");
    assertThat(ran.err()).startsWith("gatun: " + damaged).contains("block_count").hasLineCount(1);
    assertThat(ran.code()).isEqualTo(1);
  }

  @Test
  void modelsAreMeasuredInTheSameRun() {
    Path file = ModelFiles.whole(folder);
    Path other = ModelFiles.with(folder, "other.gguf", ModelFiles.bytes(folder));
    JsonNode rows = Ran.command("bench", "--model", file + "," + other, "-p", "0", "-n", "2", "-r", "3", "-t", "1,2", "--backend", "cpu",
        "--warm-up", "0", "--json").json();
    assertThat(rows).extracting(row -> row.get("model_filename").asText() + row.get("n_threads"))
        .containsExactly(file + "1", file + "2", other + "1", other + "2");
    assertThat(rows).allSatisfy(row -> {
      assertThat(row.get("calibration").get("memory_ns")).hasSize(3);
      assertThat(row.get("calibration").get("arithmetic_ns")).hasSize(3);
      assertThat(row.get("kernels_per_step").asInt()).isPositive();
      assertThat(row.get("heap_bytes_per_step").asLong()).isNotNegative();
    });
  }
}
