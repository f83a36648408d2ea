package dev.gatun.cpu.op;

import java.lang.foreign.MemorySegment;

/** The part of an operator's workspace that is one worker's own, laid out the same for each. */
record Scratch(MemorySegment memory, long base, long perWorker) {
  private static final long LINE = 64;

  /** The scratch memory of {@code binding}, {@code perWorker} bytes for each worker, from byte {@code from} of the workspace on. */
  static Scratch of(Binding binding, long from, long perWorker) {
    return new Scratch(binding.workspace().memory(), binding.workspace().base() + from, align(perWorker));
  }

  /** What {@code workers} workers take together. */
  static long bytes(int workers, long perWorker) {
    return workers * align(perWorker);
  }

  /** {@code bytes} rounded up, so that no two pieces share a cache line. */
  static long align(long bytes) {
    return (bytes + LINE - 1) / LINE * LINE;
  }

  long of(int worker) {
    return base + worker * perWorker;
  }
}
