package dev.gatun.tck.example;

import dev.gatun.spi.Plan;
import java.util.List;

/**
 * What the device would run.
 *
 * @param kernel the kernel's name
 * @param tile how the work is cut
 * @param workspaceBytes scratch it needs
 * @param bytes bytes it must move
 * @param flops operations it must do
 * @param rejected what was considered and why not
 */
record ExamplePlan(String kernel, String tile, long workspaceBytes, long bytes, long flops, List<String> rejected) implements Plan {
  /** The same by another kernel. */
  ExamplePlan of(String other) {
    return new ExamplePlan(other, tile, workspaceBytes, bytes, flops, rejected);
  }
}
