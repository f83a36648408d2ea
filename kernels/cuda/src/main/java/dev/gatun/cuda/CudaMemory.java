package dev.gatun.cuda;

import dev.gatun.ffi.cuda.DeviceMemory;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Memory of a device, which the host does not reach. */
final class CudaMemory implements dev.gatun.spi.DeviceMemory {
  private final DeviceMemory memory;
  private final long bytes;

  CudaMemory(DeviceMemory memory, long bytes) {
    this.memory = memory;
    this.bytes = bytes;
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
    return memory.address();
  }

  @Override
  public void free() {
    Calls.run(memory::close);
  }
}
