package dev.gatun.c;

import dev.gatun.KvCache;
import dev.gatun.spi.DeviceCache;
import dev.gatun.spi.DeviceMemory;
import dev.gatun.spi.DeviceStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.LongFunction;

/**
 * Pages and a block table in the library's memory, which copies alone change: what they are copied from lies here for good, so that it is
 * unchanged until a copy is done.
 */
final class CCache implements DeviceCache {
  private static final byte ALL_ONES = (byte) 0xFF;

  private final KvCache.Spec spec;
  private final PageLayout layout;
  private final DeviceMemory pages;
  private final DeviceMemory table;
  private final Arena own = Arena.ofShared();

  /** −1, 0, 1, .. to the last page. */
  private final DeviceMemory numbers;

  /** A page of one layer whose bits are all set, made when it is first asked for. */
  private DeviceMemory poison = new DeviceMemory.Host(MemorySegment.NULL);

  CCache(KvCache.Spec spec, LongFunction<DeviceMemory> allocate, DeviceStream stream) {
    this.spec = spec;
    this.layout = PageLayout.of(spec);
    DeviceMemory first = null;
    DeviceMemory second = null;
    try {
      this.numbers = new DeviceMemory.Host(numbers(spec, own));
      first = allocate.apply(spec.layers() * layout.layerBytes());
      second = allocate.apply((long) Integer.BYTES * spec.slots() * spec.slotPages());
      clear(second, stream);
    } catch (RuntimeException | Error e) {
      Release.after(e, first == null ? () -> {} : first::free, second == null ? () -> {} : second::free, own::close);
      throw e;
    }
    this.pages = first;
    this.table = second;
  }

  private static MemorySegment numbers(KvCache.Spec spec, Arena arena) {
    MemorySegment numbers = arena.allocate(ValueLayout.JAVA_INT, spec.pages() + 1L);
    for (int i = 0; i <= spec.pages(); i++) {
      numbers.setAtIndex(ValueLayout.JAVA_INT, i, i - 1);
    }
    return numbers;
  }

  private static void clear(DeviceMemory table, DeviceStream stream) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment unmapped = arena.allocate(table.bytes(), Integer.BYTES).fill(ALL_ONES);
      stream.copy(new DeviceMemory.Host(unmapped), 0, table, 0, table.bytes());
      stream.synchronize();
    }
  }

  /** The address of the pages. */
  long pages() {
    return pages.address();
  }

  /** The address of the block table. */
  long table() {
    return table.address();
  }

  @Override
  public void map(DeviceStream stream, int slot, int index, int page) {
    long entry = Integer.BYTES * (slot * (long) spec.slotPages() + index);
    stream.copy(numbers, Integer.BYTES * (page + 1L), table, entry, Integer.BYTES);
  }

  @Override
  public void copyPage(DeviceStream stream, int from, int to) {
    for (int layer = 0; layer < spec.layers(); layer++) {
      stream.copy(pages, layout.head(layer, from, 0), pages, layout.head(layer, to, 0), layout.pageBytes());
    }
  }

  /** All bits set are NaN in every float type, and in the scale of a Q8_0 block. */
  @Override
  public void poison(DeviceStream stream, int page) {
    if (poison.bytes() == 0) {
      poison = new DeviceMemory.Host(own.allocate(layout.pageBytes(), Integer.BYTES).fill(ALL_ONES));
    }
    for (int layer = 0; layer < spec.layers(); layer++) {
      stream.copy(poison, 0, pages, layout.head(layer, page, 0), layout.pageBytes());
    }
  }

  @Override
  public void read(DeviceStream stream, int layer, int page, KvCache.Part part, int offset, int head, float[] into) {
    boolean key = part == KvCache.Part.KEY;
    long row = key ? layout.keyBytes() : layout.valueBytes();
    long at = layout.head(layer, page, head) + (key ? 0 : spec.pageTokens() * layout.keyBytes()) + offset * row;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment staged = arena.allocate(row, Long.BYTES);
      stream.copy(pages, at, new DeviceMemory.Host(staged), 0, row);
      stream.synchronize();
      HostElements.read(spec.dtype(), staged, into.length, (i, value) -> into[(int) i] = value);
    }
  }

  @Override
  public void close() {
    Release.all(pages::free, table::free, own::close);
  }
}
