package dev.gatun;

import dev.gatun.spi.DeviceEvent;

/**
 * A point in a stream's work, owned: {@link Stream#record} moves it, and the host waits for it without waiting for what was submitted after it. What the work before
 * the point held (executables, buffers, caches) is let go when the point is seen to be passed. Used by one thread at a time, with its stream; closed by its owner or with
 * its stream.
 */
public final class Event implements AutoCloseable {
  private final Stream stream;
  private final DeviceEvent device;

  /** How much the stream had held in all when the point was recorded: executables, buffers, caches. */
  long executables;
  long buffers;
  long caches;
  private boolean closed;

  Event(Stream stream, DeviceEvent device) {
    this.stream = stream;
    this.device = device;
  }

  DeviceEvent device() {
    return device;
  }

  Stream stream() {
    return stream;
  }

  boolean isClosed() {
    return closed;
  }

  /** Whether the work before the point is done; true before it was first recorded. @throws DeviceException for an error of that work */
  public boolean isDone() {
    return stream.passed(this, false);
  }

  /** Waits until the work before the point is done. @throws DeviceException for an error of that work */
  public void synchronize() {
    stream.passed(this, true);
  }

  /** Frees the event; the work goes on. A second call does nothing. */
  @Override
  public void close() {
    stream.forget(this);
  }

  /** Of an event that its stream knows: frees it. */
  void free() {
    if (!closed) {
      closed = true;
      device.close();
    }
  }
}
