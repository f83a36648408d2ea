package dev.gatun.ffi.cuda;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;

/**
 * Makes the driver calls of virtual threads. The driver knows one current context a platform thread, and a virtual thread changes its carrier
 * at will and should not hold it while a call waits.
 */
final class PlatformThread {
  private final ExecutorService executor;

  PlatformThread(String name) {
    executor = Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name(name).factory());
  }

  /** Waits for the task's result, also when the waiting thread is interrupted: the call is under way and cannot be taken back. */
  <T> T call(Supplier<T> task) {
    Future<T> future = executor.submit(task::get);
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return future.get();
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          throw thrown(e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  void run(Runnable task) {
    call(() -> {
      task.run();
      return null;
    });
  }

  void shutdown() {
    executor.shutdown();
  }

  private static RuntimeException thrown(Throwable cause) {
    return switch (cause) {
      case RuntimeException e -> e;
      case Error e -> throw e;
      default -> new IllegalStateException(cause);
    };
  }
}
