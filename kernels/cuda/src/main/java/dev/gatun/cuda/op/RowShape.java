package dev.gatun.cuda.op;

import dev.gatun.DType;
import dev.gatun.Tensor;
import dev.gatun.cuda.kernel.LaunchBuilder;

/**
 * The rows that an operator works on: all dimensions of its tensors but the last, of which the first may vary. A tensor of one dimension is one row; if it
 * varies, as many rows of one element.
 *
 * @param count the device address of the actual size of dimension 0, 0 where it is fixed
 * @param bound the size of dimension 0 or its upper bound
 * @param middle the size of dimension 1 of three or four, else 1
 * @param inner the size of dimension 2 of four, else 1
 * @param width the elements of a row
 */
record RowShape(long count, int bound, int middle, int inner, int width) {
  private static final int MOST_RANK = 4;

  /** The rows of operands of the same sizes; whichever of them has a count, all vary with it. */
  static RowShape of(Binding binding, Tensor... tensors) {
    Tensor shape = tensors[0];
    long count = 0;
    for (Tensor tensor : tensors) {
      if (tensor.count().isPresent()) {
        count = binding.count(tensor);
      }
    }
    return of(shape, count);
  }

  private static RowShape of(Tensor tensor, long count) {
    int rank = tensor.shape().rank();
    int width = Math.toIntExact(tensor.size(-1));
    return switch (rank) {
      case 1 -> count == 0 ? new RowShape(0, 1, 1, 1, width) : new RowShape(count, width, 1, 1, 1);
      case 2 -> new RowShape(count, size(tensor, 0), 1, 1, width);
      case 3 -> new RowShape(count, size(tensor, 0), size(tensor, 1), 1, width);
      case MOST_RANK -> new RowShape(count, size(tensor, 0), size(tensor, 1), size(tensor, 2), width);
      default -> throw new IllegalStateException("a tensor of rank " + rank);
    };
  }

  private static int size(Tensor tensor, int i) {
    return Math.toIntExact(tensor.size(i));
  }

  /** How many rows there are at most. */
  long rows() {
    return (long) bound * middle * inner;
  }

  /** Bytes from one index of dimension {@code i} of {@code tensor} to the next. */
  static long bytes(Tensor tensor, int i) {
    return tensor.stride(i) * tensor.dtype().blockBytes() / tensor.dtype().blockSize();
  }

  /** Passes {@code tensor}, which has these rows in its own strides. */
  LaunchBuilder pass(LaunchBuilder launch, String name, Tensor tensor, Binding binding) {
    long[] strides = new long[MOST_RANK - 1];
    int rank = tensor.shape().rank();
    for (int i = 0; i < Math.max(1, rank - 1); i++) {
      strides[i] = bytes(tensor, i);
    }
    return launch.rows(name, binding.address(tensor), count, strides, bound, middle, inner, tensor.dtype());
  }

  /** Passes {@code tensor}, one row that stands for each of these. */
  LaunchBuilder passRepeated(LaunchBuilder launch, String name, Tensor tensor, Binding binding) {
    return launch.rows(name, binding.address(tensor), count, new long[MOST_RANK - 1], bound, middle, inner, tensor.dtype());
  }

  /** Passes no rows. */
  static LaunchBuilder passNone(LaunchBuilder launch, String name) {
    return launch.rows(name, 0, 0, new long[MOST_RANK - 1], 0, 1, 1, DType.F32);
  }
}
