package dev.gatun.cpu;

import dev.gatun.cpu.op.Step;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Threads that go through a list of steps together: the caller is worker 0. Within a step, workers claim chunks of units; a barrier ends it. Waiting
 * spins first, since steps last microseconds, then yields, then parks. One list runs at a time; a second caller waits its turn.
 */
final class Workers implements AutoCloseable {
  private static final int SPINS = 4_000;
  private static final int YIELDS = 200;

  private final Thread[] threads;
  private final int count;
  private final ReentrantLock turn = new ReentrantLock();
  private final AtomicInteger next = new AtomicInteger();
  private final AtomicInteger arrived = new AtomicInteger();
  private final Object sleep = new Object();
  private volatile int phase;
  private volatile int sleepers;
  private volatile int round;
  private volatile boolean closed;
  private Step[] steps;
  private Throwable failure;
  private int failedStep;
  private volatile boolean interrupted;

  private static final VarHandle FAILURE;

  static {
    try {
      FAILURE = MethodHandles.lookup().findVarHandle(Workers.class, "failure", Throwable.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  Workers(int count) {
    this.count = count;
    this.threads = new Thread[count - 1];
    for (int i = 0; i < threads.length; i++) {
      int worker = i + 1;
      threads[i] = Thread.ofPlatform().daemon().name("gatun-cpu-" + worker).start(() -> serve(worker));
    }
  }

  int count() {
    return count;
  }

  /**
   * Runs the steps in order.
   *
   * @param nanos where to write each step's time; empty for no clock
   */
  void run(Step[] list, long[] nanos) {
    turn.lock();
    try {
      if (closed) {
        throw new IllegalStateException("the workers are gone");
      }
      steps = list;
      failure = null;
      next.set(0);
      arrived.set(0);
      round++;
      wake();
      work(0, list, nanos);
      steps = null;
      if (failure != null) {
        throw new StepFailure(failedStep, failure);
      }
    } finally {
      turn.unlock();
      if (interrupted) {
        interrupted = false;
        Thread.currentThread().interrupt();
      }
    }
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

  private void serve(int worker) {
    int seen = 0;
    while (true) {
      awaitRound(seen);
      if (closed) {
        return;
      }
      seen = round;
      work(worker, steps, new long[0]);
    }
  }

  private void work(int worker, Step[] list, long[] nanos) {
    for (int i = 0; i < list.length; i++) {
      long started = nanos.length > 0 ? System.nanoTime() : 0;
      doStep(i, list[i], worker);
      barrier();
      if (nanos.length > 0) {
        nanos[i] = System.nanoTime() - started;
      }
    }
  }

  private void doStep(int index, Step step, int worker) {
    if (failure != null) {
      return;
    }
    try {
      int units = step.units();
      int chunk = step.chunk();
      while (true) {
        int from = next.getAndAdd(chunk);
        if (from >= units) {
          return;
        }
        step.run(from, Math.min(units, from + chunk), worker);
      }
    } catch (Throwable e) {
      if (FAILURE.compareAndSet(this, null, e)) {
        failedStep = index;
      }
    }
  }

  private void barrier() {
    int now = phase;
    if (arrived.incrementAndGet() == count) {
      arrived.set(0);
      next.set(0);
      phase = now + 1;
      wake();
      return;
    }
    for (int spin = 0; spin < SPINS + YIELDS; spin++) {
      if (phase != now) {
        return;
      }
      relax(spin);
    }
    synchronized (sleep) {
      sleepers++;
      while (phase == now) {
        doze();
      }
      sleepers--;
    }
  }

  private void awaitRound(int seen) {
    for (int spin = 0; spin < SPINS + YIELDS; spin++) {
      if (round != seen || closed) {
        return;
      }
      relax(spin);
    }
    synchronized (sleep) {
      sleepers++;
      while (round == seen && !closed) {
        doze();
      }
      sleepers--;
    }
  }

  private static void relax(int spin) {
    if (spin < SPINS) {
      Thread.onSpinWait();
    } else {
      Thread.yield();
    }
  }

  private void doze() {
    try {
      sleep.wait();
    } catch (InterruptedException e) {
      interrupted = true;
    }
  }

  private void wake() {
    if (sleepers > 0) {
      synchronized (sleep) {
        sleep.notifyAll();
      }
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
    for (Thread thread : threads) {
      boolean interrupted = false;
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
