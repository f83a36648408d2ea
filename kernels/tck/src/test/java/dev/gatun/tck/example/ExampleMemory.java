package dev.gatun.tck.example;

import dev.gatun.DeviceException;
import dev.gatun.spi.DeviceMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A piece of the device's memory, which the host does not reach. As on hardware, a kernel that runs a little past its end meets no check:
 * some bytes on either side belong to nobody.
 */
final class ExampleMemory implements DeviceMemory {
  /** What addresses are multiples of. */
  static final int ALIGNMENT = 64;
  private static final int MARGIN = 4 * ALIGNMENT;

  private final Arena arena;
  private final MemorySegment segment;
  private final long bytes;
  private final Pool pool;

  private ExampleMemory(Arena arena, MemorySegment segment, long bytes, Pool pool) {
    this.arena = arena;
    this.segment = segment;
    this.bytes = bytes;
    this.pool = pool;
  }

  /** All the memory the device has. Safe to share between threads. */
  static final class Pool {
    private final long size;
    private final boolean leaks;
    private final AtomicLong used = new AtomicLong();

    Pool(long size, Defect defect) {
      this.size = size;
      this.leaks = defect == Defect.MEMORY_NEVER_GIVEN_BACK;
    }

    long size() {
      return size;
    }

    ExampleMemory allocate(long bytes) {
      long before = used.getAndUpdate(n -> bytes <= size - n ? n + bytes : n);
      if (bytes > size - before) {
        throw full(bytes, size - before);
      }
      Arena arena = Arena.ofShared();
      try {
        return new ExampleMemory(arena, arena.allocate(Math.addExact(bytes, 2L * MARGIN), ALIGNMENT), bytes, this);
      } catch (OutOfMemoryError | ArithmeticException e) {
        arena.close();
        used.addAndGet(-bytes);
        throw full(bytes, 0);
      }
    }

    private DeviceException full(long bytes, long free) {
      return new DeviceException("example: cannot allocate " + bytes + " bytes: " + free + " of the device's " + size
          + " bytes are free; close buffers, or open the backend with a larger option memory", "OUT_OF_MEMORY", false);
    }
  }

  /** The bytes with the margins; {@link #start()} is where the first lies. */
  MemorySegment segment() {
    return segment;
  }

  long start() {
    return MARGIN;
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public Optional<MemorySegment> host() {
    return Optional.empty();
  }

  @Override
  public long address() {
    return segment.address() + MARGIN;
  }

  @Override
  public void free() {
    arena.close();
    if (!pool.leaks) {
      pool.used.addAndGet(-bytes);
    }
  }
}
