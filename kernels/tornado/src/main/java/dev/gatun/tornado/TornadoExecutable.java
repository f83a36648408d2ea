package dev.gatun.tornado;

import dev.gatun.Explanation;
import dev.gatun.spi.DeviceExecutable;
import dev.gatun.tornado.kernel.Launch;
import dev.gatun.tornado.op.TornadoPlan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** A program as a task graph over memory that is there, or as several where it has more launches than one holds. */
final class TornadoExecutable implements DeviceExecutable {
  /** A task graph keeps its tasks and their arguments in 8192 bytes, of which a task with its twenty arguments takes 115. */
  private static final int MOST_LAUNCHES = 64;

  /**
   * An operator's launches.
   *
   * @param line its case
   * @param plan what was decided
   * @param launches its kernels; the plan's own is among them
   */
  record Part(String line, TornadoPlan plan, List<Launch> launches) {}

  /** Launches in a row, and the graph that does them. */
  private record Stretch(List<Launch> launches, Graph graph) {}

  private final Machine machine;
  private final String program;
  private final List<Part> parts;
  private final List<Launch> launches;
  private final Optional<TornadoMemory> workspace;
  private final List<Stretch> stretches = new ArrayList<>();
  private final long[] medians;

  /** Owns the workspace. */
  TornadoExecutable(Machine machine, String program, List<Part> parts, Optional<TornadoMemory> workspace) {
    this.machine = machine;
    this.program = program;
    this.parts = List.copyOf(parts);
    this.launches = parts.stream().flatMap(part -> part.launches.stream()).toList();
    this.workspace = workspace;
    this.medians = new long[launches.size()];
    try {
      for (int from = 0; from < launches.size(); from += MOST_LAUNCHES) {
        List<Launch> some = launches.subList(from, Math.min(launches.size(), from + MOST_LAUNCHES));
        stretches.add(new Stretch(some, machine.graph(some)));
      }
    } catch (RuntimeException | Error e) {
      giveBack();
      throw e;
    }
  }

  void run() {
    for (Stretch stretch : stretches) {
      machine.run(stretch.graph, () -> "program " + program + " of " + stretch.launches.stream().map(l -> l.kernel().name()).distinct().toList());
    }
  }

  private void giveBack() {
    stretches.forEach(stretch -> machine.giveBack(stretch.graph, stretch.launches));
    stretches.clear();
  }

  /** Each kernel in a graph of its own, with the host's clock around it. */
  void profile(int runs) {
    List<Graph> single = new ArrayList<>();
    long[][] samples = new long[launches.size()][runs];
    try {
      for (Launch launch : launches) {
        single.add(machine.graph(List.of(launch)));
      }
      for (int r = 0; r < runs; r++) {
        for (int i = 0; i < single.size(); i++) {
          String name = launches.get(i).kernel().name();
          long started = System.nanoTime();
          machine.run(single.get(i), () -> name);
          samples[i][r] = System.nanoTime() - started;
        }
      }
    } finally {
      for (int i = 0; i < single.size(); i++) {
        machine.giveBack(single.get(i), List.of(launches.get(i)));
      }
    }
    for (int i = 0; i < samples.length; i++) {
      Arrays.sort(samples[i]);
      medians[i] = samples[i][runs / 2];
    }
  }

  @Override
  public long workspaceBytes() {
    return workspace.map(TornadoMemory::bytes).orElse(0L);
  }

  @Override
  public List<Explanation.Step> steps() {
    List<Explanation.Step> list = new ArrayList<>();
    int at = 0;
    for (Part part : parts) {
      for (Launch launch : part.launches) {
        boolean main = launch.kernel().name().equals(part.plan.kernel());
        list.add(new Explanation.Step(List.of(part.line), launch.kernel().name(), main ? part.plan.tile() : launch.grid().toString(), main ? part.plan.bytes() : 0,
            main ? part.plan.flops() : 0, medians[at++], main ? part.plan.rejected() : List.of()));
      }
    }
    return list;
  }

  @Override
  public void close() {
    giveBack();
    workspace.ifPresent(TornadoMemory::free);
  }
}
