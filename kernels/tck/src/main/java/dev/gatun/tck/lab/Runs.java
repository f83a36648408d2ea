package dev.gatun.tck.lab;

import dev.gatun.Tensor;

/** The unbroken pieces of memory that a tensor's elements lie in, as bytes of its buffer. */
final class Runs {
  /** Takes a piece. */
  @FunctionalInterface
  interface Piece {
    void at(long from, long to);
  }

  private Runs() {}

  /** The pieces of the first {@code rows} indices of dimension 0. */
  static void of(Tensor tensor, int rows, Piece piece) {
    long[] sizes = tensor.shape().sizes();
    sizes[0] = rows;
    for (long size : sizes) {
      if (size == 0) {
        return;
      }
    }
    dimension(tensor, sizes, 0, 0, piece);
  }

  private static void dimension(Tensor tensor, long[] sizes, int dimension, long element, Piece piece) {
    long unbroken = unbroken(tensor, sizes, dimension);
    if (unbroken > 0) {
      long at = tensor.offset() + tensor.dtype().bytes(element);
      long block = tensor.dtype().blockSize();
      piece.at(at, at + tensor.dtype().bytes(Math.ceilDiv(unbroken, block) * block));
      return;
    }
    for (long i = 0; i < sizes[dimension]; i++) {
      dimension(tensor, sizes, dimension + 1, element + i * tensor.stride(dimension), piece);
    }
  }

  /** How many elements the dimensions from {@code first} on are in one piece, or 0 if they are in several. */
  private static long unbroken(Tensor tensor, long[] sizes, int first) {
    long elements = 1;
    for (int i = sizes.length - 1; i >= first; i--) {
      if (sizes[i] > 1 && tensor.stride(i) != elements) {
        return 0;
      }
      elements *= sizes[i];
    }
    return elements;
  }
}
