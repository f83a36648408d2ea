package dev.gatun.c;

import dev.gatun.spi.DeviceExecutable;
import dev.gatun.spi.DeviceMemory;
import dev.gatun.spi.DeviceStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A stream of the library's. */
final class CStream implements DeviceStream {
  private static final int HOST_TO_DEVICE = 0;
  private static final int DEVICE_TO_HOST = 1;
  private static final int DEVICE_TO_DEVICE = 2;

  private final CLibrary library;
  private final long device;
  private final long stream;
  private final Arena own;
  private final MemorySegment idle;

  /** What was submitted last: a failure of its work is told by a later call. */
  private String last = "";

  CStream(CLibrary library, long device) {
    this.library = library;
    this.device = device;
    this.own = Arena.ofShared();
    this.idle = own.allocate(ValueLayout.JAVA_INT);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment made = arena.allocate(ValueLayout.JAVA_LONG);
      library.check(library.createStream, library.createStream.call(device, made.address()));
      this.stream = made.get(ValueLayout.JAVA_LONG, 0);
    } catch (RuntimeException | Error e) {
      own.close();
      throw e;
    }
  }

  @Override
  public void submit(DeviceExecutable executable) {
    CExecutable submitted = (CExecutable) executable;
    last = submitted.where();
    submitted.launch(stream);
  }

  @Override
  public void profile(DeviceExecutable executable, int runs) {
    CExecutable profiled = (CExecutable) executable;
    last = profiled.where();
    profiled.profile(stream, this::synchronize, runs);
  }

  /** A copy from or to the Java heap, which has no address, or between two places of the host's is done when this returns. */
  @Override
  public void copy(DeviceMemory from, long fromOffset, DeviceMemory to, long toOffset, long bytes) {
    if (bytes == 0) {
      return;
    }
    boolean own = from instanceof CMemory;
    boolean theirs = to instanceof CMemory;
    if (!own && !theirs) {
      synchronize();
      MemorySegment.copy(segment(from), fromOffset, segment(to), toOffset, bytes);
    } else if (own && theirs) {
      enqueue(from.address() + fromOffset, to.address() + toOffset, bytes, DEVICE_TO_DEVICE);
    } else if (own) {
      if (segment(to).isNative()) {
        enqueue(from.address() + fromOffset, segment(to).address() + toOffset, bytes, DEVICE_TO_HOST);
        return;
      }
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment staged = arena.allocate(bytes, Long.BYTES);
        enqueue(from.address() + fromOffset, staged.address(), bytes, DEVICE_TO_HOST);
        synchronize();
        MemorySegment.copy(staged, 0, segment(to), toOffset, bytes);
      }
    } else if (segment(from).isNative()) {
      enqueue(segment(from).address() + fromOffset, to.address() + toOffset, bytes, HOST_TO_DEVICE);
    } else {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment staged = arena.allocate(bytes, Long.BYTES);
        MemorySegment.copy(segment(from), fromOffset, staged, 0, bytes);
        enqueue(staged.address(), to.address() + toOffset, bytes, HOST_TO_DEVICE);
        synchronize();
      }
    }
  }

  private static MemorySegment segment(DeviceMemory memory) {
    return memory.host().orElseThrow(() -> new IllegalStateException("memory of another device"));
  }

  private void enqueue(long from, long to, long bytes, int direction) {
    library.check(library.copy, library.copy.call(device, stream, to, from, bytes, direction));
  }

  @Override
  public boolean isIdle() {
    int status = library.isIdle.call(device, stream, idle.address());
    if (status != Status.OK) {
      throw failure(library.isIdle, status);
    }
    return idle.get(ValueLayout.JAVA_INT, 0) != 0;
  }

  @Override
  public void synchronize() {
    int status = library.synchronize.call(device, stream);
    if (status != Status.OK) {
      throw failure(library.synchronize, status);
    }
  }

  private RuntimeException failure(CFunction function, int status) {
    String what = library.backend() + ": " + last + function.name() + " of " + library.fileName() + " failed";
    return Status.failure(what, status, library.message());
  }

  @Override
  public void close() {
    try {
      library.check(library.destroyStream, library.destroyStream.call(device, stream));
    } finally {
      own.close();
    }
  }
}
