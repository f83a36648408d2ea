package dev.gatun.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import dev.gatun.BackendOptions;
import dev.gatun.tck.junit.BackendValidation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** What a vendor's test class shows, run by a launcher of its own. */
class BackendValidationTest {
  private static final List<Report> REPORTS = new ArrayList<>();

  /** Not matched by the build's own search for tests. */
  static class Troubled extends BackendValidation {
    Troubled() {
      super("troubled", Level.QUICK);
    }

    @Override
    protected BackendOptions options() {
      return BackendOptions.none().with("trouble", "halt").with("at", ",66]");
    }

    @Override
    protected Validation validation() {
      return super.validation().withCases(List.of("rms_norm(rows=4, n=65)", "matmul(n=37, k=77, weight=plain)", "rms_norm(rows=4, n=66)"));
    }

    @Override
    protected void finished(Report report) {
      REPORTS.add(report);
    }
  }

  /** Not there, and that is a failure. */
  static class Absent extends BackendValidation {
    Absent() {
      super("troubled", Level.QUICK);
    }

    @Override
    protected BackendOptions options() {
      return BackendOptions.none().with("trouble", "absent");
    }
  }

  /** Not there, as it may be. */
  static class AbsentAsExpected extends Absent {
    @Override
    protected boolean mayBeAbsent() {
      return true;
    }
  }

  private record Seen(TestExecutionResult.Status status, String message) {}

  private static Map<String, Seen> run(Class<?> tests) {
    Map<String, Seen> seen = new LinkedHashMap<>();
    LauncherFactory.create().execute(LauncherDiscoveryRequestBuilder.request().selectors(selectClass(tests)).build(), new TestExecutionListener() {
      @Override
      public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        seen.put(test.getDisplayName(), new Seen(result.getStatus(), result.getThrowable().map(Throwable::getMessage).orElse("")));
      }
    });
    return seen;
  }

  @Test
  void everyCaseIsATestInItsFamilysContainer() {
    REPORTS.clear();
    Map<String, Seen> seen = run(Troubled.class);
    assertThat(seen).containsKeys("rms_norm", "matmul", "rms_norm(rows=4, n=65)");
    assertThat(seen.get("rms_norm(rows=4, n=65)")).isEqualTo(new Seen(TestExecutionResult.Status.ABORTED, "unsupported: nothing runs here"));
    assertThat(seen.get("matmul(n=37, k=77, weight=plain)").status()).isEqualTo(TestExecutionResult.Status.ABORTED);
    Seen failed = seen.get("rms_norm(rows=4, n=66)");
    assertThat(failed.status()).isEqualTo(TestExecutionResult.Status.FAILED);
    assertThat(failed.message()).isEqualTo("crash: the process ended: exit code 7; it printed last: last words" + System.lineSeparator()
        + "gatun validate --backend troubled -o trouble=halt -o 'at=,66]' --case 'rms_norm(rows=4, n=66)'");
    assertThat(REPORTS).hasSize(1);
    assertThat(REPORTS.getFirst().counts()).containsEntry(Verdict.FAIL, 1).containsEntry(Verdict.UNSUPPORTED, 2);
  }

  @Test
  void aBackendThatIsNotThereFailsUnlessItMayBe() {
    Optional<Seen> failed = run(Absent.class).values().stream().filter(one -> one.status() == TestExecutionResult.Status.FAILED).findFirst();
    assertThat(failed).hasValueSatisfying(one -> assertThat(one.message()).contains("its cable is not plugged in"));
    Map<String, Seen> seen = run(AbsentAsExpected.class);
    assertThat(seen.values()).noneMatch(one -> one.status() == TestExecutionResult.Status.FAILED);
    assertThat(seen.values()).anySatisfy(one -> {
      assertThat(one.status()).isEqualTo(TestExecutionResult.Status.ABORTED);
      assertThat(one.message()).contains("its cable is not plugged in");
    });
  }
}
