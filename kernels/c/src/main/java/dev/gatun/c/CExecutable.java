package dev.gatun.c;

import dev.gatun.Explanation;
import dev.gatun.spi.DeviceExecutable;
import dev.gatun.spi.DeviceMemory;
import java.lang.foreign.Arena;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** A program as a list of launches over memory that is there. */
final class CExecutable implements DeviceExecutable {
  /**
   * One call of a launch function.
   *
   * @param function the function
   * @param bound the function with all its arguments but the stream
   * @param line the operator's case
   * @param plan what was decided
   */
  record Step(CFunction function, MethodHandle bound, String line, CPlan plan) {}

  private final CLibrary library;
  private final String where;
  private final Step[] steps;
  private final Optional<DeviceMemory> workspace;
  private final Arena structs;
  private final long[] medians;

  /** Owns the workspace, and the arena that holds what the launches point to. */
  CExecutable(CLibrary library, String program, List<Step> steps, Optional<DeviceMemory> workspace, Arena structs) {
    this.library = library;
    this.where = "program " + program + ": ";
    this.steps = steps.toArray(Step[]::new);
    this.workspace = workspace;
    this.structs = structs;
    this.medians = new long[this.steps.length];
  }

  /** What its failures begin with. */
  String where() {
    return where;
  }

  /** Enqueues every launch. */
  void launch(long stream) {
    for (Step step : steps) {
      launch(step, stream);
    }
  }

  private void launch(Step step, long stream) {
    int status = step.function.launch(step.bound, stream);
    if (status != Status.OK) {
      throw Status.failure(library.backend() + ": " + where + step.function.name() + " of " + library.fileName() + " failed for "
          + step.line
          + (status == Status.UNSUPPORTED ? ", which it had accepted," : ""), status, library.message());
    }
  }

  /** Runs with the host's clock around each launch and the wait for it. */
  void profile(long stream, Runnable synchronize, int runs) {
    long[][] samples = new long[steps.length][runs];
    synchronize.run();
    for (int r = 0; r < runs; r++) {
      for (int i = 0; i < steps.length; i++) {
        long started = System.nanoTime();
        launch(steps[i], stream);
        synchronize.run();
        samples[i][r] = System.nanoTime() - started;
      }
    }
    for (int i = 0; i < steps.length; i++) {
      Arrays.sort(samples[i]);
      medians[i] = samples[i][runs / 2];
    }
  }

  @Override
  public long workspaceBytes() {
    return workspace.map(DeviceMemory::bytes).orElse(0L);
  }

  @Override
  public List<Explanation.Step> steps() {
    List<Explanation.Step> list = new ArrayList<>();
    for (int i = 0; i < steps.length; i++) {
      CPlan plan = steps[i].plan;
      list.add(new Explanation.Step(List.of(steps[i].line), plan.kernel(), plan.tile(), plan.bytes(), plan.flops(), medians[i],
          plan.rejected()));
    }
    return list;
  }

  @Override
  public void close() {
    Release.all(() -> workspace.ifPresent(DeviceMemory::free), structs::close);
  }
}
