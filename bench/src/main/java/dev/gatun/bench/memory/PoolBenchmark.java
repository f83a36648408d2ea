package dev.gatun.bench.memory;

import dev.gatun.Backend;
import dev.gatun.BackendUnavailableException;
import dev.gatun.Gatun;
import dev.gatun.bench.NotRunException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What it takes to get a buffer of a backend and to give it back: on CUDA backends through the device's memory pool. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class PoolBenchmark {
  /** The backend. */
  @Param("cpu")
  public String backend = "cpu";

  /** Bytes of the buffer. */
  @Param({"4096", "1048576", "67108864"})
  public long bytes = 4096;

  private Backend opened;

  /** Opens the backend. */
  @Setup
  public void open() {
    try {
      opened = Gatun.open(backend);
    } catch (BackendUnavailableException e) {
      throw new NotRunException(e.getMessage());
    }
  }

  /** Closes it. */
  @TearDown
  public void close() {
    opened.close();
  }

  /** One buffer. */
  @Benchmark
  public void allocateAndClose() {
    opened.allocate(bytes).close();
  }
}
