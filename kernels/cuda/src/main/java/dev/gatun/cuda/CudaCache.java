package dev.gatun.cuda;

import dev.gatun.DType;
import dev.gatun.KvCache;
import dev.gatun.cuda.op.CachePages;
import dev.gatun.ffi.cuda.CudaException;
import dev.gatun.spi.DeviceCache;
import dev.gatun.spi.DeviceMemory;
import dev.gatun.spi.DeviceStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Set;
import java.util.function.LongFunction;

/** Keys and values in device memory, as {@link CachePages} lays them out. */
final class CudaCache implements DeviceCache, CachePages {
  /** What keys and values may be kept in. */
  static final Set<DType> TYPES = Set.of(DType.F32, DType.F16, DType.BF16, DType.F8_E4M3, DType.F8_E5M2, DType.Q8_0);
  private static final byte ALL_ONES = (byte) 0xFF;

  private final KvCache.Spec spec;
  private final DeviceMemory pages;
  private final DeviceMemory table;
  private final long keyBytes;
  private final long valueBytes;
  private final long headBytes;

  CudaCache(KvCache.Spec spec, LongFunction<DeviceMemory> allocate, CudaStream stream) {
    this.spec = spec;
    this.keyBytes = spec.dtype().bytes(spec.keySize());
    this.valueBytes = spec.dtype().bytes(spec.valueSize());
    this.headBytes = spec.pageTokens() * (keyBytes + valueBytes);
    this.pages = allocate.apply((long) spec.layers() * spec.pages() * spec.heads() * headBytes);
    DeviceMemory entries = null;
    try {
      entries = allocate.apply((long) Integer.BYTES * spec.slots() * spec.slotPages());
      fill(stream, entries.address(), entries.bytes());
      stream.synchronize();
    } catch (RuntimeException | Error e) {
      Release.after(e, entries == null ? List.of(pages::free) : List.of(pages::free, entries::free));
      throw e;
    }
    this.table = entries;
  }

  private static void fill(DeviceStream stream, long address, long bytes) {
    Calls.run(() -> ((CudaStream) stream).stream().memset8(address, ALL_ONES, bytes));
  }

  @Override
  public KvCache.Spec spec() {
    return spec;
  }

  @Override
  public long layer(int layer) {
    return pages.address() + offset(layer, 0, 0);
  }

  private long offset(int layer, int page, int head) {
    return (((long) layer * spec.pages() + page) * spec.heads() + head) * headBytes;
  }

  @Override
  public long table() {
    return table.address();
  }

  @Override
  public long keyBytes() {
    return keyBytes;
  }

  @Override
  public long valueBytes() {
    return valueBytes;
  }

  @Override
  public long headBytes() {
    return headBytes;
  }

  @Override
  public void map(DeviceStream stream, int slot, int index, int page) {
    long entry = table.address() + (long) Integer.BYTES * (slot * (long) spec.slotPages() + index);
    try {
      ((CudaStream) stream).stream().memset32(entry, page, 1);
    } catch (CudaException e) {
      throw Calls.translated("", e);
    }
  }

  @Override
  public void copyPage(DeviceStream stream, int from, int to) {
    for (int layer = 0; layer < spec.layers(); layer++) {
      stream.copy(pages, offset(layer, from, 0), pages, offset(layer, to, 0), spec.heads() * headBytes);
    }
  }

  /** All bits set are NaN in every float type, and in the scale of a Q8_0 block. */
  @Override
  public void poison(DeviceStream stream, int page) {
    for (int layer = 0; layer < spec.layers(); layer++) {
      fill(stream, pages.address() + offset(layer, page, 0), spec.heads() * headBytes);
    }
  }

  @Override
  public void read(DeviceStream stream, int layer, int page, KvCache.Part part, int offset, int head, float[] into) {
    boolean key = part == KvCache.Part.KEY;
    long row = key ? keyBytes : valueBytes;
    long at = offset(layer, page, head) + (key ? 0 : spec.pageTokens() * keyBytes) + offset * row;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment staged = arena.allocate(row, Long.BYTES);
      stream.copy(pages, at, new DeviceMemory.Host(staged), 0, row);
      stream.synchronize();
      CacheElements.read(spec.dtype(), staged, into);
    }
  }

  @Override
  public void close() {
    Release.all(List.of(pages::free, table::free));
  }
}
