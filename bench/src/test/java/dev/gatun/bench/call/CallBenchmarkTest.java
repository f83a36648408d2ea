package dev.gatun.bench.call;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/** The benchmarks of calls, on the emulator: whether each makes the calls that it is named for. */
class CallBenchmarkTest {
  private EmulatedDriver driver;

  @BeforeEach
  void open() {
    driver = EmulatedDriver.orSkip();
  }

  private static Collection<RunResult> run(String include, Mode mode) throws RunnerException {
    return new Runner(new OptionsBuilder().include(include).param("driver", DriverLibrary.EMULATOR).mode(mode).forks(0).warmupIterations(0)
        .measurementIterations(1).shouldFailOnError(true).verbosity(VerboseMode.SILENT).build()).run();
  }

  @ParameterizedTest
  @CsvSource({"eventQuery, cuEventQuery", "streamQuery, cuStreamQuery", "eventRecord, cuEventRecord", "memoryInfo, cuMemGetInfo_v2", "graphLaunch, cuGraphLaunch",
      "streamSynchronize, cuStreamSynchronize"})
  void eachWayMakesAsManyCallsOfTheSameFunction(String benchmark, String function) throws RunnerException {
    for (String way : List.of("Ffm", "Jni")) {
      long before = driver.calls(function);
      assertThat(run("CallBenchmark\\." + benchmark + way + "$", Mode.SingleShotTime)).hasSize(1);
      assertThat(driver.calls(function) - before).as("%s by %s; beside the calls, the device is waited for and memory looked at", function, way)
          .isBetween((long) CallBenchmark.CALLS, CallBenchmark.CALLS + 12L);
    }
  }

  @Test
  void kernelsAreLaunchedByTheirOwnCalls() throws RunnerException {
    long extended = driver.calls("cuLaunchKernelEx");
    run("CallBenchmark\\.kernelLaunchFfm", Mode.SingleShotTime);
    assertThat(driver.calls("cuLaunchKernelEx") - extended).isEqualTo(CallBenchmark.CALLS + 1);
    long plain = driver.calls("cuLaunchKernel");
    run("CallBenchmark\\.kernelLaunchJni", Mode.SingleShotTime);
    assertThat(driver.calls("cuLaunchKernel") - plain).isEqualTo(CallBenchmark.CALLS + 1);
  }

  @Test
  void costsAreSetBesideEachOther() throws RunnerException {
    Map<String, Map<String, CallCost.Cost>> costs = CallCost.costs(run("CallBenchmark\\.eventQuery(Ffm|Jni)", Mode.SingleShotTime));
    assertThat(costs).containsOnlyKeys("eventQuery");
    assertThat(costs.get("eventQuery")).containsOnlyKeys("Ffm", "Jni");
    assertThat(costs.get("eventQuery").values()).allSatisfy(cost -> assertThat(cost.median()).isPositive());
  }
}
