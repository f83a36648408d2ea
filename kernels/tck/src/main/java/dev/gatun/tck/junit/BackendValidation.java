package dev.gatun.tck.junit;

import dev.gatun.BackendOptions;
import dev.gatun.BackendUnavailableException;
import dev.gatun.tck.CaseResult;
import dev.gatun.tck.Inspection;
import dev.gatun.tck.Level;
import dev.gatun.tck.Report;
import dev.gatun.tck.Scale;
import dev.gatun.tck.TestCase;
import dev.gatun.tck.Validation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The validation suite as a test class: a container for each operator or other family, a test for each case, examined in processes of their own as the tests are
 * reached.
 *
 * <pre>{@code
 * class MineTest extends BackendValidation {
 *   MineTest() { super("mine", Level.QUICK); }
 * }
 * }</pre>
 *
 * <p>A case that fails, or is not reached, fails its test; an unsupported one is aborted, as by an assumption, with the backend's reason. The same as a command is
 * in each failure's message. A backend that is not there fails the class, unless {@link #mayBeAbsent()}.
 */
public abstract class BackendValidation {
  private final String backend;
  private final Level level;

  /** For a backend by its name, on the class path of the tests. */
  protected BackendValidation(String backend, Level level) {
    this.backend = backend;
    this.level = level;
  }

  /** The settings that the backend is opened with; none unless overridden. */
  protected BackendOptions options() {
    return BackendOptions.none();
  }

  /** The scale; unless overridden, the one that the device calls for ({@link Validation#scaleFor}). */
  protected Optional<Scale> scale() {
    return Optional.empty();
  }

  /** The families to run; all unless overridden. */
  protected List<String> families() {
    return List.of();
  }

  /** Whether a backend that does not run on this machine is no failure: the test is then aborted with its reasons. No, unless overridden. */
  protected boolean mayBeAbsent() {
    return false;
  }

  /** The whole request, for what the other methods do not say. */
  protected Validation validation() {
    Validation asked = Validation.of(backend).withLevel(level).withOptions(options()).withFamilies(families());
    return scale().map(asked::withScale).orElse(asked);
  }

  /** Takes the report once the last case was run; does nothing unless overridden, for example to write it with {@link dev.gatun.tck.ReportJson}. */
  protected void finished(Report report) {}

  /** The cases. */
  @TestFactory
  Stream<DynamicNode> cases() {
    Inspection inspection = open();
    Map<String, List<DynamicNode>> families = new LinkedHashMap<>();
    for (TestCase test : inspection.order()) {
      families.computeIfAbsent(test.family(), _ -> new ArrayList<>()).add(DynamicTest.dynamicTest(test.line(), () -> judge(inspection, test)));
    }
    return families.entrySet().stream().<DynamicNode>map(family -> DynamicContainer.dynamicContainer(family.getKey(), family.getValue())).onClose(() -> {
      inspection.close();
      finished(inspection.report());
    });
  }

  private Inspection open() {
    try {
      return validation().open();
    } catch (BackendUnavailableException e) {
      if (mayBeAbsent()) {
        return Assumptions.abort(e.getMessage());
      }
      throw e;
    }
  }

  private static void judge(Inspection inspection, TestCase test) {
    CaseResult result = inspection.examine(test);
    switch (result.verdict()) {
      case PASS -> {
        // As it should be.
      }
      case UNSUPPORTED -> Assumptions.abort("unsupported: " + result.message());
      case NOT_RUN -> Assertions.fail("not run: " + result.message());
      case FAIL -> Assertions.fail(result.check() + ": " + result.message() + System.lineSeparator()
          + inspection.asked().withFamilies(List.of()).withCases(List.of(test.line())).command());
    }
  }
}
