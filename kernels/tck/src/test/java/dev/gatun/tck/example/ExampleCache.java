package dev.gatun.tck.example;

import dev.gatun.DType;
import dev.gatun.DeviceException;
import dev.gatun.KvCache;
import dev.gatun.ShapeException;
import dev.gatun.spi.DeviceCache;
import dev.gatun.spi.DeviceStream;
import java.lang.foreign.MemorySegment;
import java.util.Set;

/** Keys and values in pages {@code [layer, page, position in it, head, key then value]}, and the block table {@code [slot, index]}. */
final class ExampleCache implements DeviceCache {
  static final Set<DType> TYPES = Set.of(DType.F32, DType.F16);
  private static final byte ALL_ONES = (byte) 0xFF;

  private final KvCache.Spec spec;
  private final Defect defect;
  private final ExampleMemory memory;
  private final ExampleMemory entries;
  private final Values pages;
  private final Values table;
  private final long headSize;

  ExampleCache(KvCache.Spec spec, ExampleMemory.Pool pool, Defect defect) {
    if (!TYPES.contains(spec.dtype())) {
      throw new ShapeException("example: a cache keeps F32 or F16, not " + spec.dtype());
    }
    this.spec = spec;
    this.defect = defect;
    this.headSize = spec.keySize() + spec.valueSize();
    long tableSize = (long) spec.slots() * spec.slotPages();
    this.memory = pool.allocate(spec.bytes());
    try {
      this.entries = pool.allocate(tableSize * Integer.BYTES);
    } catch (DeviceException e) {
      memory.free();
      throw e;
    }
    this.pages = Values.vector(memory.segment(), memory.start(), spec.dtype(), spec.bytes() / spec.dtype().blockBytes());
    this.table = Values.vector(entries.segment(), entries.start(), DType.I32, tableSize);
    for (long i = 0; i < tableSize; i++) {
      table.setInteger(i, -1);
    }
  }

  /** All elements of all pages. */
  Values values() {
    return pages;
  }

  /** The page that holds a position of a slot; −1 where none does. */
  int page(int slot, int position) {
    int index = position / spec.pageTokens();
    boolean there = slot >= 0 && slot < spec.slots() && position >= 0 && index < spec.slotPages();
    return there ? table.integer((long) slot * spec.slotPages() + index) : -1;
  }

  /** The index of the first element of a key or value. */
  long index(int layer, int page, int offset, int head, KvCache.Part part) {
    long position = ((long) layer * spec.pages() + page) * spec.pageTokens() + offset;
    return (position * spec.heads() + head) * headSize + (part == KvCache.Part.KEY ? 0 : spec.keySize());
  }

  @Override
  public void map(DeviceStream stream, int slot, int index, int page) {
    if (page < 0 && defect == Defect.RELEASED_PAGES_KEPT) {
      return;
    }
    Runnable change = () -> table.setInteger((long) slot * spec.slotPages() + index, page);
    if (defect == Defect.CACHE_CHANGES_OVERTAKE) {
      change.run();
    } else {
      ((ExampleStream) stream).enqueue(change);
    }
  }

  @Override
  public void copyPage(DeviceStream stream, int from, int to) {
    if (defect == Defect.COPY_ON_WRITE_FORGOTTEN) {
      return;
    }
    for (int layer = 0; layer < spec.layers(); layer++) {
      MemorySegment source = bytes(layer, from);
      MemorySegment target = bytes(layer, to);
      ((ExampleStream) stream).enqueue(() -> target.copyFrom(source));
    }
  }

  /** All bits set are NaN in every float type. */
  @Override
  public void poison(DeviceStream stream, int page) {
    for (int layer = 0; layer < spec.layers(); layer++) {
      MemorySegment target = bytes(layer, page);
      ((ExampleStream) stream).enqueue(() -> target.fill(ALL_ONES));
    }
  }

  private MemorySegment bytes(int layer, int page) {
    return memory.segment().asSlice(pages.at(index(layer, page, 0, 0, KvCache.Part.KEY)),
        (long) spec.pageTokens() * spec.heads() * headSize * spec.dtype().blockBytes());
  }

  @Override
  public void read(DeviceStream stream, int layer, int page, KvCache.Part part, int offset, int head, float[] into) {
    stream.synchronize();
    for (int i = 0; i < into.length; i++) {
      into[i] = pages.get(index(layer, page, offset, head, part) + i);
    }
  }

  @Override
  public void close() {
    memory.free();
    entries.free();
  }
}
