package dev.gatun.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.BackendOptions;
import dev.gatun.conformance.KernelCases.Size;
import dev.gatun.cuda.ObservedProvider;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every kernel of the manifest is launched on the emulator over odd and over aligned sizes, and each launch is held to the oracle. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class EveryKernelTest {
  @RegisterExtension
  static final OperatorHarness HARNESS = new OperatorHarness(_ -> engines());

  private static final Map<Size, Set<String>> REACHED = new EnumMap<>(Size.class);

  private static List<Engine> engines() {
    Assumptions.assumeFalse(ObservedProvider.kernels().isEmpty(), "the emulator was not built");
    return List.of(Engine.open("observed", "cuda-observed", BackendOptions.none().with("graph", "off")).small());
  }

  @AfterAll
  static void forget() {
    REACHED.clear();
  }

  static Stream<KernelCases.Named> cases() {
    return new KernelCases(HARNESS).all().stream();
  }

  @Order(1)
  @ParameterizedTest
  @MethodSource("cases")
  void agreesWithTheOracle(KernelCases.Named named) {
    ObservedProvider.launched();
    ObservedProvider.planned();
    named.check().run();
    assertThat(ObservedProvider.planned()).isNotEmpty().allSatisfy(planned -> CountedWork.check(planned.operator(), planned.plan()));
    Set<String> launched = ObservedProvider.launched();
    assertThat(launched).as("what %s launches", named).isNotEmpty();
    REACHED.computeIfAbsent(named.size(), _ -> new TreeSet<>()).addAll(launched);
  }

  /** On a device with tensor cores, the emulator's default: without them no plan chooses the kernels that use them. */
  @Order(2)
  @Tag("tensor-cores")
  @Test
  void leavesNoKernelOut() {
    if (REACHED.isEmpty()) {
      cases().forEach(this::agreesWithTheOracle);
    }
    for (Size size : Size.values()) {
      Set<String> missing = ObservedProvider.kernelsToReach();
      missing.removeAll(REACHED.getOrDefault(size, Set.of()));
      assertThat(missing).as("kernels that no %s case launches: add a case to KernelCases, or delete what no plan chooses", size).isEmpty();
    }
  }
}
