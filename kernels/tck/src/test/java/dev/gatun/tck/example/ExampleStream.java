package dev.gatun.tck.example;

import dev.gatun.DeviceException;
import dev.gatun.GatunException;
import dev.gatun.spi.DeviceExecutable;
import dev.gatun.spi.DeviceMemory;
import dev.gatun.spi.DeviceStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/** A queue of work, done in order by one thread of its own. */
final class ExampleStream implements DeviceStream {
  private static final long A_LITTLE_LATE_MILLIS = 10;
  private static final long LATE_MILLIS = 30;
  private static final long VERY_LATE_MILLIS = 300;

  private final Defect defect;
  private final Thread worker;
  private final Deque<Runnable> queue = new ArrayDeque<>();
  private Optional<DeviceException> failure = Optional.empty();
  private boolean busy;
  private boolean ended;

  ExampleStream(Defect defect) {
    this.defect = defect;
    this.worker = Thread.ofPlatform().daemon().name("example-stream").start(this::work);
  }

  private void work() {
    boolean late = defect == Defect.UNSYNCHRONISED_STREAM || defect == Defect.COPIES_OVERTAKE;
    try {
      for (Optional<Runnable> next = take(); next.isPresent(); next = take()) {
        if (late) {
          Thread.sleep(LATE_MILLIS);
        } else if (defect == Defect.CACHE_CHANGES_OVERTAKE && next.get() instanceof ExampleExecutable) {
          // First long enough for something to come behind it, then for that to overtake, on a busy machine too.
          Thread.sleep(A_LITTLE_LATE_MILLIS);
          Thread.sleep(isLast() ? 0 : VERY_LATE_MILLIS);
        }
        done(attempt(next.get()));
      }
    } catch (InterruptedException e) {
      done(Optional.of(new DeviceException("example: a stream was closed over unfinished work", "ABANDONED", false)));
    }
  }

  private synchronized Optional<Runnable> take() throws InterruptedException {
    while (queue.isEmpty() && !ended) {
      wait();
    }
    busy = !queue.isEmpty();
    return Optional.ofNullable(queue.poll());
  }

  /** Whether nothing waits behind what is being done. */
  private synchronized boolean isLast() {
    return queue.isEmpty();
  }

  private static Optional<DeviceException> attempt(Runnable task) {
    try {
      task.run();
      return Optional.empty();
    } catch (DeviceException e) {
      return Optional.of(e);
    } catch (RuntimeException | Error e) {
      DeviceException told = new DeviceException("example: a copy failed: " + e, "LAUNCH_FAILED", false);
      told.initCause(e);
      return Optional.of(told);
    }
  }

  /** What waits behind a failure is dropped: it might read what was never written. */
  private synchronized void done(Optional<DeviceException> failed) {
    if (failed.isPresent()) {
      failure = failed;
      queue.clear();
    }
    busy = false;
    notifyAll();
  }

  /** Enqueues work. */
  synchronized void enqueue(Runnable task) {
    if (failure.isEmpty()) {
      queue.add(task);
      notifyAll();
    }
  }

  @Override
  public void submit(DeviceExecutable executable) {
    enqueue((ExampleExecutable) executable);
  }

  @Override
  public void profile(DeviceExecutable executable, int runs) {
    enqueue(() -> ((ExampleExecutable) executable).profile(runs));
    synchronize();
  }

  /** A host segment that only this thread may touch is read now, or written once the work before is done. */
  @Override
  public void copy(DeviceMemory from, long fromOffset, DeviceMemory to, long toOffset, long bytes) {
    MemorySegment source = bytes(from, fromOffset, bytes);
    MemorySegment target = bytes(to, toOffset, bytes);
    if (!target.isAccessibleBy(worker)) {
      synchronize();
      target.copyFrom(source);
    } else if (defect == Defect.COPIES_OVERTAKE) {
      target.copyFrom(source);
    } else if (source.isAccessibleBy(worker)) {
      enqueue(() -> target.copyFrom(source));
    } else {
      MemorySegment snapshot = MemorySegment.ofArray(source.toArray(ValueLayout.JAVA_BYTE));
      enqueue(() -> target.copyFrom(snapshot));
    }
  }

  private static MemorySegment bytes(DeviceMemory memory, long offset, long bytes) {
    return switch (memory) {
      case ExampleMemory own -> own.segment().asSlice(own.start() + offset, bytes);
      case DeviceMemory.Host host -> host.segment().asSlice(offset, bytes);
      default -> throw new GatunException("example: copy: this memory is another device's; copy it through host memory");
    };
  }

  @Override
  public synchronized boolean isIdle() {
    return queue.isEmpty() && !busy;
  }

  @Override
  public void synchronize() {
    if (defect == Defect.UNSYNCHRONISED_STREAM) {
      return;
    }
    await();
    synchronized (this) {
      if (failure.isPresent()) {
        DeviceException told = failure.get();
        failure = Optional.empty();
        throw told;
      }
    }
  }

  private void await() {
    boolean interrupted = false;
    synchronized (this) {
      while (!queue.isEmpty() || busy) {
        try {
          wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    await();
    synchronized (this) {
      ended = true;
      notifyAll();
    }
  }
}
