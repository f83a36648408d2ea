package dev.gatun.ffi.cuda;

import static dev.gatun.ffi.cuda.Downcall.call;

/** A point in a stream's work: owned by who made it, not owned when wrapped. Recorded by {@link Stream#record}. */
public final class Event implements AutoCloseable {
  private static final int DISABLE_TIMING = 2;

  private final Context context;
  private final Driver driver;
  private final Handle handle;

  private Event(Context context, Handle handle) {
    this.context = context;
    this.driver = context.driver();
    this.handle = handle;
  }

  static Event make(Context context, boolean timing) {
    Entry create = context.driver().cuEventCreate;
    return new Event(context, Handle.owned("Event", context.obtain(create, out -> call(create, out, timing ? 0 : DISABLE_TIMING))));
  }

  /** An event that another library made and owns, by its {@code CUevent}. Closing the result leaves it alone. */
  public static Event wrap(Context context, long address) {
    context.device().cuda().shareThreads();
    Handle handle = Handle.foreign("Event", address);
    return context.holding(() -> new Event(context, handle));
  }

  /** The driver's {@code CUevent}, for handing to another library. */
  public long address() {
    return handle.get();
  }

  /** Whether the work before the last recording is done; true for an event that was never recorded. */
  public boolean isDone() {
    long event = handle.get();
    if (!context.enter()) {
      return context.platformThread().call(this::isDone);
    }
    int result = call(driver.cuEventQuery, event);
    if (result != 0 && result != Stream.NOT_READY) {
      context.check(driver.cuEventQuery, result);
    }
    return result == 0;
  }

  /** Waits until the work before the last recording is done. */
  public void synchronize() {
    long event = handle.get();
    if (!context.enter()) {
      context.platformThread().run(this::synchronize);
      return;
    }
    int result = call(driver.cuEventSynchronize, event);
    if (result != 0) {
      context.check(driver.cuEventSynchronize, result);
    }
  }

  /**
   * The time from that event to this one in milliseconds, to about half a microsecond.
   *
   * @throws CudaException when one of them is not done, was not recorded, or was made without timing
   */
  public float millisecondsSince(Event start) {
    long from = start.address();
    long to = handle.get();
    long bits = context.obtain(driver.cuEventElapsedTime, out -> call(driver.cuEventElapsedTime, out, from, to),
        () -> "both events have to be made with timing, recorded and waited for");
    return Float.intBitsToFloat((int) bits);
  }

  /** Ends the event; the driver frees it when it is done. */
  @Override
  public void close() {
    context.giveBack(handle, driver.cuEventDestroy_v2);
  }
}
