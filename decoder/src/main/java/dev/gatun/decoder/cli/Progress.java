package dev.gatun.decoder.cli;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/** A line on the terminal for what takes over a second, gone when it is done. Where nobody watches it does nothing. */
final class Progress implements AutoCloseable {
  private static final Duration BEFORE_FIRST = Duration.ofSeconds(1);
  private static final Duration BETWEEN = Duration.ofMillis(200);
  private static final int ALL_SAID = -1;
  private static final String CLEAR = "\r\u001b[K";

  private final PrintStream err;
  private final Optional<Thread> ticker;
  private volatile String what;
  private volatile long done;
  private volatile long total;

  private Progress(Terminal terminal, String what) {
    this.err = terminal.err();
    this.what = what;
    this.ticker = terminal.errSeen() ? Optional.of(Thread.ofPlatform().daemon().name("progress").start(this::tick)) : Optional.empty();
  }

  static Progress of(Terminal terminal, String what) {
    return new Progress(terminal, what);
  }

  /** Shows {@code what} while {@code work} runs. */
  static <T> T during(Terminal terminal, String what, Supplier<T> work) {
    Progress progress = of(terminal, what);
    try {
      return work.get();
    } finally {
      progress.close();
    }
  }

  /** Says what is done now. */
  void say(String now) {
    what = now;
    total = 0;
  }

  /** Says what is done now and how far it is, in words of the caller's. */
  void show(String now) {
    what = now;
    total = ALL_SAID;
  }

  /** Says how far it is. */
  void at(long reached, long end) {
    done = reached;
    total = end;
  }

  private void tick() {
    long started = System.nanoTime();
    boolean shown = false;
    try {
      Thread.sleep(BEFORE_FIRST);
      while (true) {
        long end = total;
        String amount = end == ALL_SAID ? "" : end > 0 ? ": " + 100 * done / end + " %" : ": " + (System.nanoTime() - started) / 1_000_000_000L + " s";
        err.print(CLEAR + what + amount);
        err.flush();
        shown = true;
        Thread.sleep(BETWEEN);
      }
    } catch (InterruptedException _) {
      if (shown) {
        err.print(CLEAR);
        err.flush();
      }
    }
  }

  /** Removes the line. */
  @Override
  public void close() {
    ticker.ifPresent(thread -> {
      thread.interrupt();
      try {
        thread.join();
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
    });
  }
}
