package dev.gatun.decoder.cli.bench;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What is known of a case: its figures, or why there are none.
 *
 * @param wanted the case
 * @param status {@code measured}, or {@code not measured: REASON}, {@code wrong: REASON}, {@code not served: REASON}
 * @param figures of a case that was measured
 */
public record KernelRow(KernelCase wanted, String status, Optional<Figures> figures) {
  /** The status of a case with figures. */
  public static final String MEASURED = "measured";

  /**
   * Figures of one run of the kernel.
   *
   * @param kernel the kernel that ran, or all that did
   * @param tile how the work was cut
   * @param bytes it must move
   * @param flops it must do
   * @param floor the least nanoseconds that this takes at the ceilings measured
   * @param nanos of each replay, divided by the copies in it, the least first
   * @param copies how many times it is in one replay, over memory of its own each
   * @param error of the answer
   */
  public record Figures(String kernel, String tile, long bytes, long flops, double floor, double[] nanos, int copies, double error) {
    /** The time in the middle. */
    public double median() {
      return nanos[nanos.length / 2];
    }
  }

  static KernelRow without(KernelCase wanted, String status) {
    return new KernelRow(wanted, status, Optional.empty());
  }

  /** The row as flat fields, in the order they are written. */
  public Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("source", "gatun");
    fields.put("kernel", wanted.kernel());
    fields.put("case", wanted.name());
    fields.put("status", status);
    fields.putAll(wanted.sizes());
    figures.ifPresent(f -> {
      double median = f.median();
      fields.put("bytes", f.bytes);
      fields.put("flops", f.flops);
      fields.put("floor_us", f.floor / 1e3);
      fields.put("time_us", median / 1e3);
      fields.put("least_us", f.nanos[0] / 1e3);
      fields.put("most_us", f.nanos[f.nanos.length - 1] / 1e3);
      fields.put("ratio_to_floor", f.floor / median);
      fields.put("gb_per_s", f.bytes / median);
      fields.put("tflop_per_s", f.flops / median / 1e3);
      fields.put("plan", f.kernel);
      fields.put("tile", f.tile);
      fields.put("copies", (long) f.copies);
      fields.put("replays", (long) f.nanos.length);
      fields.put("error_nmse", f.error);
    });
    return fields;
  }
}
