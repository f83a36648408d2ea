package dev.gatun.bench.operator;

import dev.gatun.Backend;
import dev.gatun.Executable;
import dev.gatun.Explanation;
import dev.gatun.Gatun;
import dev.gatun.Operator;
import dev.gatun.Program;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import dev.gatun.bench.NotRunException;
import dev.gatun.bench.WrongAnswerException;
import dev.gatun.decoder.cli.bench.BenchScale;
import dev.gatun.decoder.cli.bench.Lab;
import dev.gatun.decoder.cli.bench.Trial;
import dev.gatun.spi.Unsupported;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

/** An operator that is ready to be measured, owned: laid out several times over, compiled as one program, its answer looked at. */
final class Measured implements AutoCloseable {
  /** Megabytes that the copies of an operator take together, past every cache there is; fewer for tests. */
  static final String ROTATED = "gatun.bench.rotated";

  /** Where a test makes an answer wrong. */
  static volatile Consumer<Tensor> spoiler = _ -> { };

  /** Where a test sees what is measured. */
  static volatile Consumer<Operator> observer = _ -> { };

  private static final int MOST_COPIES = 8192;

  private final Backend backend;
  private final Stream stream;
  private final Lab lab;
  private Trial trial;
  private Executable program;
  private Readings readings;

  /** @param mostCopies for what computes far longer than it takes to fetch its operands */
  static Measured of(String benchmark, String backend, int mostCopies, Function<Lab, Trial> layOut) {
    Measured measured = new Measured(Gatun.open(backend), mostCopies);
    try {
      measured.lay(benchmark, layOut);
      return measured;
    } catch (RuntimeException | Error e) {
      measured.close();
      throw e;
    }
  }

  private Measured(Backend backend, int mostCopies) {
    this.backend = backend;
    this.stream = backend.newStream();
    long rotated = Ceilings.isSmall(backend) ? 0 : Long.getLong(ROTATED, 192) << 20;
    this.lab = new Lab(backend, stream, new BenchScale(true, rotated, 1, Math.min(mostCopies, MOST_COPIES), 1, 0), Lab.tiles());
  }

  private void lay(String benchmark, Function<Lab, Trial> layOut) {
    Ceilings ceilings = Ceilings.of(backend);
    trial = layOut.apply(lab);
    List<? extends Operator> copies = trial.copies();
    if (backend.plan(copies.getFirst()) instanceof Unsupported unsupported) {
      throw new NotRunException(backend.name() + " does not serve " + copies.getFirst().toCase() + ": " + unsupported.reason());
    }
    Program.Builder listed = Program.builder(benchmark);
    for (Operator copy : copies) {
      // Only the first operand changes from step to step in a model; the others are weights, or what tells of the batch.
      listed.input(copy.operands().getFirst().tensor()).output(copy.writes().toArray(Tensor[]::new)).add(copy);
    }
    program = backend.compile(listed.build());
    check();
    List<Explanation.Step> steps = program.explain().steps();
    long bytes = steps.stream().mapToLong(Explanation.Step::bytes).sum();
    long flops = steps.stream().mapToLong(Explanation.Step::flops).sum();
    readings = new Readings(benchmark, bytes / copies.size(), flops / copies.size(), ceilings, bytes, Sensors.of(backend));
    readings.publish();
    observer.accept(copies.getFirst());
  }

  private void check() {
    stream.submit(program);
    stream.synchronize();
    List<? extends Operator> copies = trial.copies();
    copies.getFirst().writes().forEach(spoiler);
    double error = Math.max(trial.check().error(0), trial.check().error(copies.size() - 1));
    if (!(error <= trial.bound())) {
      throw new WrongAnswerException("an NMSE of " + error + ", more than " + trial.bound() + ", by " + backend.name() + " in " + copies.getFirst().toCase());
    }
  }

  int copies() {
    return trial.copies().size();
  }

  Readings readings() {
    return readings;
  }

  /** Every copy once. */
  long pass() {
    long nanos = program.time(stream, 1)[0];
    readings.add(copies(), nanos);
    return nanos;
  }

  @Override
  public void close() {
    if (program != null) {
      program.close();
    }
    lab.close();
    stream.close();
    backend.close();
  }
}
