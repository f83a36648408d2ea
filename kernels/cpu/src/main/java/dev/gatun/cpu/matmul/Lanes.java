package dev.gatun.cpu.matmul;

/** Which instructions a kernel may use. */
public enum Lanes {
  /** Plain Java; needs no module beyond {@code java.base}. */
  SCALAR,
  /** The Vector API at the hardware's preferred width; needs the module {@code jdk.incubator.vector}. */
  VECTOR
}
