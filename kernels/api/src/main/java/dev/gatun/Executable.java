package dev.gatun;

import dev.gatun.spi.DeviceExecutable;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A compiled program, owned: it holds one workspace and is closed by its owner or with its backend. One submission of it is in flight at a time; an
 * overlapping one throws. Submitting allocates nothing.
 */
public final class Executable implements AutoCloseable {
  private static final int IDLE = 0;
  private static final int IN_FLIGHT = 1;
  private static final int CLOSED = 2;

  private final Backend backend;
  private final Program program;
  private final DeviceExecutable device;
  private final Buffer[] buffers;
  private final KvCache[] caches;
  private final AtomicInteger state = new AtomicInteger();

  Executable(Backend backend, Program program, DeviceExecutable device) {
    this.backend = backend;
    this.program = program;
    this.device = device;
    this.buffers = program.buffers().toArray(Buffer[]::new);
    this.caches = program.caches().toArray(KvCache[]::new);
  }

  /** The program this was compiled from. */
  public Program program() {
    return program;
  }

  /** The backend that compiled it. */
  public Backend backend() {
    return backend;
  }

  /** Bytes of memory that this executable owns. */
  public long workspaceBytes() {
    return device.workspaceBytes();
  }

  /** What runs, why, with bytes, floors, and the times of the last {@link #profile}. */
  public Explanation explain() {
    return new Explanation(program.name(), backend.device().name(), backend.bandwidth(), device.workspaceBytes(), device.steps());
  }

  /**
   * Runs the program {@code runs} times with a clock around every step, and returns the steps with their median times. It changes what a submission
   * changes: outputs and caches.
   */
  public List<Explanation.Step> profile(Stream stream, int runs) {
    if (runs < 1) {
      throw new ShapeException("a profile needs at least one run, not " + runs);
    }
    return stream.profile(this, runs);
  }

  /**
   * Runs the program {@code runs} times, one run right after the other as {@link Stream#submit} would, and returns the nanoseconds of each: what the device
   * took, nothing of the host's, where the device has a clock of its own. It changes what a submission changes: outputs and caches.
   */
  public long[] time(Stream stream, int runs) {
    if (runs < 1) {
      throw new ShapeException("a time needs at least one run, not " + runs);
    }
    return stream.time(this, runs);
  }

  DeviceExecutable device() {
    return device;
  }

  /** Takes the one submission and holds every buffer and cache. */
  void begin() {
    int before = state.compareAndExchange(IDLE, IN_FLIGHT);
    if (before == CLOSED) {
      throw new ClosedException("executable of " + program + " is used after it was closed");
    }
    if (before == IN_FLIGHT) {
      throw new GatunException("executable of " + program + " is still in flight; synchronize its stream before it is submitted again");
    }
    int heldCaches = 0;
    int heldBuffers = 0;
    try {
      for (; heldCaches < caches.length; heldCaches++) {
        caches[heldCaches].hold();
      }
      for (; heldBuffers < buffers.length; heldBuffers++) {
        buffers[heldBuffers].hold();
      }
    } catch (GatunException e) {
      release(heldCaches, heldBuffers);
      throw e;
    }
  }

  void end() {
    release(caches.length, buffers.length);
  }

  private void release(int heldCaches, int heldBuffers) {
    for (int i = 0; i < heldCaches; i++) {
      caches[i].letGo();
    }
    for (int i = 0; i < heldBuffers; i++) {
      buffers[i].release();
    }
    state.set(IDLE);
  }

  /** Frees the workspace; a second call does nothing. @throws GatunException while a submission is in flight */
  @Override
  public void close() {
    int before = state.compareAndExchange(IDLE, CLOSED);
    if (before == IN_FLIGHT) {
      throw new GatunException("executable of " + program + " cannot be closed while it is in flight; synchronize its stream first");
    }
    if (before == IDLE) {
      backend.dispose(this, device::close);
    }
  }
}
