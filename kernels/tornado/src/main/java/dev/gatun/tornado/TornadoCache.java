package dev.gatun.tornado;

import dev.gatun.DType;
import dev.gatun.GatunException;
import dev.gatun.KvCache;
import dev.gatun.spi.DeviceCache;
import dev.gatun.spi.DeviceMemory;
import dev.gatun.spi.DeviceStream;
import dev.gatun.tornado.kernel.Place;
import dev.gatun.tornado.op.CachePlaces;
import dev.gatun.tornado.op.PageLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** Pages and a block table in slabs. Every layer's pages are a buffer of their own, so that a large cache needs no large slab. */
final class TornadoCache implements DeviceCache, CachePlaces {
  private static final byte ALL_ONES = (byte) 0xFF;

  private final KvCache.Spec spec;
  private final PageLayout layout;
  private final List<TornadoMemory> layers = new ArrayList<>();
  private final TornadoMemory table;

  TornadoCache(KvCache.Spec spec, Machine machine) {
    if (!HostElements.knows(spec.dtype())) {
      throw new GatunException("tornado: no cache of " + spec.dtype() + "; it keeps F32, F16, BF16, F8_E4M3, F8_E5M2 and Q8_0");
    }
    this.spec = spec;
    this.layout = PageLayout.of(spec);
    try {
      for (int layer = 0; layer < spec.layers(); layer++) {
        layers.add(machine.allocate(layout.layerBytes()));
      }
      this.table = machine.allocate((long) Integer.BYTES * spec.slots() * spec.slotPages());
    } catch (RuntimeException | Error e) {
      layers.forEach(TornadoMemory::free);
      throw e;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment unmapped = arena.allocate(table.bytes(), Integer.BYTES).fill(ALL_ONES);
      machine.copy(new DeviceMemory.Host(unmapped), 0, table, 0, table.bytes());
    }
  }

  @Override
  public Place pages(int layer) {
    return layers.get(layer).place(0);
  }

  @Override
  public Place table() {
    return table.place(0);
  }

  @Override
  public void map(DeviceStream stream, int slot, int index, int page) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment number = arena.allocate(ValueLayout.JAVA_INT);
      number.set(ValueLayout.JAVA_INT, 0, page);
      stream.copy(new DeviceMemory.Host(number), 0, table, Integer.BYTES * (slot * (long) spec.slotPages() + index), Integer.BYTES);
    }
  }

  @Override
  public void copyPage(DeviceStream stream, int from, int to) {
    layers.forEach(pages -> stream.copy(pages, layout.head(from, 0), pages, layout.head(to, 0), layout.pageBytes()));
  }

  /** All bits set are NaN in every float type, and in the scale of a Q8_0 block. */
  @Override
  public void poison(DeviceStream stream, int page) {
    try (Arena arena = Arena.ofConfined()) {
      DeviceMemory ones = new DeviceMemory.Host(arena.allocate(layout.pageBytes(), Integer.BYTES).fill(ALL_ONES));
      layers.forEach(pages -> stream.copy(ones, 0, pages, layout.head(page, 0), layout.pageBytes()));
    }
  }

  @Override
  public void read(DeviceStream stream, int layer, int page, KvCache.Part part, int offset, int head, float[] into) {
    boolean key = part == KvCache.Part.KEY;
    long row = key ? layout.keyBytes() : layout.valueBytes();
    long at = layout.head(page, head) + (key ? 0 : spec.pageTokens() * layout.keyBytes()) + offset * row;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment staged = arena.allocate(row, Long.BYTES);
      stream.copy(layers.get(layer), at, new DeviceMemory.Host(staged), 0, row);
      HostElements.read(spec.dtype(), staged, into);
    }
  }

  @Override
  public void close() {
    layers.forEach(TornadoMemory::free);
    table.free();
  }
}
