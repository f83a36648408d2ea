package dev.gatun.cpu.op;

import dev.gatun.Tensor;
import java.util.Optional;

/** How many rows an operator works on in a run: the actual count of whichever operand varies; they all vary together. */
final class Rows {
  private final View view;

  private Rows(View view) {
    this.view = view;
  }

  /** The rows of operands of the same sizes. */
  static Rows of(Binding binding, Tensor... tensors) {
    for (Tensor tensor : tensors) {
      if (tensor.count().isPresent()) {
        return new Rows(binding.view(tensor));
      }
    }
    return new Rows(binding.view(tensors[0]));
  }

  /** Indices of dimension 0. */
  int indices() {
    return view.count();
  }

  /** Rows of the last dimension. */
  int count() {
    return view.rows();
  }

  /** Elements of a row, which vary where the row is all there is. */
  int width() {
    return view.rank() == 1 ? view.count() : view.size(-1);
  }

  /** Bytes that a row of {@code n} elements of {@code tensor} needs as F32 in scratch memory: none where it lies so already. */
  static long scratch(Tensor tensor, long n) {
    return tensor.dtype() == dev.gatun.DType.F32 ? 0 : Scratch.align(4 * n);
  }

  static long scratch(Optional<Tensor> tensor, long n) {
    return tensor.map(t -> scratch(t, n)).orElse(0L);
  }
}
