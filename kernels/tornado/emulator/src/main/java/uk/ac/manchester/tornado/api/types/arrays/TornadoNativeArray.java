package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import uk.ac.manchester.tornado.api.emulation.DeviceViews;

/**
 * An array outside the heap: a header of {@link #ARRAY_HEADER} bytes, whose first four hold the number of elements, and the elements.
 *
 * <p>In a kernel the emulator hands out such arrays over device memory. There, as on a device, {@link #getSize()} is what the array given
 * to the task said, and the elements are those that the storage holds, which may be more once it is mapped onto another array's.
 */
public abstract sealed class TornadoNativeArray permits ByteArray, FloatArray, HalfFloatArray, IntArray, ShortArray {
  /** The bytes of the header; the property {@code tornado.panama.objectHeader} sets another number than 16. */
  public static final long ARRAY_HEADER = Long.getLong("tornado.panama.objectHeader", 16);

  static {
    DeviceViews.register(TornadoNativeArray::on);
  }

  final MemorySegment data;
  private final MemorySegment whole;
  private final int size;

  TornadoNativeArray(int size, int elementBytes) {
    this(Arena.ofAuto().allocate(ARRAY_HEADER + (long) size * elementBytes, Long.BYTES), size);
    writeHeader();
  }

  TornadoNativeArray(MemorySegment whole, int size) {
    this.whole = whole;
    this.data = whole.asSlice(ARRAY_HEADER);
    this.size = size;
  }

  static int elements(long bytes, int elementBytes) {
    if (bytes < 0 || bytes % elementBytes != 0) {
      throw new IllegalArgumentException(bytes + " bytes are no whole number of elements of " + elementBytes + " bytes");
    }
    return Math.toIntExact(bytes / elementBytes);
  }

  final void writeHeader() {
    whole.set(ValueLayout.JAVA_INT_UNALIGNED, 0, size);
  }

  /** An array that says it is as large as this one, over all that {@code storage} holds. */
  abstract TornadoNativeArray on(MemorySegment storage);

  /** The number of elements. */
  public int getSize() {
    return size;
  }

  /** The elements. */
  public MemorySegment getSegment() {
    return data;
  }

  /** The header and the elements. */
  public MemorySegment getSegmentWithHeader() {
    return whole;
  }

  /** The bytes of the header and the elements. */
  public long getNumBytesOfSegmentWithHeader() {
    return whole.byteSize();
  }

  /** The bytes of the elements. */
  public long getNumBytesOfSegment() {
    return data.byteSize();
  }

  /** Makes every element zero. */
  protected void clear() {}

  /** The bytes of one element. */
  public abstract int getElementSize();
}
