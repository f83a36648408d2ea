package dev.gatun.cpu;

import dev.gatun.Explanation;
import dev.gatun.GatunException;
import dev.gatun.cpu.op.Step;
import dev.gatun.spi.DeviceExecutable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** A program as a list of steps over resolved memory. */
final class CpuExecutable implements DeviceExecutable {
  /** What one or more operators became: its steps, and its explanation, which is made only when asked for. */
  record Stage(Supplier<Explanation.Step> explanation, List<Step> steps) {}

  private static final long[] NO_CLOCK = {};

  private final String program;
  private final List<Stage> stages;
  private final Step[] steps;
  private final Optional<CpuMemory> workspace;
  private final long[] medians;

  CpuExecutable(String program, List<Stage> stages, Optional<CpuMemory> workspace) {
    this.program = program;
    this.stages = List.copyOf(stages);
    this.steps = stages.stream().flatMap(stage -> stage.steps().stream()).toArray(Step[]::new);
    this.workspace = workspace;
    this.medians = new long[steps.length];
  }

  void run(Workers workers) {
    run(workers, NO_CLOCK);
  }

  private void run(Workers workers, long[] nanos) {
    try {
      workers.run(steps, nanos);
    } catch (Workers.StepFailure failure) {
      int at = failure.step();
      for (Stage stage : stages) {
        if (at < stage.steps().size()) {
          throw new GatunException("cpu: " + stage.explanation().get().kernel() + " failed in program " + program + ", for "
              + String.join(" + ", stage.explanation().get().sources()) + ": " + failure.getCause(), failure.getCause());
        }
        at -= stage.steps().size();
      }
      throw failure;
    }
  }

  void profile(Workers workers, int runs) {
    long[][] samples = new long[steps.length][runs];
    long[] nanos = new long[steps.length];
    for (int r = 0; r < runs; r++) {
      run(workers, nanos);
      for (int i = 0; i < nanos.length; i++) {
        samples[i][r] = nanos[i];
      }
    }
    for (int i = 0; i < steps.length; i++) {
      Arrays.sort(samples[i]);
      medians[i] = samples[i][runs / 2];
    }
  }

  @Override
  public long workspaceBytes() {
    return workspace.map(CpuMemory::bytes).orElse(0L);
  }

  @Override
  public List<Explanation.Step> steps() {
    List<Explanation.Step> list = new ArrayList<>();
    int at = 0;
    for (Stage stage : stages) {
      long nanos = 0;
      for (int i = 0; i < stage.steps().size(); i++) {
        nanos += medians[at++];
      }
      Explanation.Step e = stage.explanation().get();
      list.add(new Explanation.Step(e.sources(), e.kernel(), e.tile(), e.bytes(), e.flops(), nanos, e.rejected()));
    }
    return list;
  }

  @Override
  public void close() {
    workspace.ifPresent(CpuMemory::free);
  }
}
