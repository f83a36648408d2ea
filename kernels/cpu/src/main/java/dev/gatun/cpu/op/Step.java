package dev.gatun.cpu.op;

/**
 * A piece of a compiled program that the workers do together; the next begins when all its units are done. Its work is a number of independent units; the bits of a unit's
 * result depend on nothing but the unit. Allocates nothing when it runs.
 */
public interface Step {
  /** Units there are in this run; reads actual counts from memory, so it is asked anew each run, by the caller alone. */
  int units();

  /** Units a worker claims at a time, at least 1. */
  default int chunk() {
    return 1;
  }

  /**
   * Does the units {@code from} to {@code to} (exclusive).
   *
   * @param worker the worker's number, below {@link Binding#workers()}, to find its own scratch memory
   */
  void run(int from, int to, int worker);
}
