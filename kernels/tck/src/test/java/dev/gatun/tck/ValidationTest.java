package dev.gatun.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.BackendOptions;
import dev.gatun.BackendUnavailableException;
import dev.gatun.GatunException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs on a backend that ends its process: whatever happens is the verdict of one case. */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class ValidationTest {
  private static final List<String> THREE = List.of("rms_norm(rows=4, n=65)", "rms_norm(rows=4, n=66)", "rms_norm(rows=4, n=67)");

  @TempDir Path folder;

  private static Validation troubled(String trouble) {
    return Validation.of("troubled").withOptions(BackendOptions.none().with("trouble", trouble).with("at", ",66]")).withCases(THREE);
  }

  private static Report run(Validation asked) {
    List<CaseResult> told = new ArrayList<>();
    Report report = asked.run(told::add);
    assertThat(report.results()).containsExactlyElementsOf(told).hasSameSizeAs(asked.cases());
    return report;
  }

  private static CaseResult onlyTheSecondFailed(Report report) {
    assertThat(report.results()).extracting(CaseResult::verdict).containsExactly(Verdict.UNSUPPORTED, Verdict.FAIL, Verdict.UNSUPPORTED);
    assertThat(report.passed()).isFalse();
    CaseResult failed = report.results().get(1);
    assertThat(failed.test().line()).isEqualTo("rms_norm(rows=4, n=66)");
    return failed;
  }

  @AfterEach
  void noProcessIsLeft() {
    assertThat(ProcessHandle.current().children().flatMap(child -> child.info().commandLine().stream())
        .filter(line -> line.contains("gatun-validation"))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void refusalsAreUnsupportedWithTheirReason(boolean inProcess) {
    Report report = run(troubled("none").withInProcess(inProcess));
    assertThat(report.results()).allSatisfy(result -> {
      assertThat(result.verdict()).isEqualTo(Verdict.UNSUPPORTED);
      assertThat(result.message()).isEqualTo("nothing runs here");
    });
    assertThat(report.passed()).as("nothing served is nothing passed").isFalse();
    assertThat(report.subject().description()).isEqualTo("ends the process it is in, one way or another");
  }

  @Test
  void aFaultInNativeCodeIsOneFailedCaseWithItsSignalAndFrame() {
    CaseResult failed = onlyTheSecondFailed(run(troubled("fault")));
    assertThat(failed.check()).isEqualTo("crash");
    assertThat(failed.message()).startsWith("the process ended: ").contains("SIGSEGV");
  }

  @Test
  void anEndOfTheProcessIsOneFailedCaseWithItsCodeAndLastWords() {
    CaseResult failed = onlyTheSecondFailed(run(troubled("halt")));
    assertThat(failed.check()).isEqualTo("crash");
    assertThat(failed.message()).isEqualTo("the process ended: exit code 7; it printed last: last words");
    assertThat(onlyTheSecondFailed(run(troubled("exit"))).message()).startsWith("the process ended: exit code ");
  }

  @Test
  void aHangIsOneFailedCaseThatSaysWhere() {
    CaseResult failed = onlyTheSecondFailed(run(troubled("hang").withTimeout(Duration.ofSeconds(3))));
    assertThat(failed.check()).isEqualTo("hang");
    assertThat(failed.message()).startsWith("not done after 3 s, at ").contains("TroubledProvider");
  }

  @Test
  void exhaustedMemoryIsOneFailedCase() {
    CaseResult failed = onlyTheSecondFailed(run(troubled("memory")));
    assertThat(failed.check()).isEqualTo("threw");
    assertThat(failed.message()).startsWith("java.lang.OutOfMemoryError");
  }

  @Test
  void whatABackendPrintsDisturbsNothing() {
    assertThat(run(troubled("print")).results()).extracting(CaseResult::verdict).containsOnly(Verdict.UNSUPPORTED);
  }

  @Test
  void aBackendThatIsNotThereEndsTheRunWithItsReasons() {
    assertThatThrownBy(() -> troubled("absent").open()).isInstanceOf(BackendUnavailableException.class).hasMessageContaining("its cable is not plugged in");
    assertThatThrownBy(() -> Validation.of("nosuch").open()).isInstanceOf(BackendUnavailableException.class).hasMessageContaining("troubled");
  }

  @Test
  void aBackendThatEndsTheProcessWhenOpenedEndsTheRun() {
    assertThatThrownBy(() -> troubled("open").open()).isInstanceOf(GatunException.class).hasMessageContaining("exit code 7")
        .hasMessageContaining("last words");
  }

  @Test
  void aBackendThatDoesNotOpenAgainLeavesTheRestNotRun() {
    Validation asked = troubled("halt");
    Report report = run(asked.withOptions(asked.options().with("once", folder.resolve("wedged"))));
    assertThat(report.results()).extracting(CaseResult::verdict).containsExactly(Verdict.UNSUPPORTED, Verdict.FAIL, Verdict.NOT_RUN);
    assertThat(report.results().get(2).message()).isEqualTo("the backend did not open again: the device is wedged");
  }

  @Test
  void aGroupWhoseProcessesKeepEndingIsGivenUp() {
    Validation asked = troubled("halt").withOptions(BackendOptions.none().with("trouble", "halt").with("at", "rms_norm"));
    try (InWorkers examiner = new InWorkers(asked, 2)) {
      List<CaseResult> results = asked.list(Scale.DEVICE).stream().map(examiner::examine).toList();
      assertThat(results).extracting(CaseResult::verdict).containsExactly(Verdict.FAIL, Verdict.FAIL, Verdict.NOT_RUN);
      assertThat(results.get(2).message()).contains("2 cases of the group rows");
      assertThat(examiner.examine(Suite.find("matmul(n=37, k=77, weight=plain)")).verdict()).as("another group").isEqualTo(Verdict.UNSUPPORTED);
    }
  }

  @Test
  void aStoppedRunReportsWhatIsLeftAsNotRun() throws Exception {
    Path reached = folder.resolve("reached");
    Validation asked = troubled("hang");
    try (Inspection inspection = asked.withOptions(asked.options().with("once", reached)).open()) {
      Thread stopping = Thread.ofPlatform().start(() -> {
        while (!Files.exists(reached)) {
          Thread.onSpinWait();
        }
        inspection.stop();
      });
      inspection.order().forEach(inspection::examine);
      stopping.join();
      assertThat(inspection.report().results()).extracting(CaseResult::verdict).containsExactly(Verdict.UNSUPPORTED, Verdict.NOT_RUN, Verdict.NOT_RUN);
    }
  }

  @Test
  void workersEndWithTheProcessThatStartedThemHoweverItEnds() throws Exception {
    Path reached = folder.resolve("reached");
    List<String> words = new ArrayList<>(List.of(JavaCommand.program()));
    words.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-Djava.io.tmpdir=" + Files.createDirectory(folder.resolve("temporary")), "-cp", System.getProperty("java.class.path"), Hanging.class.getName(), reached.toString()));
    Process process = new ProcessBuilder(words).redirectErrorStream(true).redirectOutput(folder.resolve("output").toFile()).start();
    try {
      while (!Files.exists(reached)) {
        assertThat(process.isAlive()).as(Files.readString(folder.resolve("output"))).isTrue();
        Thread.sleep(50);
      }
      List<ProcessHandle> workers = process.descendants().toList();
      assertThat(workers).isNotEmpty();
      process.destroyForcibly().waitFor();
      for (ProcessHandle worker : workers) {
        worker.onExit().get(1, TimeUnit.MINUTES);
      }
      assertThat(folder.resolve("temporary")).isEmptyDirectory();
    } finally {
      process.destroyForcibly();
    }
  }

  /** A process that hangs in its first case. */
  static final class Hanging {
    private Hanging() {}

    public static void main(String[] args) {
      Validation asked = troubled("hang");
      asked.withOptions(BackendOptions.none().with("trouble", "hang").with("once", args[0])).run(_ -> {});
    }
  }

  @Test
  void wrongRequestsAreSaidBeforeAnythingStarts() throws Exception {
    Validation asked = Validation.of("nosuch");
    assertThatThrownBy(() -> asked.withFamilies(List.of("conv")).open()).isInstanceOf(CaseException.class).hasMessageContaining("conv");
    assertThatThrownBy(() -> asked.withCases(List.of("matmul(z=1)")).open()).isInstanceOf(CaseException.class).hasMessageContaining("matmul");
    assertThatThrownBy(() -> asked.withShapes(folder.resolve("absent")).open()).isInstanceOf(CaseException.class).hasMessageContaining("absent");
    Path wrong = Files.writeString(folder.resolve("shapes"), "# mine\none two\n");
    assertThatThrownBy(() -> asked.withShapes(wrong).open()).isInstanceOf(CaseException.class).hasMessageContaining(wrong + ", line 2");
  }

  @Test
  void anEmulatedDeviceIsRunAtItsScaleUnlessAskedOtherwise() {
    Validation asked = troubled("none").withInProcess(true);
    Validation emulated = asked.withOptions(asked.options().with("device", "Emulated"));
    assertThat(run(asked).run().scale()).isEqualTo(Scale.DEVICE);
    assertThat(run(emulated).run().scale()).isEqualTo(Scale.EMULATED);
    assertThat(run(asked.withScale(Scale.EMULATED)).run().scale()).isEqualTo(Scale.EMULATED);
    assertThat(run(emulated.withScale(Scale.DEVICE)).run().scale()).isEqualTo(Scale.DEVICE);
  }

  @Test
  void commandsRepeatTheRunAndItsCases() {
    Validation asked = troubled("none").withInProcess(true).withScale(Scale.EMULATED).withSeed(5);
    Report report = run(asked);
    assertThat(report.run().command()).isEqualTo("gatun validate --backend troubled -o trouble=none -o 'at=,66]' --case 'rms_norm(rows=4, n=65)'"
        + " --case 'rms_norm(rows=4, n=66)' --case 'rms_norm(rows=4, n=67)' --emulated --seed 5 --in-process");
    assertThat(report.rerun(report.results().getFirst().test()))
        .isEqualTo("gatun validate --backend troubled -o trouble=none -o 'at=,66]' --emulated --seed 5 --case 'rms_norm(rows=4, n=65)'");
    assertThat(Validation.of("mine").withLevel(Level.FULL).withFamilies(List.of("matmul", "rope")).command())
        .isEqualTo("gatun validate --backend mine --level full --op matmul,rope");
    assertThat(Validation.of("mine").withShapes(Path.of("it's")).withTimeout(Duration.ofSeconds(5)).command())
        .isEqualTo("gatun validate --backend mine --level quick --shapes 'it'\\''s' --timeout 5");
  }

  @Test
  void twoRunsGiveTheSameReportButForTimes() throws Exception {
    Validation asked = Validation.of("troubled").withFamilies(List.of("rms_norm")).withScale(Scale.EMULATED);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      StringBuilder text = new StringBuilder();
      ReportJson.write(asked.run(_ -> {}), text);
      texts.add(text.toString().replaceAll("\"(nanos|seconds)\" ?: ?[0-9.E-]+", "$1").replaceAll("\"started\" : \"[^\"]*\"", "started"));
    }
    assertThat(texts.get(0)).isEqualTo(texts.get(1)).contains("rms_norm(");
  }

  @Test
  void flagsArePassedOnButForThoseOfOneProcess() {
    assertThat(JavaCommand.inherited(List.of("-Xmx1g", "--add-modules=a", "-agentlib:jdwp=transport=dt_socket", "-javaagent:/jacoco.jar=x", "-Dkeep=1",
        "-Djdk.module.main=m", "--module-path=p", "-Dgatun.stderr=3", "-XX:SharedArchiveFile=f", "-XX:UseAVX=2")))
        .containsExactly("--add-modules=a", "-Dkeep=1", "-XX:UseAVX=2");
    assertThat(JavaCommand.heap(List.of("-Xmx1g"))).isEqualTo(2L << 30);
    assertThat(JavaCommand.heap(List.of("-Xmx8192m", "-Xmx3g"))).isEqualTo(3L << 30);
    assertThat(JavaCommand.file(List.of("a b", "c\"d\\"))).containsExactly("\"a b\"", "\"c\\\"d\\\\\"");
  }

  @Test
  void aWorkersEndIsToldWithoutWhatDiffersEveryTime() throws Exception {
    Path log = Files.writeString(folder.resolve("fatal.log"), """
        #
        # A fatal error has been detected by the Java Runtime Environment:
        #
        #  SIGSEGV (0xb) at pc=0x00007f1c2d3e4f50, pid=12, tid=13
        #
        # Problematic frame:
        # C  [libmine.so+0x1139]  kernel+0x9
        #
        """);
    assertThat(new WorkerEnd(134, WorkerEnd.fatal(log), List.of("at 0x00007f1c2d3e4f50")).words()).isEqualTo(
        "signal 6 (SIGABRT), exit code 134; the JVM met SIGSEGV (0xb) in C [libmine.so+0x1139] kernel+0x9; it printed last: at 0x…");
    assertThat(new WorkerEnd(1, WorkerEnd.fatal(folder.resolve("absent")), List.of()).words()).isEqualTo("exit code 1");
    assertThat(new WorkerEnd(130, Optional.empty(), List.of()).wished()).isTrue();
    assertThat(new WorkerEnd(134, Optional.empty(), List.of()).wished()).isFalse();
    assertThat(new WorkerEnd(137, WorkerEnd.fatal(folder.resolve("absent")), List.of()).words()).isEqualTo("signal 9 (SIGKILL), exit code 137");
  }
}
