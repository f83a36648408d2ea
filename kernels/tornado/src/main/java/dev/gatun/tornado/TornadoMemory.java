package dev.gatun.tornado;

import dev.gatun.spi.DeviceMemory;
import dev.gatun.tornado.kernel.Place;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** A buffer cut from a slab; the host reaches it by copies only. */
final class TornadoMemory implements DeviceMemory {
  private static final int SLAB_SHIFT = 32;

  private final Slabs slabs;
  private final int slab;
  private final int at;
  private final long taken;
  private final long bytes;

  TornadoMemory(Slabs slabs, int slab, int at, long taken, long bytes) {
    this.slabs = slabs;
    this.slab = slab;
    this.at = at;
    this.taken = taken;
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

  /** The slab's number above, the byte in it below: TornadoVM tells no addresses. */
  @Override
  public long address() {
    return slab + 1L << SLAB_SHIFT | at;
  }

  /** A byte of it as kernels find it. */
  Place place(long offset) {
    return new Place(slab, Math.toIntExact(at + offset));
  }

  @Override
  public void free() {
    slabs.free(slab, at, taken);
  }
}
