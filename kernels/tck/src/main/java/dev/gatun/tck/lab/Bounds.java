package dev.gatun.tck.lab;

import dev.gatun.DType;

/**
 * How near each operator's results must come, and why. Each bound is a small multiple of what an honest computation in the case's own dtypes gives: sums in F32
 * one element after the other, operands rounded where the operator's documentation lets a backend round them. A test runs those computations and holds every
 * bound to them: above what they give, and not far above. The rounding of the result to the output's dtype comes on top, in proportion to that dtype.
 */
public final class Bounds {
  /** What must be the oracle's value, rounded to the output's dtype. */
  public static final Bound EXACT = new Bound(0, "moves, choices and roundings are exact");

  /** An element of a block with a minimum, in 16 bits. */
  public static final Bound EXPANDED_TWICE_ROUNDED = new Bound(1e-13, "a sum that F32 does not hold is rounded to it first, which may move a tie of the output's type");

  /** The rounding of a few F32 operations on each element. */
  public static final Bound ELEMENTWISE = new Bound(1e-10, "a few F32 operations an element, each off by at most some units of 2^-24");

  /** A sum of squares over a row, and a square root. */
  public static final Bound NORM = new Bound(1e-10, "a sum over the row in F32: off by about sqrt(N)·2^-24 of itself");

  /** Exponentials and their sum. */
  public static final Bound SOFTMAX = new Bound(1e-6, "exponentials of F32 differences as fast units give them, off by 2^-11 of themselves at most");

  private Bounds() {}

  /**
   * Of a product with weights of a type.
   *
   * <p>Only the activations of a block-quantized weight may be rounded, to 8 bits; every other product is of the operands as they are, summed in F32. A tensor
   * unit without F32 operands keeps them by taking each as the sum of two BF16, which leaves off what lies under 2^-16 of it. One BF16, F16 or TF32 is not the
   * operand: the error is then 2e-8 or more.
   */
  public static Bound matmul(DType weight) {
    return weight.isBlock()
        ? new Bound(5e-4, "activations may be rounded to 8 bits per block of 32, which gives 3e-5, and 1.7e-4 where one element of a block outweighs all others").withAnyNonFinite()
        : new Bound(1e-9, "operands as they are, which as the sum of two BF16 they are to 2^-16: up to 2e-11; summed in F32: up to 1e-12");
  }
}
