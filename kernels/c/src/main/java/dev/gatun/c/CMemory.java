package dev.gatun.c;

import dev.gatun.spi.DeviceMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/** A piece of the library's memory. */
final class CMemory implements DeviceMemory {
  private final CLibrary library;
  private final long device;
  private final long address;
  private final long bytes;
  private final Optional<Arena> view;
  private final Optional<MemorySegment> host;

  private CMemory(CLibrary library, long device, long address, long bytes, boolean seen) {
    this.library = library;
    this.device = device;
    this.address = address;
    this.bytes = bytes;
    this.view = seen ? Optional.of(Arena.ofShared()) : Optional.empty();
    this.host = view.map(arena -> segment(address, bytes, arena));
  }

  @SuppressWarnings("restricted")
  private static MemorySegment segment(long address, long bytes, Arena arena) {
    return MemorySegment.ofAddress(address).reinterpret(bytes, arena, null);
  }

  /** New memory; {@code seen} tells whether the host reaches it. */
  static CMemory allocate(CLibrary library, long device, long bytes, boolean seen) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(ValueLayout.JAVA_LONG);
      int status = library.allocate.call(device, Math.max(1, bytes), address.address());
      if (status != Status.OK) {
        throw Status.failure(library.backend() + ": gatun_device_allocate of " + bytes + " bytes of " + library.fileName() + " failed",
            status, library.message());
      }
      long at = address.get(ValueLayout.JAVA_LONG, 0);
      if (at == 0) {
        throw Status.failure(library.backend() + ": gatun_device_allocate of " + bytes
            + " bytes returned GATUN_OK and a null pointer, which counts as failed",
            Status.OUT_OF_MEMORY, "");
      }
      return new CMemory(library, device, at, bytes, seen);
    }
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public Optional<MemorySegment> host() {
    return host;
  }

  @Override
  public long address() {
    return address;
  }

  @Override
  public void free() {
    view.ifPresent(Arena::close);
    library.check(library.free, library.free.call(device, address));
  }
}
