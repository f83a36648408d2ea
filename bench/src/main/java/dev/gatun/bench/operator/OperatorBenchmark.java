package dev.gatun.bench.operator;

import org.openjdk.jmh.annotations.Benchmark;

/** An operator with the Vector API. */
public abstract class OperatorBenchmark extends OperatorRuns {
  /** One run of the operator. */
  @Benchmark
  public long run() {
    return call();
  }
}
