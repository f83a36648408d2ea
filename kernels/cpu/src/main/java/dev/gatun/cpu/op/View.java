package dev.gatun.cpu.op;

import dev.gatun.DType;
import dev.gatun.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * A tensor's place in host memory. Offsets given out are in bytes from the start of {@link #memory()}, which is always native.
 */
public final class View {
  /** Unaligned: views start anywhere. */
  public static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

  /** Unaligned: views start anywhere. */
  public static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

  /** Unaligned: views start anywhere. */
  public static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

  private final MemorySegment memory;
  private final long offset;
  private final DType dtype;
  private final long[] sizes;
  private final long[] strides;
  private final String layout;
  private final MemorySegment countMemory;
  private final long countOffset;

  /** The view of {@code tensor} whose storage starts at byte {@code base} of {@code memory}, and of its count. */
  View(Tensor tensor, MemorySegment memory, long base, MemorySegment countMemory, long countOffset) {
    this.memory = memory;
    this.offset = base + tensor.offset();
    this.dtype = tensor.dtype();
    this.sizes = tensor.shape().sizes();
    this.strides = tensor.strides();
    this.layout = tensor.layout();
    this.countMemory = countMemory;
    this.countOffset = countOffset;
  }

  /** The memory. */
  public MemorySegment memory() {
    return memory;
  }

  /** Byte offset of the first element. */
  public long offset() {
    return offset;
  }

  /** The element type. */
  public DType dtype() {
    return dtype;
  }

  /** The tensor's layout. */
  public String layout() {
    return layout;
  }

  /** The number of dimensions. */
  public int rank() {
    return sizes.length;
  }

  /** The bound of dimension {@code i}; negative counts from the end. */
  public int size(int i) {
    return (int) sizes[i < 0 ? sizes.length + i : i];
  }

  /** Elements from one index of dimension {@code i} to the next. */
  public long stride(int i) {
    return strides[i < 0 ? strides.length + i : i];
  }

  /** Bytes from one index of dimension {@code i} to the next. */
  public long strideBytes(int i) {
    return stride(i) * dtype.blockBytes() / dtype.blockSize();
  }

  /** The actual size of dimension 0 in this run: its count clamped to the bound. */
  public int count() {
    return countMemory == null ? size(0) : Math.clamp(countMemory.get(INT, countOffset), 0, size(0));
  }

  /** Rows of the last dimension in one index of dimension 0. */
  public int rowsPerIndex() {
    long rows = 1;
    for (int i = 1; i < sizes.length - 1; i++) {
      rows *= sizes[i];
    }
    return (int) rows;
  }

  /** Rows of the last dimension in this run: {@link #count()} times the sizes between the first and the last dimension. */
  public int rows() {
    return sizes.length == 1 ? 1 : count() * rowsPerIndex();
  }

  /** Byte offset of row {@code r}, counted over all dimensions but the last; a vector has the one row 0. */
  public long row(int r) {
    return switch (sizes.length) {
      case 1 -> offset;
      case 2 -> offset + r * strideBytes(0);
      default -> {
        long at = 0;
        long rest = r;
        for (int i = sizes.length - 2; i >= 0; i--) {
          at += rest % sizes[i] * strides[i];
          rest /= sizes[i];
        }
        yield offset + at * dtype.blockBytes() / dtype.blockSize();
      }
    };
  }

  /** Element {@code i} of an I32 vector. */
  public int integer(int i) {
    return memory.get(INT, offset + 4L * i * strides[0]);
  }

  /** The last index of dimension 0 that is at most {@code value}, in an ascending I32 vector's first {@code n} elements. */
  public int floorIndex(int value, int n) {
    int low = 0;
    int high = n - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (integer(middle) <= value) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  @Override
  public String toString() {
    return dtype.label() + Arrays.toString(sizes);
  }
}
