package dev.gatun.cpu;

import dev.gatun.DeviceException;
import dev.gatun.spi.DeviceMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Native memory of the process, in an arena of its own, so that a use after free throws instead of crashing. */
final class CpuMemory implements DeviceMemory {
  static final int ALIGNMENT = 64;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment segment;

  CpuMemory(long bytes) {
    try {
      segment = arena.allocate(Math.max(bytes, 1), ALIGNMENT).asSlice(0, bytes);
    } catch (OutOfMemoryError e) {
      arena.close();
      throw new DeviceException("cpu: allocating " + bytes + " bytes failed: out of memory; free buffers, use a smaller context or a smaller model",
          "OUT_OF_MEMORY", false);
    }
  }

  /** {@code bytes} rounded up to {@link #ALIGNMENT}. */
  static long align(long bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  MemorySegment segment() {
    return segment;
  }

  @Override
  public long bytes() {
    return segment.byteSize();
  }

  @Override
  public Optional<MemorySegment> host() {
    return Optional.of(segment);
  }

  @Override
  public long address() {
    return segment.address();
  }

  @Override
  public void free() {
    arena.close();
  }
}
