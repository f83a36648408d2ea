package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import uk.ac.manchester.tornado.api.types.HalfFloat;

/** IEEE 754 halves, outside the heap, after a header. */
public final class HalfFloatArray extends TornadoNativeArray {
  private static final int BYTES = 2;

  /** Zeros. */
  public HalfFloatArray(int numberOfElements) {
    super(numberOfElements, BYTES);
  }

  private HalfFloatArray(MemorySegment whole, int size) {
    super(whole, size);
  }

  /** A copy of {@code values}. */
  public static HalfFloatArray fromArray(HalfFloat[] values) {
    HalfFloatArray array = new HalfFloatArray(values.length);
    for (int i = 0; i < values.length; i++) {
      array.set(i, values[i]);
    }
    return array;
  }

  /** A copy of {@code values}. */
  public static HalfFloatArray fromElements(HalfFloat... values) {
    return fromArray(values);
  }

  /** A copy of the elements in {@code segment}, which has no header. */
  public static HalfFloatArray fromSegment(MemorySegment segment) {
    HalfFloatArray array = new HalfFloatArray(elements(segment.byteSize(), BYTES));
    array.data.copyFrom(segment);
    return array;
  }

  /** The elements of {@code segment} behind a header, without a copy; the header is overwritten. */
  public static HalfFloatArray fromSegmentShallow(MemorySegment segment) {
    HalfFloatArray array = new HalfFloatArray(segment, elements(segment.byteSize() - ARRAY_HEADER, BYTES));
    array.writeHeader();
    return array;
  }

  @Override
  HalfFloatArray on(MemorySegment storage) {
    return new HalfFloatArray(storage, getSize());
  }

  /** The element at {@code index}. */
  public HalfFloat get(int index) {
    return new HalfFloat(data.getAtIndex(ValueLayout.JAVA_SHORT, index));
  }

  /** Puts {@code value} at {@code index}. */
  public void set(int index, HalfFloat value) {
    data.setAtIndex(ValueLayout.JAVA_SHORT, index, value.getHalfFloatValue());
  }

  /** Puts {@code value} everywhere. */
  public void init(HalfFloat value) {
    for (int i = 0; i < getSize(); i++) {
      set(i, value);
    }
  }

  @Override
  public void clear() {
    init(new HalfFloat((short) 0));
  }

  /** The elements, copied onto the heap. */
  public HalfFloat[] toHeapArray() {
    HalfFloat[] values = new HalfFloat[getSize()];
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
