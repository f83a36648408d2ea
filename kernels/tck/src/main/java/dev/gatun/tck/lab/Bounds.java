package dev.gatun.tck.lab;

import dev.gatun.Attention;
import dev.gatun.DType;
import dev.gatun.Gelu;
import dev.gatun.GeluMul;
import dev.gatun.GroupedMatmul;
import dev.gatun.Kv;
import dev.gatun.Matmul;
import dev.gatun.MlaAttention;
import dev.gatun.Operator;
import dev.gatun.SiluMul;
import dev.gatun.Softcap;
import dev.gatun.Softmax;
import java.util.List;

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
  public static final Bound ELEMENTWISE = new Bound(1e-13,
      "a few F32 operations an element, each off by 2^-24 of itself at most, or by 2^-22, as a fast division is, which gives 5.7e-14");

  /** A sum of squares over a row, and a square root. */
  public static final Bound NORM = new Bound(1e-11,
      "a sum over the row in F32, one element after the other: off by up to sqrt(N)·2^-24 of itself, which gives 3e-13 at 16,384");

  /** Exponentials and their sum. */
  public static final Bound SOFTMAX = new Bound(1e-6, "exponentials of F32 differences as fast units give them, off by 2^-11 of themselves at most");

  /** The experts of a token and what they weigh; of another expert the error would be far above it. */
  public static final Bound ROUTE = new Bound(1e-11, "exponentials in F32 off by a few units of the last place, and a sum over the experts, which gives 1e-13");

  /** Angles and what is turned by them. */
  public static final Bound ROPE = new Bound(1e-10, "angles off by 1e-6 of a turn at most give (2π·1e-6)^2 = 4e-11");

  private static final Bound ATTENTION_F32 =
      new Bound(1e-8, "F32 throughout gives 1e-13 to 1e-11, rounding of operands to the 11 bits of TF32 2e-7").withAnyNonFinite();
  private static final Bound ATTENTION_F16 =
      new Bound(2e-6, "queries and weights may be rounded to the 11 bits of the keys' F16, which gives 1e-7").withAnyNonFinite();
  private static final Bound ATTENTION_BF16 =
      new Bound(5e-5, "queries and weights may be rounded to the 8 bits of BF16, which gives 4e-6").withAnyNonFinite();
  private static final Bound ATTENTION_Q8 =
      new Bound(1e-4, "queries, weights, and what the blocks stand for may be rounded to BF16, which gives 1e-5").withAnyNonFinite();

  /** Tanh and the logistic function where a backend may take them of its fast units. */
  public static final Bound ACTIVATION = new Bound(4e-7,
      "tanh and exponentials as fast units give them, off by 2^-11 of themselves at most, which is 2.4e-7");

  private static final Bound GELU_TANH = new Bound(2e-7, "tanh as fast units give it, off by 2^-11 of itself at most, which gives 1.2e-7");
  private static final Bound GELU_ERF =
      new Bound(1e-12, "erf in F32 by a polynomial good to 1.5e-7 gives 1e-14 to 5e-14; the form by tanh, 4e-8 away, is told from it");


  private static final Bound SCALED = new Bound(2e-3, "activations may be rounded to the 4 bits of F8_E4M3 with a scale for 128 elements, which gives 7e-4; rounding to those 3 of E5M2 gives 2.7e-3")
      .withAnyNonFinite();

  /** What a fast tanh is off by, as a share of itself. */
  private static final double FAST = 0x1p-11;

  /** By how much errors may grow on their way through a program: a gated unit multiplies two results that are both off. */
  private static final double GROWTH = 2;

  private Bounds() {}

  /** Of an attention with queries of one type over keys and values of another. */
  public static Bound attention(DType q, DType keys) {
    return switch (keys) {
      case F32 -> ATTENTION_F32;
      case F16 -> q == DType.BF16 ? ATTENTION_BF16 : ATTENTION_F16;
      case Q8_0 -> ATTENTION_Q8;
      // Floats of 8 bits are exact in BF16, which therefore may be what they are multiplied as.
      default -> ATTENTION_BF16;
    };
  }

  /**
   * Of an attention whose scores are capped, which may take tanh of a fast unit: off by 2^-11 of itself, and so are the scores. A weight is
   * then off by as much of itself as its score is, and the result by no more than the weights, whose errors it averages.
   *
   * @param score how large capped scores are, at most the soft cap; 0 where there is none
   */
  public static Bound attention(DType q, DType keys, double score) {
    Bound bound = attention(q, keys);
    double off = score * FAST;
    return score == 0 ? bound : new Bound(bound.nmse() + off * off, bound.reason() + "; a tanh off by 2^-11 puts scores of " + (float) score
        + " off by " + (float) off + ", and the weights by as much of themselves").withAnyNonFinite();
  }

  /**
   * Of a latent attention: of an attention over rows of the cache's type, and of the products before and after it. Where queries and weights may be rounded, so may keys
   * and values that are made, and what they are made by: five roundings for two, which give 2.7 times the error where all numbers are drawn at random.
   */
  public static Bound mla(MlaAttention operator) {
    Bound attention = attention(operator.qNope().dtype(), operator.latents().cache().spec().dtype());
    Bound keys = matmul(operator.up().keys().dtype());
    Bound values = matmul(operator.up().values().dtype());
    boolean rounded = operator.latents().cache().spec().dtype() != DType.F32;
    return new Bound((rounded ? 2 : 1) * attention.nmse() + keys.nmse() + values.nmse(), attention.reason()
        + (rounded ? ", and W_uk, W_uv, keys and values alike, which gives 3 times as much" : "") + "; W_uk and W_uv: " + values.reason()).withAnyNonFinite();
  }

  /** Of {@link dev.gatun.Gelu} in one of its forms. */
  public static Bound gelu(Gelu.Form form) {
    return form == Gelu.Form.TANH ? GELU_TANH : GELU_ERF;
  }

  /**
   * Of a draw from a row: how far from its interval an id may be drawn, as a share of the whole.
   *
   * @param n the row's elements
   * @param steepness its largest |logit| / temperature, whose rounding is that of an exponent
   */
  public static Bound draw(int n, double steepness) {
    return new Bound(0x1p-20 + n * 0x1p-30 + steepness * 0x1p-23,
        "exponentials in F32 and their running sums, one element after the other, which lose up to 4e-10 an element where all are alike");
  }

  /**
   * Of a layer norm.
   *
   * @param n the row's elements
   * @param steepness |mean| / sqrt(variance + eps): the mean is taken out in F32, and what is lost of it is magnified by this
   */
  public static Bound layerNorm(int n, double steepness) {
    double lost = steepness * Math.sqrt(n) * 0x1p-24;
    return new Bound(NORM.nmse() + lost * lost, "sums over the row in F32; what they lose of a mean " + (float) steepness
        + " times the deviation, about sqrt(N)·2^-24 of it, is magnified by as much");
  }

  /**
   * Of a product with weights of a type.
   *
   * <p>Only the activations of a block-quantized weight may be rounded, to 8 bits; every other product is of the operands as they are, summed in F32. A tensor
   * unit without F32 operands keeps them by taking each as the sum of two BF16, which leaves off what lies under 2^-16 of it. One BF16, F16 or TF32 is not the
   * operand: the error is then 2e-8 or more.
   */
  public static Bound matmul(DType weight) {
    return weight.isBlock()
        ? new Bound(5e-4, "activations may be rounded to 8 bits per block of 32, which gives 3e-5, and 1.7e-4 where one element of a block"
            + " outweighs all others").withAnyNonFinite()
        : new Bound(1e-9, "operands as they are, which as the sum of two BF16 they are to 2^-16: up to 2e-11; summed in F32: up to 1e-12");
  }

  /**
   * Of a product whose weight has a scale, or as {@link #matmul(DType)} without one.
   *
   * <p>Activations may be rounded to F8_E4M3, with a scale for 128 elements of a row. That takes up to 2^-4 of an element, 2.6e-2 of it in the middle, however small it is beside its
   * neighbours, down to 2^-14 of the largest of them.
   */
  public static Bound matmul(Matmul operator) {
    return operator.scale().isEmpty() ? matmul(operator.w().dtype()) : SCALED;
  }

  /** Of a sum of gated products, or of products, with experts' weights: as near as {@link #matmul(DType)} has it. */
  public static Bound groupedMatmul(GroupedMatmul operator) {
    return matmul(operator.w().dtype());
  }

  /** Of what a program leaves: the errors of its operators added up, and the roundings of what lies between them to its dtype, if a backend does not keep that. */
  public static Bound program(List<Operator> operators) {
    double sum = 0;
    boolean blocks = false;
    for (Operator operator : operators) {
      sum += switch (operator) {
        case Matmul matmul -> matmul(matmul).nmse();
        case GroupedMatmul grouped -> groupedMatmul(grouped).nmse();
        case Attention attention -> switch (attention.kv()) {
          case Kv.Paged paged -> attention(attention.q().dtype(), paged.cache().spec().dtype()).nmse() + squared(paged.cache().spec().dtype());
          case Kv.Dense dense -> attention(attention.q().dtype(), dense.k().dtype()).nmse();
        };
        case MlaAttention attention -> mla(attention).nmse() + squared(attention.latents().cache().spec().dtype());
        case GeluMul _ -> ACTIVATION.nmse();
        case Gelu _ -> ACTIVATION.nmse();
        case Softcap _ -> ACTIVATION.nmse();
        case SiluMul _ -> ACTIVATION.nmse();
        case Softmax _ -> SOFTMAX.nmse();
        default -> NORM.nmse();
      };
      sum += operator.writes().stream().mapToDouble(y -> y.dtype() == DType.F32 || y.dtype() == DType.I32 ? 0 : squared(y.dtype())).sum();
      blocks |= operator instanceof Matmul matmul && (matmul.w().dtype().isBlock() || matmul.scale().isPresent()) || operator instanceof GroupedMatmul grouped && grouped.w().dtype().isBlock();
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
