package dev.gatun.bench.operator;

import dev.gatun.Backend;
import dev.gatun.Executable;
import dev.gatun.Explanation;
import dev.gatun.Gatun;
import dev.gatun.Program;
import dev.gatun.Stream;
import dev.gatun.bench.WrongAnswerException;
import dev.gatun.decoder.cli.bench.BenchScale;
import dev.gatun.decoder.cli.bench.Lab;
import dev.gatun.tck.ModelShape;
import dev.gatun.tck.oracle.Nmse;
import java.util.ArrayList;
import java.util.List;
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
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * One token through a layer, three ways: each operator by {@link Stream#run}, which compiles it anew; each operator compiled once and submitted by itself; and all as one
 * compiled list, which may fuse them. The score is the wall time of the layer.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-Xmx2g"})
public class ListPairBenchmark {
  private static final BenchScale ONCE = new BenchScale(true, 0, 1, 1, 1, 0);

  /** What two orders of the same sums may differ by. */
  private static final double BOUND = 1e-3;

  /** The backend's name. */
  @Param("cpu")
  public String backend;

  /** The model that sizes are taken from. */
  @Param("llama-3.2-1b")
  public String shape;

  /** The type of weights. */
  @Param("q8_0")
  public String dtype;

  /** Positions before the token. */
  @Param("256")
  public int context;

  private Backend opened;
  private Stream stream;
  private Lab lab;
  private Layer layer;
  private final List<Executable> singles = new ArrayList<>();
  private Executable list;
  private Readings readings;

  /** Lays the layer out, looks at each operator's answer, and at the list's beside those. */
  @Setup(Level.Trial)
  public void open(BenchmarkParams params) {
    Attempt.of(params, () -> {
      try {
        lay(params.getBenchmark());
      } catch (RuntimeException | Error e) {
        close();
        throw e;
      }
    });
  }

  private void lay(String benchmark) {
    ModelShape model = Shapes.named(shape);
    VectorModule.tell(backend, benchmark);
    opened = Gatun.open(backend);
    stream = opened.newStream();
    lab = new Lab(opened, stream, ONCE, Lab.tiles());
    Ceilings ceilings = Ceilings.of(opened);
    layer = new Layer(lab, model, Shapes.type(dtype), context);
    layer.operators().forEach(operator -> singles.add(opened.compile(Program.of(operator))));
    list = opened.compile(layer.program());
    check();
    List<Explanation.Step> steps = list.explain().steps();
    readings = new Readings(benchmark, list.explain().bytes(), steps.stream().mapToLong(Explanation.Step::flops).sum(), ceilings, list.explain().bytes(),
        Sensors.of(opened));
    readings.publish();
  }

  private void check() {
    singleCalls();
    layer.operators().getLast().writes().forEach(Measured.spoiler);
    layer.wrong().ifPresent(wrong -> {
      throw new WrongAnswerException(wrong);
    });
    double[] apart = layer.answer();
    layer.poison();
    stream.submit(list);
    stream.synchronize();
    double error = Nmse.of(apart, layer.answer());
    if (!(error <= BOUND)) {
      throw new WrongAnswerException("the list differs from its operators by an NMSE of " + error + ", more than " + BOUND);
    }
  }

  /** Starts to count. */
  @Setup(Level.Iteration)
  public void begin() {
    readings.reset();
  }

  /** Frees everything. */
  @TearDown(Level.Trial)
  public void close() {
    singles.forEach(Executable::close);
    if (list != null) {
      list.close();
    }
    if (lab != null) {
      lab.close();
      stream.close();
    }
    if (opened != null) {
      opened.close();
    }
  }

  /** Each operator by {@code Stream.run}. */
  @Benchmark
  public void streamRun() {
    layer.operators().forEach(stream::run);
  }

  /** Each operator compiled before, submitted by itself; one wait at the end. */
  @Benchmark
  public void singleCalls() {
    singles.forEach(stream::submit);
    stream.synchronize();
  }

  /** All operators as one program. */
  @Benchmark
  public void compiledList() {
    readings.add(1, list.time(stream, 1)[0]);
  }
}
