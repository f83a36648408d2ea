package dev.gatun;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;

/** The checks that operator records share; each failure names the operator and the operand. */
final class Require {
  static final Set<DType> FLOATS = EnumSet.of(DType.F32, DType.F16, DType.BF16);

  private final String operator;

  Require(String operator) {
    this.operator = operator;
  }

  ShapeException fault(String what) {
    return new ShapeException(operator + ": " + what);
  }

  void that(boolean holds, String what) {
    if (!holds) {
      throw fault(what);
    }
  }

  Require rank(String name, Tensor t, int rank) {
    that(t.shape().rank() == rank, name + " must have " + rank + " dimensions, not " + t);
    return this;
  }

  Require atLeastRank(String name, Tensor t, int rank) {
    that(t.shape().rank() >= rank, name + " must have at least " + rank + " dimensions, not " + t);
    return this;
  }

  /** {@code shape} holds the wanted sizes, −1 for any. */
  Require shape(String name, Tensor t, long... shape) {
    boolean fits = t.shape().rank() == shape.length;
    for (int i = 0; fits && i < shape.length; i++) {
      fits = shape[i] < 0 || shape[i] == t.size(i);
    }
    that(fits, name + " must be " + Arrays.toString(shape).replace("-1", "any") + ", not " + t);
    return this;
  }

  Require sameShape(String name, Tensor t, String otherName, Tensor other) {
    that(t.shape().equals(other.shape()), name + " " + t + " must have the shape of " + otherName + " " + other);
    return this;
  }

  Require type(String name, Tensor t, DType... types) {
    plain(name, t);
    that(Arrays.asList(types).contains(t.dtype()), name + " must be one of " + Arrays.toString(types) + ", not " + t);
    return this;
  }

  Require floats(String name, Tensor t) {
    plain(name, t);
    that(FLOATS.contains(t.dtype()), name + " must be F32, F16 or BF16, not " + t);
    return this;
  }

  /** The last dimension without gaps. */
  Require rowsContiguous(String name, Tensor t) {
    that(t.shape().size(-1) <= 1 || t.stride(-1) == 1, name + " must have contiguous rows, not " + t);
    return this;
  }

  Require plain(String name, Tensor t) {
    that(t.isPlain(), name + " must be plain, not " + t);
    return this;
  }

  /** Row vectors: a float type with contiguous rows. */
  Require rows(String name, Tensor t) {
    return floats(name, t).rowsContiguous(name, t);
  }

  /** All varying operands vary with the same count. */
  Require sameCount(Tensor... tensors) {
    Tensor first = null;
    for (Tensor t : tensors) {
      if (t.count().isPresent()) {
        if (first == null) {
          first = t.count().get();
        } else if (!first.isSameView(t.count().get())) {
          throw fault("operands vary with different counts: " + Arrays.toString(tensors));
        }
      }
    }
    return this;
  }

  void finite(String name, double value) {
    that(Double.isFinite(value), name + " must be finite, not " + value);
  }
}
