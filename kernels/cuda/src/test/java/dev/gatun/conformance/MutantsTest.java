package dev.gatun.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.gatun.BackendOptions;
import dev.gatun.DeviceException;
import dev.gatun.GatunException;
import dev.gatun.cuda.ObservedProvider;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A kernel with a barrier, a wait, a bound or a step of its formula removed is caught: by the emulator, or by the comparison with the
 * oracle, as {@link Mutants} says of each, or {@link WarpgroupMutants} of kernels that only an emulated device with warpgroups runs. The same launch of the kernel as it is passes.
 */
class MutantsTest {
  /** Names the emulator's library when a backend is opened. */
  private static final String LIBRARY = "gatun.cuda.emulator";

  @RegisterExtension
  static final OperatorHarness HARNESS = new OperatorHarness();

  @TempDir
  static Path target;

  private static MutantBuild build;

  @BeforeAll
  static void build() {
    Assumptions.assumeFalse(ObservedProvider.kernels().isEmpty(), "the emulator was not built");
    build = MutantBuild.in(target);
    mutants().forEach(build::write);
    build.build();
  }

  static Stream<Mutant> mutants() {
    return ("90".equals(System.getenv("GATUN_EMULATOR_ARCH")) ? WarpgroupMutants.all() : Mutants.all()).stream();
  }

  @ParameterizedTest
  @MethodSource("mutants")
  void isCaught(Mutant mutant) {
    try (Engine emulator = Engine.open("kernels as they are", "cuda-emulated", options()).small()) {
      HARNESS.only(emulator);
      mutant.run().accept(HARNESS);
      HARNESS.fresh();
    }
    Throwable caught = catchThrowable(() -> runMutated(mutant));
    if (mutant.fault().isPresent()) {
      assertThat(caught).as("what stops %s", mutant).isInstanceOf(DeviceException.class)
          .message().containsPattern(mutant.fault().get());
    } else {
      assertThat(caught).as("what finds %s", mutant).isInstanceOf(AssertionError.class);
    }
  }

  private static BackendOptions options() {
    return BackendOptions.none().with("graph", "off");
  }

  private static void runMutated(Mutant mutant) {
    Engine engine = open(build.library(mutant));
    HARNESS.only(engine);
    try {
      mutant.run().accept(HARNESS);
    } finally {
      closed(HARNESS::fresh);
      closed(engine::close);
    }
  }

  private static Engine open(Path library) {
    String before = System.getProperty(LIBRARY);
    System.setProperty(LIBRARY, library.toString());
    try {
      return Engine.open("mutant", "cuda-emulated", options()).small();
    } finally {
      if (before == null) {
        System.clearProperty(LIBRARY);
      } else {
        System.setProperty(LIBRARY, before);
      }
    }
  }

  /** After a fault every call of the backend fails, closing it too. */
  private static void closed(Runnable close) {
    try {
      close.run();
    } catch (GatunException e) {
      System.getLogger(MutantsTest.class.getName()).log(System.Logger.Level.DEBUG, "closing after a fault", e);
    }
  }
}
