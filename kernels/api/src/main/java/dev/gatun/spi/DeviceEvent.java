package dev.gatun.spi;

/** A point in the work of one {@link DeviceStream}; never used by two threads at once. */
public interface DeviceEvent extends AutoCloseable {
  /** Moves the point to after everything enqueued so far; allocates nothing. */
  void record();

  /** Whether everything before the point is done; true before the first {@link #record()}. */
  boolean isDone();

  /** Waits until everything before the point is done. @throws dev.gatun.DeviceException for an error of that work */
  void synchronize();

  @Override
  void close();

  /**
   * The end of a stream's work, wherever that is: a point for devices that have no others, which waits for more than it needs to.
   *
   * @param stream the stream
   */
  record End(DeviceStream stream) implements DeviceEvent {
    @Override
    public void record() {}

    @Override
    public boolean isDone() {
      return stream.isIdle();
    }

    @Override
    public void synchronize() {
      stream.synchronize();
    }

    @Override
    public void close() {}
  }
}
