package dev.gatun.spi;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** A piece of a device's memory. */
public interface DeviceMemory {
  /** Its size. */
  long bytes();

  /** The bytes as the host sees them, if it can. */
  Optional<MemorySegment> host();

  /** Its address in the device's address space. */
  long address();

  /** Frees it; called once, when nothing in flight uses it. */
  void free();

  /**
   * Host memory of somebody else's, which {@link #free()} leaves alone. The segment may be a Java array's, which has no address: such memory is
   * copied through the segment ({@code segment.isNative()} tells).
   *
   * @param segment the memory
   */
  record Host(MemorySegment segment) implements DeviceMemory {
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
    public void free() {}
  }
}
