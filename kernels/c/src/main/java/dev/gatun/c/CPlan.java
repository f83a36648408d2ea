package dev.gatun.c;

import dev.gatun.spi.Plan;

/**
 * A case that a launch function said it serves.
 *
 * @param kernel the launch function
 * @param tile whose choice the rest is
 * @param bytes bytes moved
 * @param flops operations done
 */
record CPlan(String kernel, String tile, long bytes, long flops) implements Plan {
  /** What scratch memory there is belongs to the library. */
  @Override
  public long workspaceBytes() {
    return 0;
  }
}
