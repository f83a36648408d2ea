package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Ints, outside the heap, after a header. */
public final class IntArray extends TornadoNativeArray {
  private static final int BYTES = 4;

  /** Zeros. */
  public IntArray(int numberOfElements) {
    super(numberOfElements, BYTES);
  }

  private IntArray(MemorySegment whole, int size) {
    super(whole, size);
  }

  /** A copy of {@code values}. */
  public static IntArray fromArray(int[] values) {
    IntArray array = new IntArray(values.length);
    for (int i = 0; i < values.length; i++) {
      array.set(i, values[i]);
    }
    return array;
  }

  /** A copy of {@code values}. */
  public static IntArray fromElements(int... values) {
    return fromArray(values);
  }

  /** A copy of the elements in {@code segment}, which has no header. */
  public static IntArray fromSegment(MemorySegment segment) {
    IntArray array = new IntArray(elements(segment.byteSize(), BYTES));
    array.data.copyFrom(segment);
    return array;
  }

  /** The elements of {@code segment} behind a header, without a copy; the header is overwritten. */
  public static IntArray fromSegmentShallow(MemorySegment segment) {
    IntArray array = new IntArray(segment, elements(segment.byteSize() - ARRAY_HEADER, BYTES));
    array.writeHeader();
    return array;
  }

  @Override
  IntArray on(MemorySegment storage) {
    return new IntArray(storage, getSize());
  }

  /** The element at {@code index}. */
  public int get(int index) {
    return data.getAtIndex(ValueLayout.JAVA_INT, index);
  }

  /** Puts {@code value} at {@code index}. */
  public void set(int index, int value) {
    data.setAtIndex(ValueLayout.JAVA_INT, index, value);
  }

  /** Puts {@code value} everywhere. */
  public void init(int value) {
    for (int i = 0; i < getSize(); i++) {
      set(i, value);
    }
  }

  @Override
  public void clear() {
    init(0);
  }

  /** The elements, copied onto the heap. */
  public int[] toHeapArray() {
    int[] values = new int[getSize()];
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
