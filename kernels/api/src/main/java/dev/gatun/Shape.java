package dev.gatun;

import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * The sizes of a tensor's one to four dimensions, outermost first: a weight matrix of N rows of K elements is {@code [N, K]}. Sizes are zero
 * or more. (GGUF and ggml list the same sizes in the opposite order.)
 */
public final class Shape {
  /** The most dimensions a tensor has. */
  public static final int MAX_RANK = 4;

  private final long[] sizes;

  private Shape(long[] sizes) {
    this.sizes = sizes;
  }

  /**
   * A shape of the given sizes.
   *
   * @throws ShapeException for no dimension, more than four, a negative size, or an element count that overflows a long
   */
  public static Shape of(long... sizes) {
    if (sizes.length == 0 || sizes.length > MAX_RANK) {
      throw new ShapeException("a shape has 1 to " + MAX_RANK + " dimensions, not " + sizes.length);
    }
    long elements = 1;
    for (long size : sizes) {
      if (size < 0) {
        throw new ShapeException("a dimension cannot be negative: " + Arrays.toString(sizes));
      }
      if (size != 0 && elements > Long.MAX_VALUE / size) {
        throw new ShapeException("the element count of " + Arrays.toString(sizes) + " overflows");
      }
      elements *= size;
    }
    return new Shape(sizes.clone());
  }

  /** The number of dimensions, 1 to 4. */
  public int rank() {
    return sizes.length;
  }

  /** The size of dimension {@code i}; negative {@code i} counts from the end, so {@code size(-1)} is the row length. */
  public long size(int i) {
    int at = i < 0 ? sizes.length + i : i;
    if (at < 0 || at >= sizes.length) {
      throw new ShapeException("no dimension " + i + " in " + this);
    }
    return sizes[at];
  }

  /** The product of all sizes. */
  public long elements() {
    long product = 1;
    for (long size : sizes) {
      product *= size;
    }
    return product;
  }

  /** The product of all sizes but the last. */
  public long rows() {
    long product = 1;
    for (int i = 0; i < sizes.length - 1; i++) {
      product *= sizes[i];
    }
    return product;
  }

  /** The sizes, outermost first, in an array of the caller's own. */
  public long[] sizes() {
    return sizes.clone();
  }

  /** This shape with dimension {@code i} (negative counts from the end) of another size. */
  public Shape with(int i, long size) {
    long[] copy = sizes.clone();
    size(i);
    copy[i < 0 ? copy.length + i : i] = size;
    return of(copy);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape shape && Arrays.equals(sizes, shape.sizes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(sizes);
  }

  @Override
  public String toString() {
    return Arrays.stream(sizes).mapToObj(Long::toString).collect(Collectors.joining(",", "[", "]"));
  }
}
