package dev.gatun.cpu.op;

import java.util.Locale;

/** Which form of the loops runs. */
public enum Lanes {
  /** The Java Vector API, at the hardware's preferred width. */
  VECTOR,
  /** Plain Java loops, where {@code jdk.incubator.vector} is not in the boot layer. No class that touches it may be loaded then. */
  SCALAR;

  /** How kernels' names end. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
