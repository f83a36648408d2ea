package dev.gatun.bench.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gatun.Gatun;
import dev.gatun.bench.call.DriverLibrary;
import java.util.Collection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** The benchmarks of memory and of loading, once each; they look at their own answers. */
class MemoryBenchmarkTest {
  private static void assumeEmulator() {
    assumeTrue(Gatun.backends().stream().anyMatch(b -> b.name().equals("cuda-emulated") && b.isAvailable()), "the emulator was not built");
  }

  private static ChainedOptionsBuilder once(String include) {
    return new OptionsBuilder().include(include).forks(0).warmupIterations(0).measurementIterations(1).shouldFailOnError(true).verbosity(VerboseMode.SILENT);
  }

  @Test
  void copiesTellGigabytesPerSecondBesideCopiesPerSecond() throws RunnerException {
    assumeEmulator();
    Collection<RunResult> results = new Runner(once("TransferBenchmark").param("driver", DriverLibrary.EMULATOR).param("bytes", "65536").mode(Mode.Throughput)
        .measurementTime(TimeValue.milliseconds(20)).build()).run();
    assertThat(results).hasSize(4).allSatisfy(result -> assertThat(result.getSecondaryResults().get("gigabytes").getScore())
        .isCloseTo(result.getPrimaryResult().getScore() * 65536 / 1e9, within(1e-6 * result.getPrimaryResult().getScore())));
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "cuda-emulated"})
  void buffersAndFirstTokensAreServedByEachBackend(String backend) throws RunnerException {
    if (!backend.equals("cpu")) {
      assumeEmulator();
    }
    assertThat(new Runner(once("PoolBenchmark").param("backend", backend).param("bytes", "4096").mode(Mode.SingleShotTime).build()).run()).hasSize(1);
    assertThat(new Runner(once("FirstTokenBenchmark").param("backend", backend).param("prompt", "5").build()).run()).hasSize(2);
    assertThat(new Runner(once("StreamBenchmark").param("backend", backend).mode(Mode.SingleShotTime).build()).run()).hasSize(4);
  }
}
