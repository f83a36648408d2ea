package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Floats, outside the heap, after a header. */
public final class FloatArray extends TornadoNativeArray {
  private static final int BYTES = 4;

  /** Zeros. */
  public FloatArray(int numberOfElements) {
    super(numberOfElements, BYTES);
  }

  private FloatArray(MemorySegment whole, int size) {
    super(whole, size);
  }

  /** A copy of {@code values}. */
  public static FloatArray fromArray(float[] values) {
    FloatArray array = new FloatArray(values.length);
    for (int i = 0; i < values.length; i++) {
      array.set(i, values[i]);
    }
    return array;
  }

  /** A copy of {@code values}. */
  public static FloatArray fromElements(float... values) {
    return fromArray(values);
  }

  /** A copy of the elements in {@code segment}, which has no header. */
  public static FloatArray fromSegment(MemorySegment segment) {
    FloatArray array = new FloatArray(elements(segment.byteSize(), BYTES));
    array.data.copyFrom(segment);
    return array;
  }

  /** The elements of {@code segment} behind a header, without a copy; the header is overwritten. */
  public static FloatArray fromSegmentShallow(MemorySegment segment) {
    FloatArray array = new FloatArray(segment, elements(segment.byteSize() - ARRAY_HEADER, BYTES));
    array.writeHeader();
    return array;
  }

  @Override
  FloatArray on(MemorySegment storage) {
    return new FloatArray(storage, getSize());
  }

  /** The element at {@code index}. */
  public float get(int index) {
    return data.getAtIndex(ValueLayout.JAVA_FLOAT, index);
  }

  /**
   * Puts {@code value} at {@code index}; NaN always as the same bits. Which NaN an operation gives is left to the JVM's compilers, and
   * changes while a kernel is compiled, where a device's kernel gives the same one in each run.
   */
  public void set(int index, float value) {
    data.setAtIndex(ValueLayout.JAVA_INT, index, Float.floatToIntBits(value));
  }

  /** Puts {@code value} everywhere. */
  public void init(float value) {
    for (int i = 0; i < getSize(); i++) {
      set(i, value);
    }
  }

  @Override
  public void clear() {
    init(0f);
  }

  /** The elements, copied onto the heap. */
  public float[] toHeapArray() {
    float[] values = new float[getSize()];
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
