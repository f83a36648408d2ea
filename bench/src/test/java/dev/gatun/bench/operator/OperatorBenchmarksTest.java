package dev.gatun.bench.operator;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gatun.Operator;
import dev.gatun.bench.Journal;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;

class OperatorBenchmarksTest {
  private static final List<String> COLUMNS = List.of("deviceMicros", "gbPerSecond", "tflopPerSecond", "rooflineShare", "rotatedMegabytes");

  @TempDir
  Path folder;

  @BeforeEach
  void tinyShapes() throws Exception {
    System.setProperty(Shapes.PROPERTY, Path.of(OperatorBenchmarksTest.class.getResource("tiny-shapes.txt").toURI()).toString());
    System.setProperty(Measured.ROTATED, "0");
    System.setProperty(Journal.PROPERTY, folder.toString());
    new Journal(folder).keep("cpu", new ObjectMapper().createObjectNode().put("copyBytesPerSecond", 2e9).put("productFlopsPerSecond", 0).put("product", "none"));
  }

  @AfterEach
  void theRealOnes() {
    Measured.spoiler = _ -> { };
    Stream.of(Shapes.PROPERTY, Measured.ROTATED, Journal.PROPERTY).forEach(System::clearProperty);
  }

  private Collection<RunResult> run(String include, Map<String, String> parameters) throws RunnerException {
    ChainedOptionsBuilder options = new OptionsBuilder().include(include).forks(0).mode(org.openjdk.jmh.annotations.Mode.SingleShotTime)
        .warmupIterations(0).measurementIterations(1).addProfiler(RooflineProfiler.class).output(folder.resolve("log").toString());
    if (!parameters.containsKey("shape")) {
      options.param("shape", "tiny");
    }
    parameters.forEach((name, value) -> options.param(name, value.split(",")));
    return new Runner(options.build()).run();
  }

  private List<Journal.Entry> not() {
    return new Journal(folder).entries();
  }

  @Test
  void everyOperatorOfTheCatalogueIsMeasuredAndRight() throws Exception {
    Set<String> measured = new TreeSet<>();
    Measured.observer = operator -> measured.add(operator.getClass().getSimpleName());
    Collection<RunResult> results;
    try {
      results = run("operator\\.(?!.*Pair)", Map.of("rows", "3", "tokens", "5", "context", "9", "sequences", "2", "k", "7", "experts", "tiny", "latents", "tiny"));
    } finally {
      Measured.observer = _ -> { };
    }
    assertThat(not()).isEmpty();
    assertThat(measured).isEqualTo(Arrays.stream(Operator.class.getPermittedSubclasses()).map(Class::getSimpleName).collect(Collectors.toCollection(TreeSet::new)));
    assertThat(results).hasSizeGreaterThan(measured.size()).allSatisfy(result -> {
      var seconds = result.getSecondaryResults();
      assertThat(seconds).as(result.getParams().id()).containsKeys(COLUMNS.toArray(String[]::new));
      assertThat(seconds.get("deviceMicros").getScore()).isPositive();
      assertThat(seconds.get("gbPerSecond").getScore()).isPositive();
      assertThat(seconds.get("rooflineShare").getScore()).isCloseTo(seconds.get("gbPerSecond").getScore() / 2, Percentage.withPercentage(1e-6));
    });
  }

  @Test
  void headsOfTwoSizesAreServed() throws Exception {
    assertThat(run("operator\\.Attention|KvAppend", Map.of("shape", "skewed", "dtype", "f16", "tokens", "5", "context", "9"))).isNotEmpty();
    assertThat(not()).isEmpty();
  }

  @Test
  void aWrongAnswerHasNoResult() throws Exception {
    Measured.spoiler = tensor -> tensor.buffer().host().orElseThrow().asSlice(tensor.offset(), tensor.bytes()).fill((byte) 0x11);
    assertThat(run("Norm|Logits|Matmul|Lookup|AttentionPrefill|Rope|Block|Elementwise", Map.of("rows", "3", "tokens", "5", "k", "7", "dtype", "f32,q8_0")))
        .isEmpty();
    assertThat(not()).extracting(Journal.Entry::outcome).contains(Journal.Outcome.WRONG);
    assertThat(not()).filteredOn(entry -> entry.outcome() == Journal.Outcome.WRONG).hasSizeGreaterThan(15)
        .allSatisfy(entry -> assertThat(entry.reason()).startsWith("wrong answer: an NMSE of "));
  }

  @Test
  void whatCannotRunSaysWhyAndTheRestGoesOn() throws Exception {
    assertThat(run("NormBenchmark", Map.of("backend", "cpu,nowhere", "operator", "rms_norm", "rows", "3"))).hasSize(1);
    assertThat(not()).singleElement().satisfies(entry -> {
      assertThat(entry.outcome()).isEqualTo(Journal.Outcome.NOT_RUN);
      assertThat(entry.wanted()).startsWith("NormBenchmark.run backend=nowhere");
      assertThat(entry.reason()).contains("no backend named 'nowhere'").doesNotContain("\n");
    });
  }

  @Test
  void unknownNamesAreAnsweredWithThoseThereAre() throws Exception {
    assertThat(run("NormBenchmark", Map.of("operator", "rms_norm", "rows", "3", "dtype", "f33"))).isEmpty();
    assertThat(run("NormBenchmark", Map.of("operator", "rms_norm", "rows", "3", "shape", "huge"))).isEmpty();
    assertThat(run("NormBenchmark", Map.of("operator", "norm", "rows", "3"))).isEmpty();
    assertThat(run("NormBenchmark", Map.of("operator", "rms_norm", "rows", "3", "dtype", "q8_0"))).isEmpty();
    assertThat(not()).hasSize(4).allSatisfy(entry -> assertThat(entry.outcome()).isEqualTo(Journal.Outcome.NOT_RUN));
    assertThat(not()).extracting(Journal.Entry::reason).satisfiesExactly(
        type -> assertThat(type).startsWith("there is no type 'f33'; there are: ").contains("q8_0"),
        shape -> assertThat(shape).isEqualTo("there is no shape 'huge'; there are: tiny, skewed"),
        norm -> assertThat(norm).contains("rms_norm, layer_norm"),
        block -> assertThat(block).isNotBlank());
  }

  @Test
  void aLayerIsTheSameByCallsAndAsAList() throws Exception {
    assertThat(run("ListPair", Map.of("context", "3"))).hasSize(3).allSatisfy(result -> assertThat(result.getPrimaryResult().getScore()).isPositive())
        .filteredOn(result -> result.getParams().getBenchmark().endsWith("compiledList"))
        .allSatisfy(result -> assertThat(result.getSecondaryResults()).containsKeys(COLUMNS.toArray(String[]::new)));
    assertThat(not()).isEmpty();
  }

  @Test
  void aLayerThatIsWrongHasNoResult() throws Exception {
    Measured.spoiler = tensor -> tensor.buffer().host().orElseThrow().asSlice(tensor.offset(), tensor.bytes()).fill((byte) 0x11);
    assertThat(run("ListPair.*compiledList", Map.of("context", "3"))).isEmpty();
    assertThat(not()).singleElement().satisfies(entry -> {
      assertThat(entry.outcome()).isEqualTo(Journal.Outcome.WRONG);
      assertThat(entry.reason()).contains("in add");
    });
  }

  @Test
  void scalarCodeIsNotMeasuredWhereTheVectorApiIs() throws Exception {
    assertThat(run("VectorPair", Map.of("context", "9"))).hasSize(4)
        .allSatisfy(result -> assertThat(result.getParams().getBenchmark()).endsWith(".vector"));
    assertThat(not()).hasSize(4).allSatisfy(entry -> assertThat(entry.reason()).contains("this JVM has the module jdk.incubator.vector"));
  }

  @Test
  void theEmulatorAnswersTheSame() throws Exception {
    assertThat(run("Matmul|Norm|AttentionDecode", Map.of("backend", "cuda-emulated", "rows", "3", "context", "9", "dtype", "f16", "operator", "rms_norm")))
        .satisfiesAnyOf(results -> assertThat(results).hasSize(3), results -> assertThat(not()).allSatisfy(
            entry -> assertThat(entry.reason()).contains("cuda-emulated does not work here")));
  }
}
