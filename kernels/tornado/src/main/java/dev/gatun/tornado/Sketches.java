package dev.gatun.tornado;

import java.util.Optional;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.locks.LockSupport;

/**
 * TornadoVM's first look at kernels, in threads of its own: there it finds out which arrays a kernel writes, and keeps that for a moment in one place for all threads,
 * so that one kernel may get another's. Therefore kernels are handed to it one by one. A single thread of its own will not do: a look that waits for another one,
 * at a method that is called and not inlined, would have none.
 */
final class Sketches {
  private static final int PATIENCE_NANOS = 50_000;
  private static final Optional<ThreadPoolExecutor> THREADS = threads();

  private Sketches() {}

  /** Waits until TornadoVM has seen all that it was handed. */
  static void await() {
    while (THREADS.isPresent() && THREADS.get().getCompletedTaskCount() < THREADS.get().getTaskCount()) {
      LockSupport.parkNanos(PATIENCE_NANOS);
    }
  }

  /** Empty for the emulator, which has none. */
  private static Optional<ThreadPoolExecutor> threads() {
    try {
      Object executor = Class.forName("uk.ac.manchester.tornado.runtime.TornadoCoreRuntime").getMethod("getTornadoExecutor").invoke(null);
      return executor instanceof ThreadPoolExecutor threads ? Optional.of(threads) : Optional.empty();
    } catch (ReflectiveOperationException e) {
      return Optional.empty();
    }
  }
}
