package dev.gatun.bench.operator;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;

/** Adds what an operator reached, by the device's clock, to each iteration's results. */
public final class RooflineProfiler implements InternalProfiler {
  /** For JMH, which makes one in each of its JVMs. */
  public RooflineProfiler() {}

  @Override
  public String getDescription() {
    return "Device time, GB/s, TFLOP/s and the share of the roofline of operators";
  }

  @Override
  public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
    // Counting starts where the benchmark's own setup of the iteration ends.
  }

  @Override
  public Collection<? extends Result<?>> afterIteration(BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
    return Readings.current(benchmark.getBenchmark()).map(RooflineProfiler::results).orElse(List.of());
  }

  private static List<ScalarResult> results(Readings readings) {
    List<ScalarResult> results = new ArrayList<>(List.of(
        scalar("deviceMicros", readings.nanosPerRun() / 1e3, "us/op"),
        scalar("gbPerSecond", readings.gigabytesPerSecond(), "GB/s"),
        scalar("tflopPerSecond", readings.teraflopsPerSecond(), "TFLOP/s"),
        scalar("rooflineShare", readings.rooflineShare(), "of 1"),
        scalar("rotatedMegabytes", readings.rotatedMegabytes(), "MB")));
    readings.sensors().forEach((name, value) -> results.add(scalar(name, value, "#")));
    return results;
  }

  private static ScalarResult scalar(String name, double value, String unit) {
    return new ScalarResult(name, value, unit, AggregationPolicy.AVG);
  }
}
