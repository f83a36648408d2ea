package dev.gatun.decoder.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.decoder.model.ModelShape;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The scripts that measure on another machine, as far as they can be looked at on this one; {@code bench/device/check.sh} runs them. */
class DeviceScriptsTest {
  private static final Path SCRIPTS = Path.of("../bench/device").toAbsolutePath().normalize();

  @Test
  void thePeersHaveTheShapesOfTheModels() throws IOException {
    String peers = Files.readString(SCRIPTS.resolve("peers.py"));
    for (String name : TokenRates.SHAPES) {
      ModelShape s = ModelShape.of(name).orElseThrow();
      assertThat(peers).contains(String.format("\"%s\": (%d, %d, %d, %d, %d, %d, %d, %s),", name, s.layers(), s.embedding(), s.feedForward(), s.heads(),
          s.kvHeads(), s.headSize(), s.vocab(), s.tied() ? "True" : "False"));
    }
  }

  @Test
  void theShapesThatAreMeasuredAreThoseOfTheReport() throws IOException {
    String run = Files.readString(SCRIPTS.resolve("run.sh"));
    TokenRates.SHAPES.forEach(name -> assertThat(run).contains(name));
    assertThat(run).contains("SPARSE=(" + String.join(" ", TokenRates.SPARSE_SHAPES) + ")");
    TokenRates.SPARSE_SHAPES.forEach(name -> assertThat(ModelShape.of(name)).as(name).isPresent());
    assertThat(run).contains("PROMPTS=(512 4096) DEPTHS=(0 8192 32768) SEQUENCES=(1 8 32)");
  }

  @Test
  void withoutPyTorchThePeersSaySo() throws IOException, InterruptedException {
    Process python = python("-c", "import sys; sys.modules['torch'] = None; sys.argv = ['peers.py', 'kernels', '/dev/null', '1'];"
        + "import runpy; runpy.run_path('" + SCRIPTS.resolve("peers.py") + "', run_name='__main__')");
    String out = new String(python.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(python.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(MeasuredRows.of(out).rows()).singleElement()
        .satisfies(row -> assertThat((String) row.get("status")).startsWith("not measured: ").contains("torch"));
    assertThat(python.exitValue()).isZero();
  }

  private static Process python(String... words) throws IOException {
    List<String> line = new ArrayList<>(List.of("python3", "-B"));
    line.addAll(List.of(words));
    try {
      return new ProcessBuilder(line).redirectErrorStream(true).start();
    } catch (IOException e) {
      Assumptions.abort("no python3: peers.py was not looked at");
      throw e;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"run.sh", "run-all", "pack.sh", "check.sh", "check-bundle.sh"})
  void theShellReadsTheScripts(String script) throws IOException, InterruptedException {
    Process bash = new ProcessBuilder("bash", "-n", SCRIPTS.resolve(script).toString()).redirectErrorStream(true).start();
    String out = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(bash.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(out).isEmpty();
    assertThat(bash.exitValue()).isZero();
  }
}
