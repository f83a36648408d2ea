package dev.gatun.cpu;

import dev.gatun.DType;
import dev.gatun.KvCache;
import dev.gatun.ShapeException;
import dev.gatun.cpu.format.Dequantizer;
import dev.gatun.spi.DeviceCache;
import dev.gatun.spi.DeviceStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Set;

/**
 * Keys and values in pages: for each layer, page and head first {@code pageTokens} keys of {@code keySize} elements, then as many values. The block
 * table is {@code [slots, pages per slot]} in I32.
 */
public final class CpuCache implements DeviceCache {
  /** What keys and values may be kept in. */
  public static final Set<DType> TYPES = Set.of(DType.F32, DType.F16, DType.BF16, DType.F8_E4M3, DType.F8_E5M2, DType.Q8_0);

  private final KvCache.Spec spec;
  private final CpuMemory pages;
  private final CpuMemory table;
  private final long keyBytes;
  private final long valueBytes;
  private final long headBytes;

  CpuCache(KvCache.Spec spec) {
    int block = spec.dtype().blockSize();
    if (spec.keySize() % block != 0 || spec.valueSize() % block != 0) {
      throw new ShapeException("cpu: keys of " + spec.keySize() + " and values of " + spec.valueSize() + " elements are no whole blocks of " + block + " of "
          + spec.dtype() + "; keep them as F16 or BF16");
    }
    this.spec = spec;
    this.keyBytes = spec.dtype().bytes(spec.keySize());
    this.valueBytes = spec.dtype().bytes(spec.valueSize());
    this.headBytes = spec.pageTokens() * (keyBytes + valueBytes);
    this.pages = new CpuMemory((long) spec.layers() * spec.pages() * spec.heads() * headBytes);
    try {
      this.table = new CpuMemory(4L * spec.slots() * spec.slotPages());
    } catch (RuntimeException e) {
      pages.free();
      throw e;
    }
    table.segment().fill((byte) 0xFF);
  }

  /** The geometry. */
  public KvCache.Spec spec() {
    return spec;
  }

  /** All pages. */
  public MemorySegment memory() {
    return pages.segment();
  }

  /** Bytes from one key of a head in a page to the next. */
  public long keyBytes() {
    return keyBytes;
  }

  /** Bytes from one value of a head in a page to the next. */
  public long valueBytes() {
    return valueBytes;
  }

  /** The page that holds {@code position} of {@code slot}; −1 where none does, or slot or position are out of range. */
  public int page(int slot, int position) {
    if (slot < 0 || slot >= spec.slots() || position < 0 || position >= spec.slotTokens()) {
      return -1;
    }
    return table.segment().get(ValueLayout.JAVA_INT, 4L * (slot * (long) spec.slotPages() + position / spec.pageTokens()));
  }

  /** Byte offset of a head's first key in a page. */
  public long keys(int layer, int page, int head) {
    return (((long) layer * spec.pages() + page) * spec.heads() + head) * headBytes;
  }

  /** Byte offset of a head's first value in a page. */
  public long values(int layer, int page, int head) {
    return keys(layer, page, head) + spec.pageTokens() * keyBytes;
  }

  @Override
  public void map(DeviceStream stream, int slot, int index, int page) {
    table.segment().set(ValueLayout.JAVA_INT, 4L * (slot * (long) spec.slotPages() + index), page);
  }

  @Override
  public void copyPage(DeviceStream stream, int from, int to) {
    long bytes = spec.heads() * headBytes;
    for (int layer = 0; layer < spec.layers(); layer++) {
      MemorySegment.copy(pages.segment(), keys(layer, from, 0), pages.segment(), keys(layer, to, 0), bytes);
    }
  }

  @Override
  public void poison(DeviceStream stream, int page) {
    for (int layer = 0; layer < spec.layers(); layer++) {
      pages.segment().asSlice(keys(layer, page, 0), spec.heads() * headBytes).fill((byte) 0xFF);
    }
  }

  @Override
  public void read(DeviceStream stream, int layer, int page, KvCache.Part part, int offset, int head, float[] into) {
    long at = part == KvCache.Part.KEY ? keys(layer, page, head) + offset * keyBytes : values(layer, page, head) + offset * valueBytes;
    if (spec.dtype() == DType.F32) {
      MemorySegment.copy(pages.segment(), ValueLayout.JAVA_FLOAT, at, into, 0, into.length);
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment row = arena.allocate(ValueLayout.JAVA_FLOAT, into.length);
      Dequantizer.of(spec.dtype()).row(pages.segment(), at, row, 0, into.length);
      MemorySegment.copy(row, ValueLayout.JAVA_FLOAT, 0, into, 0, into.length);
    }
  }

  @Override
  public void close() {
    pages.free();
    table.free();
  }
}
