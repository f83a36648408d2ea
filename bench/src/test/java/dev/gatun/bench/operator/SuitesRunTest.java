package dev.gatun.bench.operator;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gatun.bench.Suites;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SuitesRunTest {
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

  @TempDir
  Path folder;

  @BeforeEach
  void tinyShapes() throws Exception {
    System.setProperty(Shapes.PROPERTY, Path.of(OperatorBenchmarksTest.class.getResource("tiny-shapes.txt").toURI()).toString());
    System.setProperty(Measured.ROTATED, "0");
  }

  @AfterEach
  void theRealOnes() {
    Measured.spoiler = _ -> { };
    Stream.of(Shapes.PROPERTY, Measured.ROTATED).forEach(System::clearProperty);
  }

  private int run(String... more) throws IOException {
    List<String> words = new ArrayList<>(List.of("NormBenchmark", "-f", "0", "-bm", "ss", "-wi", "0", "-i", "1", "-p", "shape=tiny", "-p", "rows=3",
        "-rf", "json", "-rff", folder.resolve("x.json").toString()));
    words.addAll(List.of(more));
    return Suites.status(new PrintStream(printed, true, StandardCharsets.UTF_8), words.toArray(String[]::new));
  }

  private JsonNode read(String file) throws IOException {
    return new ObjectMapper().readTree(Files.readString(folder.resolve(file)));
  }

  private String printed() {
    return printed.toString(StandardCharsets.UTF_8);
  }

  @Test
  void resultsHaveTheColumnsAndTheirFactsBesideThem() throws Exception {
    assertThat(run("-p", "operator=rms_norm,norm")).isZero();
    JsonNode results = read("x.json");
    assertThat(results).hasSize(1);
    JsonNode seconds = results.get(0).get("secondaryMetrics");
    assertThat(seconds.get("rooflineShare").get("score").asDouble()).isPositive();
    assertThat(seconds.get("gbPerSecond").get("scoreUnit").asText()).isEqualTo("GB/s");
    JsonNode facts = read("x.facts.json");
    assertThat(facts.get("backends").get("cpu").get("copyBytesPerSecond").asDouble()).isPositive();
    assertThat(facts.get("backends").get("cpu").get("productFlopsPerSecond").asDouble()).isPositive();
    assertThat(facts.get("command").get(0).asText()).isEqualTo("NormBenchmark");
    assertThat(facts.get("missing")).singleElement().satisfies(missing -> {
      assertThat(missing.get("outcome").asText()).isEqualTo("not_run");
      assertThat(missing.get("parameters").get("operator").asText()).isEqualTo("norm");
      assertThat(missing.get("reason").asText()).startsWith("there is no norm 'norm'");
    });
    assertThat(printed()).contains("NormBenchmark.run:gbPerSecond", "Not run: NormBenchmark.run backend=cpu dtype=f32 operator=norm rows=3 shape=tiny: there is");
  }

  @Test
  void aWrongAnswerEndsTheRunWithOneAndTheResultsAreWritten() throws Exception {
    Measured.spoiler = tensor -> tensor.buffer().host().orElseThrow().fill((byte) 0x11);
    assertThat(run("-p", "operator=rms_norm")).isEqualTo(1);
    assertThat(read("x.json")).isEmpty();
    assertThat(read("x.facts.json").get("missing")).singleElement().satisfies(missing -> assertThat(missing.get("outcome").asText()).isEqualTo("wrong"));
    assertThat(printed()).contains("WRONG: NormBenchmark.run backend=cpu dtype=f32 operator=rms_norm rows=3 shape=tiny: wrong answer: an NMSE of ");
  }

  @Test
  void anUnknownOptionIsAnsweredInOneLine() throws Exception {
    assertThat(Suites.status(new PrintStream(printed), "--no-such-option")).isEqualTo(2);
  }
}
