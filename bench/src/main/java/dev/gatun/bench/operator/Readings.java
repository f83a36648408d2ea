package dev.gatun.bench.operator;

import java.util.Map;
import java.util.Optional;

/** The device's time of the operator that is measured in this JVM, from the benchmark that counts it to the profiler that reports it. */
final class Readings {
  private static volatile Optional<Readings> current = Optional.empty();

  private final String benchmark;
  private final long bytes;
  private final long flops;
  private final Ceilings ceilings;
  private final long rotated;
  private final Sensors sensors;
  private long runs;
  private long nanos;

  /**
   * @param benchmark the benchmark's full name
   * @param bytes of one run
   * @param flops of one run
   * @param rotated bytes of memory that the copies of the operator go over before one is met again
   * @param sensors of the device
   */
  Readings(String benchmark, long bytes, long flops, Ceilings ceilings, long rotated, Sensors sensors) {
    this.benchmark = benchmark;
    this.bytes = bytes;
    this.flops = flops;
    this.ceilings = ceilings;
    this.rotated = rotated;
    this.sensors = sensors;
  }

  /** What this JVM measures now. */
  static Optional<Readings> current(String benchmark) {
    return current.filter(readings -> readings.benchmark.equals(benchmark) && readings.runs > 0);
  }

  /** Makes this what the JVM measures now. */
  void publish() {
    current = Optional.of(this);
  }

  void reset() {
    runs = 0;
    nanos = 0;
  }

  void add(long moreRuns, long moreNanos) {
    runs += moreRuns;
    nanos += moreNanos;
  }

  double nanosPerRun() {
    return (double) nanos / runs;
  }

  double gigabytesPerSecond() {
    return bytes / nanosPerRun();
  }

  double teraflopsPerSecond() {
    return flops / nanosPerRun() / 1e3;
  }

  double rooflineShare() {
    return ceilings.share(bytes, flops, nanosPerRun());
  }

  /** What the device tells at the end of an iteration. */
  Map<String, Double> sensors() {
    return sensors.now();
  }

  double rotatedMegabytes() {
    return rotated / 1e6;
  }
}
