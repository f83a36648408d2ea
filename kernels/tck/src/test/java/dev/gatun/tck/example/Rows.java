package dev.gatun.tck.example;

import dev.gatun.Tensor;
import java.util.function.IntSupplier;

/**
 * The rows that an operator over tensors of one shape does in this run. Of a vector, which is one row, the length may vary.
 *
 * @param count the actual size of dimension 0
 * @param vector whether there is no other dimension
 * @param middle rows in one index of dimension 0
 * @param bound the length of a row, of a vector at most
 */
record Rows(IntSupplier count, boolean vector, long middle, int bound) {
  /** Rows of {@code operands}, which vary with one count if they do. */
  static Rows of(Binding at, Tensor... operands) {
    Values first = at.values(operands[0]);
    return new Rows(at.count(operands), first.rank() == 1, first.middle(), first.length());
  }

  long rows() {
    return vector ? 1 : count.getAsInt() * middle;
  }

  int length() {
    return vector ? count.getAsInt() : bound;
  }
}
