package dev.gatun.decoder.cli.bench;

import dev.gatun.Backend;
import dev.gatun.DType;
import dev.gatun.DeviceException;
import dev.gatun.Executable;
import dev.gatun.Explanation;
import dev.gatun.GatunException;
import dev.gatun.Operator;
import dev.gatun.Program;
import dev.gatun.Stream;
import dev.gatun.spi.Unsupported;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Measures kernels: each case is laid out several times over, past the caches, compiled as one program and replayed. The answer is looked at before any time is
 * taken, and a wrong one has none.
 */
public final class KernelBench {
  private static final int MOST_REPLAYS = 200;
  private static final int CEILING_SIZE = 8192;

  /** Of a processor, which is at its rate with far less and would take minutes over the other. */
  private static final int PROCESSOR_CEILING_SIZE = 1024;

  /** A replay longer than this, of a kernel far from its floor, is not repeated as often. */
  private static final long SLOW_NANOS = 500_000_000;
  private static final int SLOW_REPLAYS = 2;

  private final Backend backend;
  private final BenchScale scale;
  private final Map<DType, MemorySegment> tiles = Lab.tiles();

  /**
   * The ceilings that floors are computed from.
   *
   * @param bytesPerSecond what a large copy moves, each byte counted as read and as written
   * @param flopsPerSecond what a large product of BF16 does; 0 where it could not be measured
   */
  public record Ceilings(double bytesPerSecond, double flopsPerSecond) {
    double floorNanos(long bytes, long flops) {
      return 1e9 * Math.max(bytes / bytesPerSecond, flopsPerSecond > 0 ? flops / flopsPerSecond : 0);
    }
  }

  /** @param full whether the cases have the models' sizes, or such as an emulator gets through */
  public KernelBench(Backend backend, boolean full) {
    this.backend = backend;
    this.scale = scale(full);
  }

  private static BenchScale scale(boolean full) {
    return full ? BenchScale.FULL : BenchScale.SMALL;
  }

  /** The cases there are, the most telling first. */
  public static List<KernelCase> cases(boolean full) {
    return KernelCases.all(scale(full));
  }

  /** Measures what floors are computed from. */
  public Ceilings ceilings() {
    double bytes = backend.bandwidth();
    int size = backend.device().kind().equals("cpu") ? PROCESSOR_CEILING_SIZE : CEILING_SIZE;
    KernelRow square = row(MatmulCases.square(scale, DType.BF16, size), new Ceilings(bytes, 0));
    return new Ceilings(bytes, square.figures().map(f -> f.flops() / f.median() * 1e9).orElse(0.0));
  }

  /**
   * Measures cases one after the other.
   *
   * @param cases those of {@link #cases} that are wanted
   * @param deadline the {@link System#nanoTime} after which no case begins
   * @param rows hears of each row as soon as it is known, also of those that time was too short for
   */
  public void measure(Ceilings ceilings, List<KernelCase> cases, long deadline, Consumer<KernelRow> rows) {
    Optional<String> lost = Optional.empty();
    for (KernelCase wanted : cases) {
      if (lost.isPresent()) {
        rows.accept(KernelRow.without(wanted, "not measured: the device was lost in " + lost.get()));
      } else if (System.nanoTime() - deadline >= 0) {
        rows.accept(KernelRow.without(wanted, "not measured: out of time"));
      } else {
        try {
          rows.accept(row(wanted, ceilings));
        } catch (DeviceException e) {
          rows.accept(KernelRow.without(wanted, "not measured: " + e.getMessage()));
          lost = e.isSticky() ? Optional.of(wanted.toString()) : Optional.empty();
        }
      }
    }
  }

  private KernelRow row(KernelCase wanted, Ceilings ceilings) {
    try (Stream stream = backend.newStream(); Lab lab = new Lab(backend, stream, scale, tiles)) {
      Trial trial = wanted.layOut().apply(lab);
      if (backend.plan(trial.copies().getFirst()) instanceof Unsupported unsupported) {
        return KernelRow.without(wanted, "not served: " + unsupported.reason());
      }
      try (Executable program = backend.compile(program(wanted, trial.copies()))) {
        return measured(wanted, trial, program, stream, ceilings);
      }
    } catch (DeviceException e) {
      throw e;
    } catch (GatunException e) {
      return KernelRow.without(wanted, "not measured: " + e.getMessage());
    }
  }

  private static Program program(KernelCase wanted, List<? extends Operator> copies) {
    Program.Builder program = Program.builder(wanted.toString());
    for (Operator copy : copies) {
      // Only the first operand changes from step to step in a model; the others are weights, or what tells of the batch.
      program.input(copy.operands().getFirst().tensor()).output(copy.operands().getLast().tensor()).add(copy);
    }
    return program.build();
  }

  private KernelRow measured(KernelCase wanted, Trial trial, Executable program, Stream stream, Ceilings ceilings) {
    stream.submit(program);
    stream.synchronize();
    int copies = trial.copies().size();
    double error = Math.max(trial.check().error(0), trial.check().error(copies - 1));
    if (!(error <= trial.bound())) {
      return KernelRow.without(wanted, "wrong: an NMSE of " + error + ", more than " + trial.bound());
    }
    int least = program.time(stream, 1)[0] > SLOW_NANOS ? Math.min(SLOW_REPLAYS, scale.leastReplays()) : scale.leastReplays();
    long[] warm = program.time(stream, least);
    Arrays.sort(warm);
    int replays = Math.clamp(scale.nanos() / Math.max(1, warm[warm.length / 2]), least, MOST_REPLAYS);
    double[] nanos = Arrays.stream(program.time(stream, replays)).mapToDouble(whole -> (double) whole / copies).sorted().toArray();
    List<Explanation.Step> steps = program.explain().steps();
    long bytes = steps.stream().mapToLong(Explanation.Step::bytes).sum() / copies;
    long flops = steps.stream().mapToLong(Explanation.Step::flops).sum() / copies;
    return new KernelRow(wanted, KernelRow.MEASURED, Optional.of(new KernelRow.Figures(
        steps.stream().map(Explanation.Step::kernel).distinct().collect(Collectors.joining(" + ")),
        steps.stream().map(Explanation.Step::tile).distinct().collect(Collectors.joining(" + ")), bytes, flops,
        ceilings.floorNanos(bytes, flops), nanos, copies, error)));
  }
}
