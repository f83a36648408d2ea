package dev.gatun.bench.operator;

import dev.gatun.decoder.cli.bench.Lab;
import dev.gatun.decoder.cli.bench.Trial;
import dev.gatun.tck.ModelShape;
import java.util.concurrent.TimeUnit;
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
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * Runs of one operator over rotating memory. Calls are gathered: as many as there are copies of the operator make one program, which is submitted and waited for with the
 * last of them, so that the score is the wall time of one run, and the device's own time stands beside it. Where JMH takes single calls, each is a whole program.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-Xmx2g"})
public abstract class OperatorRuns {
  /** Copies of what computes long: prompts, and products of many rows. */
  static final int FEW_COPIES = 4;

  /** The backend's name. */
  @Param("cpu")
  public String backend;

  /** The model that sizes are taken from. */
  @Param("llama-3.2-1b")
  public String shape;

  private Measured measured;
  private int gathered;
  private int together;

  /** The operator in memory, over and over, with its check. */
  abstract Trial layOut(Lab lab, ModelShape model);

  /** How many copies there are at most. */
  int mostCopies() {
    return Integer.MAX_VALUE;
  }

  /** Lays the operator out and looks at its answer. */
  @Setup(Level.Trial)
  public void open(BenchmarkParams params) {
    Attempt.of(params, () -> {
      ModelShape model = Shapes.named(shape);
      VectorModule.tell(backend, params.getBenchmark());
      measured = Measured.of(params.getBenchmark(), backend, mostCopies(), lab -> layOut(lab, model));
      together = params.getMode() == Mode.AverageTime || params.getMode() == Mode.Throughput ? measured.copies() : 1;
    });
  }

  /** Starts to count. */
  @Setup(Level.Iteration)
  public void begin() {
    gathered = 0;
    measured.readings().reset();
  }

  /** Frees everything. */
  @TearDown(Level.Trial)
  public void close() {
    if (measured != null) {
      measured.close();
    }
  }

  /** One run of the operator. */
  final long call() {
    if (++gathered < together) {
      return gathered;
    }
    gathered = 0;
    return measured.pass();
  }
}
