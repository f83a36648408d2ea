package dev.gatun;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A view of storage: it owns nothing and is free to make. It has a byte offset, a dtype, a {@link Shape} and a stride for each dimension, counted
 * in elements. Rows of a block type are contiguous and start on a block.
 *
 * <p>A tensor whose first dimension varies from one submission to the next carries a {@link #count()}: an I32 tensor {@code [1]} on the
 * device that holds the actual size when a kernel runs. The shape then gives the upper bound; rows at or past the actual count are neither read
 * nor written. The actual count must never exceed the bound; kernels clamp it, and a negative one counts as zero.
 *
 * <p>A tensor that {@link Backend#prepare} returned may have a {@link #layout()} of the backend's own; only the operators of its
 * {@link Use} on that backend can read it.
 */
public final class Tensor {
  /** The layout of a tensor that lies as its {@link DType} documents. */
  public static final String PLAIN = "plain";

  private final Storage storage;
  private final long offset;
  private final DType dtype;
  private final Shape shape;
  private final long[] strides;
  private final Tensor count;
  private final String layout;

  private Tensor(Storage storage, long offset, DType dtype, Shape shape, long[] strides, Tensor count, String layout) {
    this.storage = Objects.requireNonNull(storage, "storage");
    this.offset = offset;
    this.dtype = Objects.requireNonNull(dtype, "dtype");
    this.shape = Objects.requireNonNull(shape, "shape");
    this.strides = strides;
    this.count = count;
    this.layout = layout;
  }

  /**
   * A contiguous view of {@code storage} from byte {@code offset} on.
   *
   * @throws ShapeException if the view does not fit the storage or a row is no whole number of blocks
   */
  public static Tensor of(Storage storage, long offset, DType dtype, Shape shape) {
    return of(storage, offset, dtype, shape, contiguous(shape));
  }

  /**
   * A strided view of {@code storage}. Strides count elements, one for each dimension.
   *
   * @throws ShapeException if the view does not fit the storage, strides are negative, or rows of a block type are not contiguous blocks
   */
  public static Tensor of(Storage storage, long offset, DType dtype, Shape shape, long... strides) {
    Tensor tensor = new Tensor(storage, offset, dtype, shape, strides.clone(), null, PLAIN);
    tensor.check();
    return tensor;
  }

  /**
   * A contiguous view of host memory that stays the caller's: it must live, unchanged in place, as long as anything uses the tensor. Backends that
   * work in host memory use it where it lies, others take it in {@link Backend#prepare} and {@link Stream#copy}.
   *
   * @throws ShapeException if the segment is smaller than the shape needs
   */
  public static Tensor ofHost(MemorySegment segment, DType dtype, long... shape) {
    return of(Buffer.ofHost(segment), 0, dtype, Shape.of(shape));
  }

  /**
   * A tensor over a layout that only the backend that made it understands; for {@link dev.gatun.spi.BackendDriver#prepare}.
   */
  public static Tensor ofLayout(Storage storage, long offset, DType dtype, Shape shape, String layout) {
    return new Tensor(storage, offset, dtype, shape, contiguous(shape), null, layout);
  }

  private static long[] contiguous(Shape shape) {
    long[] strides = new long[shape.rank()];
    long stride = 1;
    for (int i = strides.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= Math.max(1, shape.size(i));
    }
    return strides;
  }

  private void check() {
    if (strides.length != shape.rank()) {
      throw new ShapeException(strides.length + " strides for shape " + shape);
    }
    for (int i = 0; i < strides.length; i++) {
      if (strides[i] < 0) {
        throw new ShapeException("negative stride in " + Arrays.toString(strides) + " of " + this);
      }
      if (dtype.isBlock() && i < strides.length - 1 && shape.size(i) > 1 && strides[i] % dtype.blockSize() != 0) {
        throw new ShapeException("rows of " + this + " must start on a block of " + dtype.blockSize() + " elements");
      }
    }
    if (dtype.isBlock() && (shape.size(-1) % dtype.blockSize() != 0 || strides[strides.length - 1] != 1)) {
      throw new ShapeException("a row of " + this + " must be whole, contiguous blocks of " + dtype.blockSize() + " elements");
    }
    if (offset < 0 || offset > storage.bytes() - extent()) {
      throw new ShapeException(this + " at byte " + offset + " needs " + extent() + " bytes, the storage has " + storage.bytes());
    }
  }

  private long extent() {
    if (shape.elements() == 0) {
      return 0;
    }
    long last = dtype.isBlock() ? shape.size(-1) - 1 : 0;
    try {
      for (int i = 0; i < (dtype.isBlock() ? strides.length - 1 : strides.length); i++) {
        last = Math.addExact(last, Math.multiplyExact(shape.size(i) - 1, strides[i]));
      }
      return dtype.bytes(Math.addExact(last, 1));
    } catch (ArithmeticException e) {
      throw new ShapeException("the extent of " + this + " overflows");
    }
  }

  /** Where the bytes are. */
  public Storage storage() {
    return storage;
  }

  /** The buffer that holds this tensor. @throws GatunException for a program's temporary, which has no address */
  public Buffer buffer() {
    if (storage instanceof Buffer buffer) {
      return buffer;
    }
    throw new GatunException(this + " has no buffer: it is a temporary of a program");
  }

  /** The first element's byte offset in the storage. */
  public long offset() {
    return offset;
  }

  /** The element type. */
  public DType dtype() {
    return dtype;
  }

  /** The shape; where {@link #count()} is present its first size is an upper bound. */
  public Shape shape() {
    return shape;
  }

  /** Shorthand for {@code shape().size(i)}. */
  public long size(int i) {
    return shape.size(i);
  }

  /** Elements from one index of dimension {@code i} (negative counts from the end) to the next. */
  public long stride(int i) {
    return strides[i < 0 ? strides.length + i : i];
  }

  /** All strides, in an array of the caller's own. */
  public long[] strides() {
    return strides.clone();
  }

  /** The I32 {@code [1]} tensor that holds the actual size of dimension 0, if that varies. */
  public Optional<Tensor> count() {
    return Optional.ofNullable(count);
  }

  /** {@link #PLAIN}, or the name of a backend's own layout. */
  public String layout() {
    return layout;
  }

  /** Whether this lies as its dtype documents, readable by everything. */
  public boolean isPlain() {
    return layout.equals(PLAIN);
  }

  /** Bytes of the smallest range that holds every element. */
  public long bytes() {
    return extent();
  }

  /** Whether the elements follow each other without gaps. */
  public boolean isContiguous() {
    if (shape.elements() == 0) {
      return true;
    }
    long expected = 1;
    for (int i = strides.length - 1; i >= 0; i--) {
      if (shape.size(i) != 1 && strides[i] != expected) {
        return false;
      }
      expected *= shape.size(i);
    }
    return true;
  }

  /** This tensor with the actual size of dimension 0 read from {@code count}, an I32 tensor of one element, when a kernel runs. */
  public Tensor withCount(Tensor count) {
    if (count.dtype != DType.I32 || count.shape.elements() != 1) {
      throw new ShapeException("a count is one I32, not " + count);
    }
    return new Tensor(storage, offset, dtype, shape, strides, count, layout);
  }

  /** This tensor without a count: dimension 0 is what the shape says. */
  public Tensor withoutCount() {
    return new Tensor(storage, offset, dtype, shape, strides, null, layout);
  }

  /**
   * The same elements under another shape.
   *
   * @throws ShapeException if the element counts differ, the tensor is not contiguous, or its size varies and dimension 0 would change
   */
  public Tensor reshape(long... sizes) {
    Shape other = Shape.of(sizes);
    plainOnly("reshape");
    if (other.elements() != shape.elements() || !isContiguous()) {
      throw new ShapeException(this + " cannot be seen as " + other + (isContiguous() ? ": other element count" : ": not contiguous"));
    }
    if (count != null && other.size(0) != shape.size(0)) {
      throw new ShapeException(this + " varies in its first dimension, which a reshape to " + other + " would change");
    }
    Tensor view = new Tensor(storage, offset, dtype, other, contiguous(other), count, layout);
    view.check();
    return view;
  }

  /**
   * Indices {@code from} (inclusive) to {@code to} (exclusive) of dimension {@code dim}. Slicing dimension 0 drops the count.
   *
   * @throws ShapeException for a range outside the shape, or one that cuts a block
   */
  public Tensor slice(int dim, long from, long to) {
    plainOnly("slice");
    int at = dim < 0 ? shape.rank() + dim : dim;
    if (at < 0 || at >= shape.rank() || from < 0 || from > to || to > shape.size(at)) {
      throw new ShapeException("no slice [" + from + ", " + to + ") of dimension " + dim + " in " + this);
    }
    if (from % dtype.blockSize() != 0 && at == shape.rank() - 1) {
      throw new ShapeException("a slice of " + this + " must start on a block of " + dtype.blockSize() + " elements, not at " + from);
    }
    long shift = from == to || shape.elements() == 0 ? 0 : dtype.bytes(from * strides[at]);
    Tensor view = new Tensor(storage, offset + shift, dtype, shape.with(at, to - from), strides, at == 0 ? null : count, layout);
    view.check();
    return view;
  }

  /** This tensor with its storage forgotten, as it stands in a {@link Case}. */
  Tensor nowhere() {
    Tensor bare = count == null ? null : count.nowhere();
    return new Tensor(new Storage.Nowhere(storage.bytes()), offset, dtype, shape, strides, bare, layout);
  }

  private void plainOnly(String what) {
    if (!isPlain()) {
      throw new ShapeException("cannot " + what + " " + this + ": layout " + layout + " is the backend's own");
    }
  }

  /** Whether both are the same elements of the same storage, seen the same way. */
  public boolean isSameView(Tensor other) {
    return storage.equals(other.storage) && offset == other.offset && dtype == other.dtype && shape.equals(other.shape)
        && Arrays.equals(strides, other.strides);
  }

  /** Whether the byte ranges of the two share storage; strided views that interleave without sharing an element count as overlapping. */
  public boolean overlaps(Tensor other) {
    if (shape.elements() == 0 || other.shape.elements() == 0) {
      return false;
    }
    if (storage instanceof Buffer mine && other.storage instanceof Buffer theirs) {
      return mine.overlaps(offset, extent(), theirs, other.offset, other.extent());
    }
    return storage.equals(other.storage) && offset < other.offset + other.extent() && other.offset < offset + extent();
  }

  /** Whether two indices may reach the same element: a dimension's stride is within the extent of the finer ones. */
  boolean overlapsItself() {
    if (shape.elements() == 0) {
      return false;
    }
    int[] finestFirst = IntStream.range(0, strides.length).boxed().sorted(Comparator.comparingLong(i -> strides[i])).mapToInt(i -> i).toArray();
    long reach = 0;
    for (int i : finestFirst) {
      if (shape.size(i) > 1) {
        if (strides[i] <= reach) {
          return true;
        }
        reach += (shape.size(i) - 1) * strides[i];
      }
    }
    return false;
  }

  /** The dtype and shape as case lines write them, for example {@code f16[1,4096]}; strides, layout and a varying size follow when unusual. */
  @Override
  public String toString() {
    StringBuilder line = new StringBuilder(dtype.label()).append(shape);
    if (count != null) {
      line.insert(line.indexOf("[") + 1, "<=");
    }
    if (!isContiguous()) {
      line.append("/strides").append(Arrays.toString(strides).replace(" ", ""));
    }
    if (!isPlain()) {
      line.append('/').append(layout);
    }
    return line.toString();
  }
}
