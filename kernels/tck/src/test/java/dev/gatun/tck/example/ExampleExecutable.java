package dev.gatun.tck.example;

import dev.gatun.DeviceException;
import dev.gatun.Explanation;
import dev.gatun.Operator;
import dev.gatun.spi.DeviceExecutable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A program as a list of steps, which run one after the other; it owns its workspace. */
final class ExampleExecutable implements DeviceExecutable, Runnable {
  /**
   * One step.
   *
   * @param operators what it does
   * @param plan how
   * @param work the kernel with its tensors
   */
  record Step(List<Operator> operators, ExamplePlan plan, Runnable work) {
    List<String> sources() {
      return operators.stream().map(operator -> operator.toCase().line()).toList();
    }
  }

  private final String program;
  private final List<Step> steps;
  private final ExampleMemory workspace;
  private final long[] medians;

  ExampleExecutable(String program, List<Step> steps, ExampleMemory workspace) {
    this.program = program;
    this.steps = List.copyOf(steps);
    this.workspace = workspace;
    this.medians = new long[steps.size()];
  }

  /** Runs once; on a stream's worker. */
  @Override
  public void run() {
    steps.forEach(this::run);
  }

  private void run(Step step) {
    try {
      step.work.run();
    } catch (RuntimeException | Error e) {
      DeviceException failure = new DeviceException("example: kernel " + step.plan.kernel() + " failed in program " + program + ", for "
          + String.join(" + ", step.sources()) + ": " + e, "LAUNCH_FAILED", false);
      failure.initCause(e);
      throw failure;
    }
  }

  /** Runs {@code runs} times with a clock; on a stream's worker. */
  void profile(int runs) {
    long[][] samples = new long[steps.size()][runs];
    for (int r = 0; r < runs; r++) {
      for (int i = 0; i < steps.size(); i++) {
        long started = System.nanoTime();
        run(steps.get(i));
        samples[i][r] = System.nanoTime() - started;
      }
    }
    for (int i = 0; i < steps.size(); i++) {
      Arrays.sort(samples[i]);
      medians[i] = samples[i][runs / 2];
    }
  }

  @Override
  public long workspaceBytes() {
    return workspace.bytes();
  }

  @Override
  public List<Explanation.Step> steps() {
    List<Explanation.Step> told = new ArrayList<>();
    for (int i = 0; i < steps.size(); i++) {
      ExamplePlan plan = steps.get(i).plan;
      told.add(new Explanation.Step(steps.get(i).sources(), plan.kernel(), plan.tile(), plan.bytes(), plan.flops(), medians[i],
          plan.rejected()));
    }
    return told;
  }

  @Override
  public void close() {
    workspace.free();
  }
}
