package dev.gatun;

import dev.gatun.spi.DeviceStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/**
 * An ordered queue of work on a backend, owned: closing it waits for its work. Calls may return before the work is done; {@link #synchronize()} and the
 * {@code read} methods wait. Used by one thread at a time; a call made while another thread is inside one throws.
 */
public final class Stream implements AutoCloseable {
  private final Backend backend;
  private final DeviceStream device;
  private final AtomicBoolean inside = new AtomicBoolean();
  private final List<Executable> pending = new ArrayList<>();
  private final List<Buffer> copied = new ArrayList<>();
  private final List<KvCache> changed = new ArrayList<>();
  private final List<Event> events = new ArrayList<>();

  /** How many executables, buffers and caches were let go so far. */
  private long executablesEnded;
  private long buffersReleased;
  private long cachesReleased;
  private volatile boolean closed;

  Stream(Backend backend, DeviceStream device) {
    this.backend = backend;
    this.device = device;
  }

  /** The backend this stream works on. */
  public Backend backend() {
    return backend;
  }

  /** The backend's side of this stream. */
  public DeviceStream device() {
    return device;
  }

  /**
   * Runs one operator, after what was submitted before, and waits for it. Each call compiles the operator anew: for what runs more than once,
   * {@link Backend#compile} a program and {@link #submit} it.
   *
   * @throws UnsupportedCaseException with the backend's reason where it does not serve the case
   */
  public void run(Operator operator) {
    try (Executable once = backend.compile(Program.of(operator))) {
      submit(once);
      synchronize();
    }
  }

  /**
   * Submits a compiled program, after what was submitted before.
   *
   * @throws GatunException if a submission of it is already in flight
   * @throws ClosedException if it, or a buffer or cache it uses, is closed
   */
  public void submit(Executable executable) {
    enter("submit");
    try {
      own(executable);
      backend.check();
      reap();
      executable.begin();
      pending.add(executable);
      device.submit(executable.device());
      reap();
    } catch (RuntimeException | Error e) {
      letGoAfter(e);
      throw e;
    } finally {
      leave();
    }
  }

  private void own(Executable executable) {
    if (executable.backend() != backend) {
      throw new GatunException("executable of " + executable.program() + " belongs to another backend than this stream");
    }
  }

  List<Explanation.Step> profile(Executable executable, int runs) {
    return measured("profile", executable, () -> {
      device.profile(executable.device(), runs);
      return executable.device().steps();
    });
  }

  long[] time(Executable executable, int runs) {
    return measured("time", executable, () -> device.time(executable.device(), runs));
  }

  private <T> T measured(String call, Executable executable, Supplier<T> work) {
    enter(call);
    try {
      own(executable);
      backend.check();
      reap();
      executable.begin();
      try {
        return work.get();
      } finally {
        executable.end();
      }
    } catch (RuntimeException | Error e) {
      letGoAfter(e);
      throw e;
    } finally {
      leave();
    }
  }

  /**
   * Copies between tensors of the same dtype and element count, either of which may be in host memory; both contiguous.
   *
   * @throws ShapeException where they do not fit
   * @throws GatunException if one is in memory of another backend
   */
  public void copy(Tensor from, Tensor to) {
    if (!from.isPlain() || !to.isPlain()) {
      throw new ShapeException("copy: " + from + " and " + to + " must be plain: a backend's own layout is not copied");
    }
    if (from.dtype() != to.dtype() || from.shape().elements() != to.shape().elements() || !from.isContiguous() || !to.isContiguous()) {
      throw new ShapeException("copy: " + from + " and " + to + " must be contiguous, of one dtype and of as many elements");
    }
    transfer("copy", from.buffer(), from.offset(), to.buffer(), to.offset(), from.bytes());
  }

  /**
   * Copies bytes between buffers, either of which may be in host memory; a native source must not change until the copy is done. Allocates nothing on the Java heap
   * where host memory is native.
   *
   * @throws ShapeException where they are not inside both
   * @throws GatunException if one is in memory of another backend
   */
  public void copy(Buffer from, long fromOffset, Buffer to, long toOffset, long bytes) {
    if (bytes < 0 || fromOffset < 0 || toOffset < 0 || fromOffset > from.bytes() - bytes || toOffset > to.bytes() - bytes) {
      throw new ShapeException("copy: " + bytes + " bytes from " + fromOffset + " of " + from.bytes() + " to " + toOffset + " of " + to.bytes()
          + " are not inside both buffers");
    }
    transfer("copy", from, fromOffset, to, toOffset, bytes);
  }

  /** Writes {@code values} to the first elements of a contiguous I32 tensor, and waits for it and the work before. */
  public void write(Tensor to, int... values) {
    fits("write", to, DType.I32, values.length);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment staged = arena.allocateFrom(ValueLayout.JAVA_INT, values);
      transfer("write", Buffer.ofHost(staged), 0, to.buffer(), to.offset(), staged.byteSize());
      synchronize();
    }
  }

  /** Writes {@code values} to the first elements of a contiguous F32 tensor, and waits for it and the work before. */
  public void write(Tensor to, float... values) {
    fits("write", to, DType.F32, values.length);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment staged = arena.allocateFrom(ValueLayout.JAVA_FLOAT, values);
      transfer("write", Buffer.ofHost(staged), 0, to.buffer(), to.offset(), staged.byteSize());
      synchronize();
    }
  }

  /** Waits for the work before, and returns the elements of a contiguous F32 tensor. */
  public float[] readFloats(Tensor from) {
    int n = length("readFloats", from);
    fits("readFloats", from, DType.F32, n);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment staged = arena.allocate(ValueLayout.JAVA_FLOAT, Math.max(1, n));
      transfer("readFloats", from.buffer(), from.offset(), Buffer.ofHost(staged), 0, 4L * n);
      synchronize();
      return staged.asSlice(0, 4L * n).toArray(ValueLayout.JAVA_FLOAT);
    }
  }

  /** Waits for the work before, and returns the elements of a contiguous I32 tensor. */
  public int[] readInts(Tensor from) {
    int n = length("readInts", from);
    fits("readInts", from, DType.I32, n);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment staged = arena.allocate(ValueLayout.JAVA_INT, Math.max(1, n));
      transfer("readInts", from.buffer(), from.offset(), Buffer.ofHost(staged), 0, 4L * n);
      synchronize();
      return staged.asSlice(0, 4L * n).toArray(ValueLayout.JAVA_INT);
    }
  }

  private static int length(String call, Tensor tensor) {
    if (tensor.shape().elements() > Integer.MAX_VALUE / 4) {
      throw new ShapeException(call + ": " + tensor + " does not fit a Java array; copy it to host memory in slices");
    }
    return (int) tensor.shape().elements();
  }

  private static void fits(String call, Tensor tensor, DType dtype, int values) {
    if (tensor.dtype() != dtype || !tensor.isContiguous() || values > tensor.shape().elements()) {
      throw new ShapeException(call + ": " + values + " " + dtype + " values do not fit " + tensor);
    }
  }

  private void transfer(String call, Buffer from, long fromOffset, Buffer to, long toOffset, long bytes) {
    from.checkReach(call, backend);
    to.checkReach(call, backend);
    enter(call);
    try {
      backend.check();
      reap();
      hold(from);
      hold(to);
      device.copy(from.memory(), fromOffset, to.memory(), toOffset, bytes);
      reap();
    } catch (RuntimeException | Error e) {
      letGoAfter(e);
      throw e;
    } finally {
      leave();
    }
  }

  /** Waits until everything submitted is done; errors of that work are thrown here. */
  public void synchronize() {
    enter("synchronize");
    try {
      backend.check();
      device.synchronize();
      letGo();
    } catch (RuntimeException | Error e) {
      letGoAfter(e);
      throw e;
    } finally {
      leave();
    }
  }

  /** A new point in this stream's work, before everything. */
  public Event newEvent() {
    enter("newEvent");
    try {
      backend.check();
      Event event = new Event(this, device.newEvent());
      events.add(event);
      return event;
    } catch (RuntimeException | Error e) {
      letGoAfter(e);
      throw e;
    } finally {
      leave();
    }
  }

  /** Moves an event of this stream to after everything submitted so far; allocates nothing. @throws GatunException if it is another stream's */
  public void record(Event event) {
    enter("record");
    try {
      check("record", event);
      backend.check();
      event.device().record();
      event.executables = executablesEnded + pending.size();
      event.buffers = buffersReleased + copied.size();
      event.caches = cachesReleased + changed.size();
    } catch (RuntimeException | Error e) {
      letGoAfter(e);
      throw e;
    } finally {
      leave();
    }
  }

  private void check(String call, Event event) {
    if (event.stream() != this) {
      throw new GatunException("Stream." + call + ": the event belongs to another stream");
    }
    if (event.isClosed()) {
      throw new ClosedException("Stream." + call + ": the event is closed");
    }
  }

  /** Whether an event is passed, after waiting for it if {@code wait}; lets go of what was held by the work before it if so. */
  boolean passed(Event event, boolean wait) {
    enter("event");
    try {
      check("event", event);
      backend.check();
      if (wait) {
        event.device().synchronize();
      } else if (!event.device().isDone()) {
        return false;
      }
      letGoUpTo(event.executables, event.buffers, event.caches);
      return true;
    } catch (RuntimeException | Error e) {
      letGoAfter(e);
      throw e;
    } finally {
      leave();
    }
  }

  void forget(Event event) {
    if (closed || event.isClosed()) {
      return;
    }
    enter("close of an event");
    try {
      if (events.remove(event)) {
        event.free();
      }
    } finally {
      leave();
    }
  }

  /** Takes and gives back the stream around work that a cache does in its order; the cache is held until that work is done. */
  void within(String call, KvCache cache, Runnable work) {
    enter(call);
    try {
      backend.check();
      reap();
      cache.hold();
      changed.add(cache);
      work.run();
      reap();
    } catch (RuntimeException | Error e) {
      letGoAfter(e);
      throw e;
    } finally {
      leave();
    }
  }

  private void reap() {
    if ((!pending.isEmpty() || !copied.isEmpty() || !changed.isEmpty()) && device.isIdle()) {
      letGo();
    }
  }

  /** Notes a failure, and lets go of what cannot be in flight any more: all of it on a lost device. What fails here is told with the first. */
  private void letGoAfter(Throwable failure) {
    if (failure instanceof DeviceException e) {
      backend.failed(e);
    }
    if (backend.isPoisoned()) {
      letGo();
      return;
    }
    try {
      reap();
    } catch (DeviceException e) {
      backend.failed(e);
      failure.addSuppressed(e);
    }
  }

  private void hold(Buffer buffer) {
    buffer.hold();
    copied.add(buffer);
  }

  private void letGo() {
    letGoUpTo(Long.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE);
  }

  /** Lets go of what was held first, up to so many of each kind since the stream was made. */
  private void letGoUpTo(long executables, long buffers, long caches) {
    int ended = Math.clamp(executables - executablesEnded, 0, pending.size());
    for (int i = 0; i < ended; i++) {
      pending.get(i).end();
    }
    removeFirst(pending, ended);
    executablesEnded += ended;
    int released = Math.clamp(buffers - buffersReleased, 0, copied.size());
    for (int i = 0; i < released; i++) {
      copied.get(i).release();
    }
    removeFirst(copied, released);
    buffersReleased += released;
    int letGo = Math.clamp(caches - cachesReleased, 0, changed.size());
    for (int i = 0; i < letGo; i++) {
      changed.get(i).letGo();
    }
    removeFirst(changed, letGo);
    cachesReleased += letGo;
  }

  /** Without a view of the list, which would be an object for each step that is waited for by its event. */
  private static <T> void removeFirst(List<T> list, int count) {
    if (count == list.size()) {
      list.clear();
    } else if (count > 0) {
      for (int i = count; i < list.size(); i++) {
        list.set(i - count, list.get(i));
      }
      for (int i = 0; i < count; i++) {
        list.removeLast();
      }
    }
  }

  private void enter(String call) {
    if (!inside.compareAndSet(false, true)) {
      throw new GatunException("Stream." + call + ": another thread is using this stream; a stream is used by one thread at a time");
    }
    if (closed) {
      inside.set(false);
      throw new ClosedException("Stream." + call + ": the stream is closed");
    }
  }

  private void leave() {
    inside.set(false);
  }

  /** Takes the stream for good, so that no thread can use it while its backend closes. @throws GatunException if one does right now */
  void claim() {
    if (!inside.compareAndSet(false, true)) {
      throw new GatunException("backend " + backend.name() + " cannot be closed: another thread is using one of its streams; let it end first");
    }
  }

  void unclaim() {
    leave();
  }

  /**
   * Of a claimed stream: waits for its work and lets go of what that held.
   *
   * @return the failure of a device that is lost, whose work will never end otherwise
   * @throws DeviceException if the work cannot be waited for; everything stays held then
   */
  Optional<DeviceException> settle() {
    Optional<DeviceException> lost = Optional.empty();
    if (!closed && !backend.isPoisoned()) {
      try {
        device.synchronize();
      } catch (DeviceException e) {
        backend.failed(e);
        if (!e.isSticky()) {
          throw e;
        }
        lost = Optional.of(e);
      }
    }
    letGo();
    return lost;
  }

  /** Of a claimed, settled stream: frees it. */
  void free() {
    if (!closed) {
      closed = true;
      backend.dispose(this, () -> {
        events.forEach(Event::free);
        events.clear();
        device.close();
      });
    }
  }

  /**
   * Waits for the work in flight and frees the stream; a second call does nothing.
   *
   * @throws GatunException if another thread is using it, or its work cannot be waited for; it stays open then and holds what it held. Also, once
   *     it is closed, for a device that was lost in that work
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    if (!inside.compareAndSet(false, true)) {
      throw new GatunException("Stream.close: another thread is using this stream; a stream is used by one thread at a time");
    }
    try {
      Optional<DeviceException> lost = settle();
      free();
      if (lost.isPresent()) {
        throw lost.get();
      }
    } finally {
      leave();
    }
  }
}
