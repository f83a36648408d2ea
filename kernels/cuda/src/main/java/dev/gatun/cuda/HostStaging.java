package dev.gatun.cuda;

import dev.gatun.ffi.cuda.Stream;
import dev.gatun.spi.DeviceMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Copies that the driver can make: an array on the Java heap has no address, so it goes through native memory. */
final class HostStaging {
  private HostStaging() {}

  /** Whether the driver reaches this memory where it lies; told without an object for each copy. */
  static boolean hasAddress(DeviceMemory memory) {
    return memory instanceof CudaMemory || memory instanceof DeviceMemory.Host wrapped && wrapped.segment().isNative();
  }

  /** Enqueues a copy; one from or to the Java heap is done when this returns. */
  static void copy(Stream stream, DeviceMemory from, long fromOffset, DeviceMemory to, long toOffset, long bytes) {
    Optional<MemorySegment> source = heap(from);
    Optional<MemorySegment> target = heap(to);
    if (source.isEmpty() && target.isEmpty()) {
      stream.copy(from.address() + fromOffset, to.address() + toOffset, bytes);
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment staged = arena.allocate(bytes, Long.BYTES);
      if (source.isPresent()) {
        MemorySegment.copy(source.get(), fromOffset, staged, 0, bytes);
      } else {
        stream.copy(from.address() + fromOffset, staged.address(), bytes);
        stream.synchronize();
      }
      if (target.isPresent()) {
        MemorySegment.copy(staged, 0, target.get(), toOffset, bytes);
      } else {
        stream.copy(staged.address(), to.address() + toOffset, bytes);
        stream.synchronize();
      }
    }
  }

  private static Optional<MemorySegment> heap(DeviceMemory memory) {
    return memory.host().filter(segment -> !segment.isNative());
  }
}
