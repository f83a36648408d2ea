package dev.gatun.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.BackendOptions;
import dev.gatun.tck.lab.Lab;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Models whose sizes are multiples of nothing, and lines that no case can be made of. */
class OddShapesTest {
  private static final List<ModelShape> ODD = List.of(
      new ModelShape("gemma-like", Level.QUICK, 1152, 6912, 12, 4, 80, 80, 262_145, 1e6, 1e-6f),
      new ModelShape("oss-like", Level.QUICK, 2880, 2880, 64, 8, 64, 48, 201_088, 150_000.5, 1e-5f),
      new ModelShape("tiny", Level.STANDARD, 100, 33, 3, 3, 20, 12, 31, 1e10, 1e-5f));

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(Scale.class)
  void everyLevelIsListedAndItsLinesAreFound(Scale scale) {
    for (Level level : Level.values()) {
      assertThat(Suite.cases(level, scale, ODD, Set.of())).isNotEmpty().allSatisfy(test -> {
        assertThat(Suite.find(test.line())).isEqualTo(test);
        assertThat(Suite.column(test)).isNotBlank();
      });
    }
  }

  static Stream<String> families() {
    return Suite.families().stream().filter(name -> Suite.family(name).isOperator());
  }

  /** On the example backend, in full, what is listed for these models alone. */
  @ParameterizedTest
  @MethodSource("families")
  void whatTheModelsAddIsServed(String family) {
    Set<TestCase> others = Set.copyOf(Suite.cases(Level.FULL, Scale.EMULATED, List.of(), Set.of(family)));
    try (CaseRunner runner = new CaseRunner(new Lab("example", BackendOptions.none(), Scale.EMULATED), Suite.SEED)) {
      for (TestCase test : Suite.cases(Level.FULL, Scale.EMULATED, ODD, Set.of(family))) {
        if (!others.contains(test)) {
          CaseResult result = runner.run(test);
          assertThat(result.verdict()).as("%s: %s", test, result.message()).isIn(Verdict.PASS, Verdict.UNSUPPORTED);
        }
      }
    }
  }

  @Test
  void aFileOfOddShapesIsRunToItsEnd() throws Exception {
    Path shapes = Files.writeString(folder.resolve("odd.txt"), "odd quick 1152 2880 12 4 80 80 262145 1e6 1e-6\n");
    Report report = Validation.of("example").withScale(Scale.EMULATED).withShapes(shapes).withInProcess(true)
        .withFamilies(List.of("embedding", "dequantize", "matmul", "attention", "rope")).run(_ -> {});
    assertThat(report.results()).isNotEmpty().allSatisfy(result ->
        assertThat(result.verdict()).as("%s: %s", result.test(), result.message()).isIn(Verdict.PASS, Verdict.UNSUPPORTED));
  }

  /** A head of one element has no pair to turn. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aListedCaseThatIsNoneFailsAlone(boolean inProcess) throws Exception {
    Path shapes = Files.writeString(folder.resolve("narrow.txt"), "narrow quick 64 64 1 1 1 1 64 1e4 1e-5\n");
    Validation asked = Validation.of("troubled").withOptions(BackendOptions.none().with("trouble", "none")).withScale(Scale.EMULATED)
        .withShapes(shapes).withInProcess(inProcess).withFamilies(List.of("rope"));
    Report report = asked.run(_ -> {});
    assertThat(report.results()).hasSameSizeAs(asked.list(Scale.EMULATED)).filteredOn(result -> result.verdict() == Verdict.FAIL)
        .isNotEmpty().allSatisfy(result -> {
          assertThat(result.check()).isEqualTo("threw");
          assertThat(result.message()).contains("make no case", "dims must be even").contains(result.test().line());
        });
    assertThat(report.results()).extracting(CaseResult::verdict).contains(Verdict.UNSUPPORTED);
  }

  @ParameterizedTest
  @ValueSource(strings = {"attention(window=-1)", "rms_norm(eps=-1)", "copy(shape=-1)", "copy(shape=3+4+5+6+7)", "rope(base=abc)",
      "rope(scaling=linear:0)", "matmul(n=100000, k=100000, codes=zero)", "matmul(n=30000, k=30000, codes=zero)", "kv_cache(layers=0)",
      "kv_cache(page=134217728)", "kv_append(heads=100, size=134217728)", "matmul(n=131072, k=1048576)", "copy(shape=100000+100000)",
      "add(rows=2, middle=-1)"})
  void aLineThatMakesNoCaseIsRefusedByName(String line) {
    try (CaseRunner runner = new CaseRunner(new Lab("example", BackendOptions.none(), Scale.EMULATED), Suite.SEED)) {
      assertThatThrownBy(() -> runner.run(Suite.find(line))).isInstanceOf(CaseException.class).hasMessageContaining(line);
      assertThatCode(() -> runner.run(Suite.find("softmax(rows=2)"))).doesNotThrowAnyException();
    }
  }
}
