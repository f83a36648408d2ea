package dev.gatun.spi;

/** A device's ordered queue of work; never called by two threads at once. */
public interface DeviceStream extends AutoCloseable {
  /** Enqueues one run of an executable of the same device; allocates nothing. */
  void submit(DeviceExecutable executable);

  /** Runs an executable {@code runs} times with a clock around each step, and leaves the medians in {@link DeviceExecutable#steps()}. */
  void profile(DeviceExecutable executable, int runs);

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
