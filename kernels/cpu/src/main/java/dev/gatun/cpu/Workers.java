package dev.gatun.cpu;

import dev.gatun.ClosedException;
import dev.gatun.GatunException;
import dev.gatun.cpu.op.Step;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Threads that help the caller, who is worker 0, through a list of steps. The caller publishes a step; everybody claims chunks of its units; the step
 * is over when all units are done. So a thread that the system does not run holds nobody up unless it is in the middle of a chunk, and a step of one
 * chunk is the caller's alone. Helpers spin for a moment, since steps last microseconds, then yield, then sleep. One list runs at a time; a second
 * caller waits its turn.
 */
final class Workers implements AutoCloseable {
  private static final int SPINS = 10_000;
  private static final int YIELDS = 200;

  /** The lower half of a ticket on which no claim can be made: no step has as many units. It stands while the next step is being written down. */
  private static final int NOTHING_LEFT = Integer.MAX_VALUE;

  /** The published step's number in the upper half, its next unclaimed unit in the lower: a claim succeeds only on the step it was meant for. */
  private volatile long ticket;

  private volatile int done;
  private volatile int sleepers;
  private volatile boolean closed;
  private volatile Throwable failure;
  private Step current;
  private int units;
  private int chunk;

  private final Thread[] threads;
  private final ReentrantLock turn = new ReentrantLock();
  private final Object sleep = new Object();

  private static final VarHandle TICKET;
  private static final VarHandle DONE;
  private static final VarHandle FAILURE;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      TICKET = lookup.findVarHandle(Workers.class, "ticket", long.class);
      DONE = lookup.findVarHandle(Workers.class, "done", int.class);
      FAILURE = lookup.findVarHandle(Workers.class, "failure", Throwable.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  Workers(int count) {
    this.threads = new Thread[count - 1];
    try {
      for (int i = 0; i < threads.length; i++) {
        int worker = i + 1;
        threads[i] = Thread.ofPlatform().daemon().name("gatun-cpu-" + worker).start(() -> help(worker));
      }
    } catch (OutOfMemoryError e) {
      closed = true;
      synchronized (sleep) {
        sleep.notifyAll();
      }
      throw new GatunException("cpu: the system gives no more threads after " + Arrays.stream(threads).filter(t -> t != null).count()
          + "; open the backend with the option threads", e);
    }
  }

  int count() {
    return threads.length + 1;
  }

  /** A step threw; what it threw is the cause. */
  static final class StepFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final int step;

    StepFailure(int step, Throwable cause) {
      super(cause);
      this.step = step;
    }

    int step() {
      return step;
    }
  }

  /**
   * Runs the steps in order.
   *
   * @param nanos where to write each step's time; empty for no clock
   */
  void run(Step[] steps, long[] nanos) {
    turn.lock();
    try {
      if (closed) {
        throw new ClosedException("cpu: the backend is closed");
      }
      failure = null;
      for (int i = 0; i < steps.length; i++) {
        long started = nanos.length > 0 ? System.nanoTime() : 0;
        run(steps[i]);
        if (failure != null) {
          throw new StepFailure(i, failure);
        }
        if (nanos.length > 0) {
          nanos[i] = System.nanoTime() - started;
        }
      }
    } finally {
      current = null;
      turn.unlock();
    }
  }

  private void run(Step step) {
    int all;
    int some;
    try {
      all = step.units();
      some = step.chunk();
      if (all <= some || threads.length == 0) {
        if (all > 0) {
          step.run(0, all, 0);
        }
        return;
      }
    } catch (Throwable e) {
      failure = e;
      return;
    }
    long number = ticket >>> 32;
    ticket = number << 32 | NOTHING_LEFT;
    VarHandle.storeStoreFence();
    current = step;
    units = all;
    chunk = some;
    done = 0;
    number++;
    ticket = number << 32;
    if (sleepers > 0) {
      synchronized (sleep) {
        sleep.notifyAll();
      }
    }
    work(number << 32, step, all, some, 0);
    for (int spin = 0; done < all; spin++) {
      relax(spin);
    }
  }

  /** Claims and does chunks of the step that {@code seen} belongs to until none is left. */
  private void work(long seen, Step step, int all, int some, int worker) {
    long now = seen;
    while (now >>> 32 == seen >>> 32 && (int) now < all) {
      long witness = (long) TICKET.compareAndExchange(this, now, now + some);
      if (witness == now) {
        int from = (int) now;
        int to = Math.min(all, from + some);
        try {
          step.run(from, to, worker);
        } catch (Throwable e) {
          FAILURE.compareAndSet(this, null, e);
        }
        DONE.getAndAdd(this, to - from);
        now = ticket;
      } else {
        now = witness;
      }
    }
  }

  private void help(int worker) {
    long seen = 0;
    while (!closed) {
      long now = await(seen);
      // These may belong to a later step than the ticket; but the ticket has changed before they do, and then no claim on it succeeds.
      Step step = current;
      int all = units;
      int some = chunk;
      if (step != null) {
        work(now, step, all, some, worker);
      }
      seen = now;
    }
  }

  /** Waits for another step than the one that {@code seen} belongs to. */
  private long await(long seen) {
    for (int spin = 0; spin < SPINS + YIELDS; spin++) {
      long now = ticket;
      if (now >>> 32 != seen >>> 32 || closed) {
        return now;
      }
      relax(spin);
    }
    synchronized (sleep) {
      sleepers++;
      try {
        while (ticket >>> 32 == seen >>> 32 && !closed) {
          sleep.wait();
        }
      } catch (InterruptedException e) {
        System.getLogger("dev.gatun.cpu").log(System.Logger.Level.DEBUG, "a worker was interrupted and works on");
      } finally {
        sleepers--;
      }
    }
    return ticket;
  }

  private static void relax(int spin) {
    if (spin < SPINS) {
      Thread.onSpinWait();
    } else {
      Thread.yield();
    }
  }

  @Override
  public void close() {
    turn.lock();
    try {
      closed = true;
      synchronized (sleep) {
        sleep.notifyAll();
      }
    } finally {
      turn.unlock();
    }
    boolean interrupted = false;
    for (Thread thread : threads) {
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
