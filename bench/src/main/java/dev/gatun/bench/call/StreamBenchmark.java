package dev.gatun.bench.call;

import dev.gatun.Add;
import dev.gatun.Backend;
import dev.gatun.BackendUnavailableException;
import dev.gatun.Event;
import dev.gatun.Executable;
import dev.gatun.Gatun;
import dev.gatun.Program;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import dev.gatun.bench.NotRunException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the steps of submitting work cost through Gatun's interface: a program of one small operator (on CUDA backends the replay of its graph), a point in the work, a wait.
 * Run with {@code -prof gc}: none of them allocates.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 3, jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class StreamBenchmark {
  private static final int WIDTH = 64;

  /** The backend. */
  @Param("cpu")
  public String backend = "cpu";

  private Backend opened;
  private Stream stream;
  private Event event;
  private Executable executable;

  /** Opens the backend, compiles {@code y = a + b} and looks at its answer. */
  @Setup
  public void open() {
    opened = opened(backend);
    float[] values = new float[WIDTH];
    for (int i = 0; i < WIDTH; i++) {
      values[i] = i;
    }
    Tensor a = opened.tensor(values, 1, WIDTH);
    Tensor y = opened.tensor(new float[WIDTH], 1, WIDTH);
    executable = opened.compile(Program.of(new Add(a, a, y)));
    stream = opened.newStream();
    event = stream.newEvent();
    stream.submit(executable);
    float[] found = stream.readFloats(y);
    for (int i = 0; i < WIDTH; i++) {
      if (found[i] != 2 * i) {
        throw new IllegalStateException(backend + ": " + i + " + " + i + " gave " + found[i] + "; its time would mean nothing");
      }
    }
  }

  static Backend opened(String backend) {
    try {
      return Gatun.open(backend);
    } catch (BackendUnavailableException e) {
      throw new NotRunException(e.getMessage());
    }
  }

  /** Waits for what the invocation before left. */
  @Setup(Level.Invocation)
  public void idle() {
    stream.synchronize();
  }

  /** Frees everything. */
  @TearDown
  public void close() {
    opened.close();
  }

  /** Submits the program; the host goes on where the device works beside it. */
  @Benchmark
  public void submit() {
    stream.submit(executable);
  }

  /** Submits the program and waits for it. */
  @Benchmark
  public void submitAndWait() {
    stream.submit(executable);
    stream.synchronize();
  }

  /** Records an event after no work and asks whether it is passed. */
  @Benchmark
  public boolean recordAndQuery() {
    stream.record(event);
    return event.isDone();
  }

  /** Waits for a stream that is idle. */
  @Benchmark
  public void synchronizeIdle() {
    stream.synchronize();
  }
}
