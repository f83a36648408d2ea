package dev.gatun.tornado;

import dev.gatun.Explanation;
import dev.gatun.spi.DeviceExecutable;
import dev.gatun.tornado.kernel.Launch;
import dev.gatun.tornado.op.TornadoPlan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** A program as one task graph over memory that is there. */
final class TornadoExecutable implements DeviceExecutable {
  /**
   * An operator's launches.
   *
   * @param line its case
   * @param plan what was decided
   * @param launches its kernels; the plan's own is among them
   */
  record Part(String line, TornadoPlan plan, List<Launch> launches) {}

  private final Machine machine;
  private final String program;
  private final List<Part> parts;
  private final List<Launch> launches;
  private final Optional<TornadoMemory> workspace;
  private final Optional<Graph> graph;
  private final long[] medians;

  /** Owns the workspace. */
  TornadoExecutable(Machine machine, String program, List<Part> parts, Optional<TornadoMemory> workspace) {
    this.machine = machine;
    this.program = program;
    this.parts = List.copyOf(parts);
    this.launches = parts.stream().flatMap(part -> part.launches.stream()).toList();
    this.workspace = workspace;
    this.graph = launches.isEmpty() ? Optional.empty() : Optional.of(machine.graph(launches));
    this.medians = new long[launches.size()];
  }

  void run() {
    graph.ifPresent(g -> machine.run(g, () -> "program " + program + " of " + launches.stream().map(l -> l.kernel().name()).distinct().toList()));
  }

  /** Each kernel in a graph of its own, with the host's clock around it. */
  void profile(int runs) {
    List<Graph> single = new ArrayList<>();
    for (Launch launch : launches) {
      single.add(machine.graph(List.of(launch)));
    }
    long[][] samples = new long[launches.size()][runs];
    for (int r = 0; r < runs; r++) {
      for (int i = 0; i < single.size(); i++) {
        String name = launches.get(i).kernel().name();
        long started = System.nanoTime();
        machine.run(single.get(i), () -> name);
        samples[i][r] = System.nanoTime() - started;
      }
    }
    for (int i = 0; i < single.size(); i++) {
      Arrays.sort(samples[i]);
      medians[i] = samples[i][runs / 2];
      machine.giveBack(single.get(i), List.of(launches.get(i)));
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
    graph.ifPresent(g -> machine.giveBack(g, launches));
    workspace.ifPresent(TornadoMemory::free);
  }
}
