package dev.gatun.spi;

/** A device's ordered queue of work; never called by two threads at once. */
public interface DeviceStream extends AutoCloseable {
  /** Enqueues one run of an executable of the same device; allocates nothing. */
  void submit(DeviceExecutable executable);

  /** Runs an executable {@code runs} times with a clock around each step, and leaves the medians in {@link DeviceExecutable#steps()}. */
  void profile(DeviceExecutable executable, int runs);

  /**
   * Runs an executable {@code runs} times, one run right after the other, and says how many nanoseconds each took: on the device's own clock where it has
   * one. Without one, as here, each run is waited for and the host's clock is looked at.
   */
  default long[] time(DeviceExecutable executable, int runs) {
    long[] nanos = new long[runs];
    for (int i = 0; i < runs; i++) {
      long started = System.nanoTime();
      submit(executable);
      synchronize();
      nanos[i] = System.nanoTime() - started;
    }
    return nanos;
  }

  /** Enqueues a copy of bytes; either side may be host memory, which must not change before {@link #synchronize()} where it is the source. */
  void copy(DeviceMemory from, long fromOffset, DeviceMemory to, long toOffset, long bytes);

  /** Whether everything enqueued is done. */
  boolean isIdle();

  /** Waits until everything enqueued is done. @throws dev.gatun.DeviceException for an error of that work */
  void synchronize();

  /** A new point in this stream's work. A device that has none gives the end of the work, which is right and waits longer. */
  default DeviceEvent newEvent() {
    return new DeviceEvent.End(this);
  }

  @Override
  void close();
}
