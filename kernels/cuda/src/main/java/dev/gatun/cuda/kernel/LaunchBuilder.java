package dev.gatun.cuda.kernel;

import dev.gatun.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Fills in a kernel's parameters by name, each exactly once and of the type that the manifest gives, and takes the grid last. What does not fit the manifest is a
 * mistake of this library's, not of its user, and throws {@link IllegalStateException}.
 */
public final class LaunchBuilder {
  private static final long ALIGNMENT = 128;
  private static final int TENSOR_MAP_BYTES = 128;
  private static final int MOST_BLOCKS_Y = 65535;

  /** {@code struct Rows} of {@code native/cuda/include/gatun/types.cuh}. */
  private static final int ROWS_BYTES = 56;
  private static final long COUNT = 8;
  private static final long STRIDES = 16;
  private static final long BOUND = 40;
  private static final long MIDDLE = 44;
  private static final long INNER = 48;
  private static final long DTYPE = 52;

  private final Kernel kernel;
  private final MemorySegment parameters;
  private final Consumer<Launch> taker;
  private final Set<String> missing;
  private int sharedBytes;

  /** A launch of {@code kernel} whose parameters live in {@code arena}; it goes to {@code taker} once its grid is known. */
  public LaunchBuilder(Kernel kernel, Arena arena, Consumer<Launch> taker) {
    this.kernel = kernel;
    this.parameters = arena.allocate(Math.max(1, kernel.parameterBytes()), ALIGNMENT);
    this.taker = taker;
    this.missing = new HashSet<>(kernel.fields().keySet());
  }

  private long field(String name, String kind, int bytes) {
    Manifest.Field field = kernel.fields().get(name);
    if (field == null || !field.kind().equals(kind) || field.bytes() != bytes) {
      throw new IllegalStateException("kernel " + kernel + " has no " + kind + " parameter " + name + "; it has " + kernel.fields().values());
    }
    if (!missing.remove(name)) {
      throw new IllegalStateException("kernel " + kernel + ": parameter " + name + " is given twice");
    }
    return field.offset();
  }

  /** A device address; 0 for a null pointer. */
  public LaunchBuilder pointer(String name, long address) {
    parameters.set(ValueLayout.JAVA_LONG, field(name, "ptr", Long.BYTES), address);
    return this;
  }

  /** A 32-bit integer. */
  public LaunchBuilder set(String name, int value) {
    parameters.set(ValueLayout.JAVA_INT, field(name, "i32", Integer.BYTES), value);
    return this;
  }

  /** A 64-bit integer. */
  public LaunchBuilder set(String name, long value) {
    parameters.set(ValueLayout.JAVA_LONG, field(name, "i64", Long.BYTES), value);
    return this;
  }

  /** A 32-bit float. */
  public LaunchBuilder set(String name, float value) {
    parameters.set(ValueLayout.JAVA_FLOAT, field(name, "f32", Float.BYTES), value);
    return this;
  }

  /** A 64-bit float. */
  public LaunchBuilder set(String name, double value) {
    parameters.set(ValueLayout.JAVA_DOUBLE, field(name, "f64", Double.BYTES), value);
    return this;
  }

  /** An element type. */
  public LaunchBuilder set(String name, DType value) {
    parameters.set(ValueLayout.JAVA_INT, field(name, "dtype", Integer.BYTES), value.ordinal());
    return this;
  }

  /** Rows of a tensor: {@code struct Rows}. Strides are in bytes. */
  public LaunchBuilder rows(String name, long address, long count, long[] strides, int bound, int middle, int inner, DType dtype) {
    long at = field(name, "rows", ROWS_BYTES);
    parameters.set(ValueLayout.JAVA_LONG, at, address);
    parameters.set(ValueLayout.JAVA_LONG, at + COUNT, count);
    for (int i = 0; i < strides.length; i++) {
      parameters.set(ValueLayout.JAVA_LONG, at + STRIDES + (long) i * Long.BYTES, strides[i]);
    }
    parameters.set(ValueLayout.JAVA_INT, at + BOUND, bound);
    parameters.set(ValueLayout.JAVA_INT, at + MIDDLE, middle);
    parameters.set(ValueLayout.JAVA_INT, at + INNER, inner);
    parameters.set(ValueLayout.JAVA_INT, at + DTYPE, dtype.ordinal());
    return this;
  }

  /** A tensor map, as the driver encoded it: {@value #TENSOR_MAP_BYTES} bytes. */
  public LaunchBuilder tensorMap(String name, MemorySegment encoded) {
    MemorySegment.copy(encoded, 0, parameters, field(name, "tensor_map", TENSOR_MAP_BYTES), TENSOR_MAP_BYTES);
    return this;
  }

  /** Dynamic shared memory of a block. */
  public LaunchBuilder shared(int bytes) {
    sharedBytes = bytes;
    return this;
  }

  /** The blocks along x, which ends the launch; a grid without blocks launches nothing. */
  public void grid(long x) {
    grid(x, 1, 1);
  }

  /** The blocks along each dimension, which ends the launch; a grid without blocks launches nothing. */
  public void grid(long x, long y, long z) {
    if (!missing.isEmpty()) {
      throw new IllegalStateException("kernel " + kernel + " is launched without its parameters " + missing);
    }
    if (x < 0 || x > Integer.MAX_VALUE || y < 0 || y > MOST_BLOCKS_Y || z < 0 || z > MOST_BLOCKS_Y) {
      throw new IllegalStateException("kernel " + kernel + " cannot be launched with a grid of " + x + " x " + y + " x " + z);
    }
    if (x > 0 && y > 0 && z > 0) {
      taker.accept(new Launch(kernel, parameters, (int) x, (int) y, (int) z, sharedBytes));
    }
  }
}
