package dev.gatun.decoder.cli;

import dev.gatun.Backend;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** A backend that is being opened while other work goes on; owned until it is taken. */
final class OpeningBackend implements AutoCloseable {
  private final FutureTask<Backend> opening;
  private boolean taken;

  private OpeningBackend(FutureTask<Backend> opening) {
    this.opening = opening;
  }

  static OpeningBackend of(BackendChoice choice) {
    FutureTask<Backend> opening = new FutureTask<>(choice::open);
    Thread.ofPlatform().daemon().name("open-backend").start(opening);
    return new OpeningBackend(opening);
  }

  /** The backend, which the caller owns from now on; errors are those of {@link BackendChoice#open}. */
  Backend take() {
    Backend backend = opened();
    taken = true;
    return backend;
  }

  private Backend opened() {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return opening.get();
        } catch (InterruptedException _) {
          // Opening takes moments and cannot be stopped half way; who interrupted sees it afterwards.
          interrupted = true;
        }
      }
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException known -> throw known;
        case Error error -> throw error;
        default -> throw new IllegalStateException(e.getCause());
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Closes a backend that nobody took. Why it could not be opened is of no interest any more. */
  @Override
  public void close() {
    if (!taken) {
      taken = true;
      try {
        opened().close();
      } catch (RuntimeException _) {
        // Something else failed first, and that is what is told.
      }
    }
  }
}
