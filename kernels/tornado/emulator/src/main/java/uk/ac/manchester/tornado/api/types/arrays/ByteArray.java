package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Bytes, outside the heap, after a header. */
public final class ByteArray extends TornadoNativeArray {
  private static final int BYTES = 1;

  /** Zeros. */
  public ByteArray(int numberOfElements) {
    super(numberOfElements, BYTES);
  }

  private ByteArray(MemorySegment whole, int size) {
    super(whole, size);
  }

  /** A copy of {@code values}. */
  public static ByteArray fromArray(byte[] values) {
    ByteArray array = new ByteArray(values.length);
    for (int i = 0; i < values.length; i++) {
      array.set(i, values[i]);
    }
    return array;
  }

  /** A copy of {@code values}. */
  public static ByteArray fromElements(byte... values) {
    return fromArray(values);
  }

  /** A copy of the elements in {@code segment}, which has no header. */
  public static ByteArray fromSegment(MemorySegment segment) {
    ByteArray array = new ByteArray(elements(segment.byteSize(), BYTES));
    array.data.copyFrom(segment);
    return array;
  }

  /** The elements of {@code segment} behind a header, without a copy; the header is overwritten. */
  public static ByteArray fromSegmentShallow(MemorySegment segment) {
    ByteArray array = new ByteArray(segment, elements(segment.byteSize() - ARRAY_HEADER, BYTES));
    array.writeHeader();
    return array;
  }

  @Override
  ByteArray on(MemorySegment storage) {
    return new ByteArray(storage, getSize());
  }

  /** The element at {@code index}. */
  public byte get(int index) {
    return data.get(ValueLayout.JAVA_BYTE, index);
  }

  /** Puts {@code value} at {@code index}. */
  public void set(int index, byte value) {
    data.set(ValueLayout.JAVA_BYTE, index, value);
  }

  /** Puts {@code value} everywhere. */
  public void init(byte value) {
    for (int i = 0; i < getSize(); i++) {
      set(i, value);
    }
  }

  @Override
  public void clear() {
    init((byte) 0);
  }

  /** The elements, copied onto the heap. */
  public byte[] toHeapArray() {
    byte[] values = new byte[getSize()];
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
