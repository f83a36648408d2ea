package dev.gatun.tck.lab;

import dev.gatun.Attention;
import dev.gatun.DType;
import dev.gatun.Matmul;
import dev.gatun.Operator;
import java.util.List;

/**
 * How near each operator's results must come, and why. Each bound is a small multiple of what an honest computation in the case's own dtypes gives: sums in F32
 * one element after the other, operands rounded where the operator's documentation lets a backend round them. A test runs those computations and holds every
 * bound to them: above what they give, and not far above. The rounding of the result to the output's dtype comes on top, in proportion to that dtype.
 */
public final class Bounds {
  /** What must be the oracle's value, rounded to the output's dtype. */
  public static final Bound EXACT = new Bound(0, "moves, choices and roundings are exact");

  /** The rounding of a few F32 operations on each element. */
  public static final Bound ELEMENTWISE = new Bound(1e-10, "a few F32 operations an element, each off by at most some units of 2^-24");

  /** A sum of squares over a row, and a square root. */
  public static final Bound NORM = new Bound(1e-10, "a sum over the row in F32: off by about sqrt(N)·2^-24 of itself");

  /** Exponentials and their sum. */
  public static final Bound SOFTMAX = new Bound(1e-6, "exponentials of F32 differences as fast units give them, off by 2^-11 of themselves at most");

  private static final double ATTENTION = 1e-5;

  /** By how much errors may grow on their way through a program: a gated unit multiplies two results that are both off. */
  private static final double GROWTH = 2;

  private Bounds() {}

  /** Of a product with weights of a type. */
  public static Bound matmul(DType weight) {
    return weight.isFloat() ? new Bound(1e-7, "products summed in F32 or better over the row, operands as they are")
        : new Bound(5e-4, "activations may be rounded to 8 bits per block of 32, which gives up to 1e-4 where a row has outliers").withAnyNonFinite();
  }

  /** Of what a program leaves: the errors of its operators added up, and the roundings of what lies between them to its dtype, if a backend does not keep that. */
  public static Bound program(List<Operator> operators) {
    double sum = 0;
    boolean blocks = false;
    for (Operator operator : operators) {
      sum += switch (operator) {
        case Matmul matmul -> matmul(matmul.w().dtype()).nmse();
        case Attention attention -> ATTENTION + operator.cache().map(cache -> squared(cache.spec().dtype())).orElse(0.0);
        default -> NORM.nmse();
      };
      sum += operator.writes().stream().mapToDouble(y -> y.dtype() == DType.F32 || y.dtype() == DType.I32 ? 0 : squared(y.dtype())).sum();
      blocks |= operator instanceof Matmul matmul && matmul.w().dtype().isBlock();
    }
    Bound bound = new Bound(GROWTH * sum, "twice the errors that its " + operators.size() + " operators may make by themselves, added up");
    return blocks ? bound.withAnyNonFinite() : bound;
  }

  private static double squared(DType dtype) {
    return 4 * step(dtype) * step(dtype);
  }

  /** The rounding of a dtype, as a share of a value: a neighbouring value may be the answer where the exact one lies near the middle. */
  static double step(DType dtype) {
    return switch (dtype) {
      case F16 -> 0x1p-11;
      case BF16 -> 0x1p-8;
      case F8_E4M3 -> 0x1p-4;
      case F8_E5M2 -> 0x1p-3;
      case Q8_0 -> 0x1p-7;
      default -> 0x1p-24;
    };
  }
}
