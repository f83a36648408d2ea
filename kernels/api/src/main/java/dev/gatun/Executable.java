package dev.gatun;

import dev.gatun.spi.DeviceExecutable;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A compiled program, owned: it holds one workspace and is closed by its owner or with its backend. One submission of it is in flight at a time; an
 * overlapping one throws. Submitting allocates nothing.
 */
public final class Executable implements AutoCloseable {
  private final Backend backend;
  private final Program program;
  private final DeviceExecutable device;
  private final Buffer[] buffers;
  private final KvCache[] caches;
  private final AtomicBoolean inFlight = new AtomicBoolean();
  private volatile boolean closed;

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

  DeviceExecutable device() {
    return device;
  }

  /** Takes the one submission and holds every buffer. */
  void begin() {
    if (closed) {
      throw new ClosedException("executable of " + program + " is used after it was closed");
    }
    if (!inFlight.compareAndSet(false, true)) {
      throw new GatunException("executable of " + program + " is still in flight; synchronize its stream before it is submitted again");
    }
    int held = 0;
    try {
      for (KvCache cache : caches) {
        cache.checkOpen();
      }
      for (; held < buffers.length; held++) {
        buffers[held].hold();
      }
    } catch (GatunException e) {
      while (--held >= 0) {
        buffers[held].release();
      }
      inFlight.set(false);
      throw e;
    }
  }

  void end() {
    for (Buffer buffer : buffers) {
      buffer.release();
    }
    inFlight.set(false);
  }

  /** Frees the workspace; a second call does nothing. @throws GatunException while a submission is in flight */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    if (!inFlight.compareAndSet(false, true)) {
      throw new GatunException("executable of " + program + " cannot be closed while it is in flight; synchronize its stream first");
    }
    closed = true;
    backend.forget(this);
    device.close();
  }
}
