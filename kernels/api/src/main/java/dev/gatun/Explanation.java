package dev.gatun;

import java.util.List;
import java.util.Locale;

/**
 * What a compiled program runs, and why.
 *
 * @param program the program's name
 * @param device the device's name
 * @param bandwidth bytes per second that the floors are computed from
 * @param workspaceBytes the memory that the executable owns
 * @param steps what runs, in order
 */
public record Explanation(String program, String device, double bandwidth, long workspaceBytes, List<Step> steps) {
  /** Copies the list. */
  public Explanation {
    steps = List.copyOf(steps);
  }

  /**
   * One kernel launch or its like.
   *
   * @param sources the lines of the operators it does, in program order; several when they were fused; steps that do parts of one operator all name it
   * @param kernel the kernel's name
   * @param tile how the work is cut
   * @param bytes bytes it must move, at the bounds of varying sizes
   * @param flops floating-point operations it must do, at the bounds
   * @param nanos median time measured by {@link Executable#profile}, 0 where not measured
   * @param rejected plans that were considered and why they were not taken
   */
  public record Step(List<String> sources, String kernel, String tile, long bytes, long flops, long nanos, List<String> rejected) {
    /** Copies the lists. */
    public Step {
      sources = List.copyOf(sources);
      rejected = List.copyOf(rejected);
    }

    /** The least time in microseconds to move {@link #bytes()} at {@code bandwidth} bytes per second. */
    public double floorMicros(double bandwidth) {
      return bandwidth > 0 ? bytes / bandwidth * 1e6 : 0;
    }
  }

  /** Bytes that a whole submission must move. */
  public long bytes() {
    return steps.stream().mapToLong(Step::bytes).sum();
  }

  /** A table, one line a step. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(String.format(Locale.ROOT,
        "%s on %s: %d steps, %.1f MB moved, %.1f MB workspace, floors at %.1f GB/s%n", program, device, steps.size(), bytes() / 1e6,
        workspaceBytes / 1e6, bandwidth / 1e9));
    text.append(String.format(Locale.ROOT, "%4s  %-34s %-26s %12s %10s %10s  %s%n", "step", "kernel", "tile", "bytes", "floor µs", "time µs", "sources"));
    for (int i = 0; i < steps.size(); i++) {
      Step step = steps.get(i);
      text.append(String.format(Locale.ROOT, "%4d  %-34s %-26s %12d %10.1f %10s  %s%n", i, step.kernel, step.tile, step.bytes,
          step.floorMicros(bandwidth), step.nanos == 0 ? "-" : String.format(Locale.ROOT, "%.1f", step.nanos / 1e3),
          String.join(" + ", step.sources)));
      for (String reason : step.rejected) {
        text.append("      not ").append(reason).append(System.lineSeparator());
      }
    }
    return text.toString();
  }
}
