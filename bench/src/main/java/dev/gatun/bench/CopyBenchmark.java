package dev.gatun.bench;

import dev.gatun.Backend;
import dev.gatun.Gatun;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What a copy within a backend's memory reaches. */
@State(Scope.Benchmark)
@Fork(value = 1, jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class CopyBenchmark {
  @Param("cpu")
  String backend;

  private Backend opened;

  @Setup
  public void open() {
    opened = Gatun.open(backend);
  }

  @TearDown
  public void close() {
    opened.close();
  }

  /** One measurement. */
  @Benchmark
  public double bandwidth() {
    return opened.bandwidth();
  }
}
