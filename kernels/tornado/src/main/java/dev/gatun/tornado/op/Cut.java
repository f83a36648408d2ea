package dev.gatun.tornado.op;

import dev.gatun.Tensor;
import dev.gatun.tornado.kernel.Grid;
import dev.gatun.tornado.kernel.Pieces;

/** A tensor's rows in pieces, in the numbers that {@link Pieces} takes. */
record Cut(Tensor tensor, Traits traits, Shapes.Count count) {
  long[] integers() {
    boolean one = tensor.shape().rank() == 1;
    long each = one ? 0 : Math.max(1, Shapes.rowsEach(tensor));
    long bound = one || Shapes.rowsEach(tensor) > 0 ? tensor.size(0) : 0;
    return new long[] {tensor.size(-1), each, bound, count.index(), pieces(), Pieces.elements(traits.local())};
  }

  private long pieces() {
    return Pieces.of(tensor.size(-1), traits.local());
  }

  /** Work-groups for a tensor. */
  static long groups(Tensor tensor, Traits traits) {
    return rows(tensor) * Pieces.of(tensor.size(-1), traits.local());
  }

  /** Rows up to the bound. */
  long rows() {
    return rows(tensor);
  }

  static long rows(Tensor tensor) {
    return tensor.shape().rank() == 1 ? 1 : Shapes.rowsEach(tensor) * tensor.size(0);
  }

  /** A work-group for each piece. */
  Grid grid() {
    return Grid.groups(groups(tensor, traits), traits.local());
  }

  /** How explanations call it. */
  static String tile(Traits traits) {
    return "pieces of " + Pieces.elements(traits.local());
  }
}
