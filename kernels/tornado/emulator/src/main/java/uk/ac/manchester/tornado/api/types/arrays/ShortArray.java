package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Shorts, outside the heap, after a header. */
public final class ShortArray extends TornadoNativeArray {
  private static final int BYTES = 2;

  /** Zeros. */
  public ShortArray(int numberOfElements) {
    super(numberOfElements, BYTES);
  }

  private ShortArray(MemorySegment whole, int size) {
    super(whole, size);
  }

  /** A copy of {@code values}. */
  public static ShortArray fromArray(short[] values) {
    ShortArray array = new ShortArray(values.length);
    for (int i = 0; i < values.length; i++) {
      array.set(i, values[i]);
    }
    return array;
  }

  /** A copy of {@code values}. */
  public static ShortArray fromElements(short... values) {
    return fromArray(values);
  }

  /** A copy of the elements in {@code segment}, which has no header. */
  public static ShortArray fromSegment(MemorySegment segment) {
    ShortArray array = new ShortArray(elements(segment.byteSize(), BYTES));
    array.data.copyFrom(segment);
    return array;
  }

  /** The elements of {@code segment} behind a header, without a copy; the header is overwritten. */
  public static ShortArray fromSegmentShallow(MemorySegment segment) {
    ShortArray array = new ShortArray(segment, elements(segment.byteSize() - ARRAY_HEADER, BYTES));
    array.writeHeader();
    return array;
  }

  @Override
  ShortArray on(MemorySegment storage) {
    return new ShortArray(storage, getSize());
  }

  /** The element at {@code index}. */
  public short get(int index) {
    return data.getAtIndex(ValueLayout.JAVA_SHORT, index);
  }

  /** Puts {@code value} at {@code index}. */
  public void set(int index, short value) {
    data.setAtIndex(ValueLayout.JAVA_SHORT, index, value);
  }

  /** Puts {@code value} everywhere. */
  public void init(short value) {
    for (int i = 0; i < getSize(); i++) {
      set(i, value);
    }
  }

  @Override
  public void clear() {
    init((short) 0);
  }

  /** The elements, copied onto the heap. */
  public short[] toHeapArray() {
    short[] values = new short[getSize()];
    for (int i = 0; i < values.length; i++) {
      values[i] = get(i);
    }
    return values;
  }

  @Override
  public int getElementSize() {
    return BYTES;
  }
}
