package dev.gatun.tck.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.DType;
import dev.gatun.tck.oracle.Formats;
import dev.gatun.tck.oracle.Inputs;
import dev.gatun.tck.oracle.Nmse;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Holds the bounds of attention to honest computations: an online softmax in F32, one key after the other, whose operands are rounded to what the bound's reason
 * says that they may be. A bound stands above the worst of them, and at most twenty times above.
 */
class AttentionBoundsTest {
  private static final double MOST_ABOVE = 20;

  /** What of an attention is rounded before it is multiplied. */
  private record Rounding(DoubleUnaryOperator query, DoubleUnaryOperator kept, DoubleUnaryOperator weight, DoubleUnaryOperator tanh) {
    Rounding(DoubleUnaryOperator query, DoubleUnaryOperator kept, DoubleUnaryOperator weight) {
      this(query, kept, weight, x -> x);
    }

    static Rounding none() {
      return new Rounding(x -> x, x -> x, x -> x);
    }

    static Rounding ofTanh(DoubleUnaryOperator tanh) {
      return new Rounding(x -> x, x -> x, x -> x, tanh);
    }

    static Rounding to(DType type) {
      DoubleUnaryOperator rounded = x -> Formats.rounded(type, x)[0];
      return new Rounding(rounded, rounded, rounded);
    }

    /** To 11 bits at the exponents of F32. */
    static Rounding tf32() {
      return new Rounding(Rounding::to11Bits, Rounding::to11Bits, Rounding::to11Bits);
    }

    static double to11Bits(double x) {
      return x == 0 ? 0 : Math.scalb(Math.rint(Math.scalb(x, 10 - Math.getExponent(x))), Math.getExponent(x) - 10);
    }

    /** Off by 2^-11 of it, now up and now down. */
    static double off(double x) {
      return x * (1 + (Long.bitCount(Double.doubleToLongBits(x)) % 2 == 0 ? 0x1p-11 : -0x1p-11));
    }
  }

  /** One query head over a context of normal numbers, a few times over. */
  private record Step(int context, int size, double scale, DType kept, double softcap) {
    static final int QUERIES = 6;

    Step(int context, int size, double scale, DType kept) {
      this(context, size, scale, kept, 0);
    }

    private double capped(double score, DoubleUnaryOperator tanh) {
      return softcap == 0 ? score : softcap * tanh.applyAsDouble(Math.tanh(score / softcap));
    }

    double[] row(String what, int which) {
      long seed = what.hashCode() * 31L + which;
      double[] row = Inputs.normal(seed, size, 1);
      return what.equals("q") ? row : Formats.rounded(kept, row);
    }

    /** The error of a computation in F32 against one in float64. */
    double error(Rounding rounding) {
      double[][] k = new double[context][];
      double[][] v = new double[context][];
      Arrays.setAll(k, j -> row("k", j));
      Arrays.setAll(v, j -> row("v", j));
      double[] expected = new double[QUERIES * size];
      double[] actual = new double[QUERIES * size];
      for (int i = 0; i < QUERIES; i++) {
        double[] q = row("q", i);
        System.arraycopy(exact(q, k, v), 0, expected, i * size, size);
        System.arraycopy(online(q, k, v, rounding), 0, actual, i * size, size);
      }
      return Nmse.of(expected, actual);
    }

    private double[] exact(double[] q, double[][] k, double[][] v) {
      double[] scores = new double[context];
      Arrays.setAll(scores, j -> capped(scale * dot(q, k[j]), x -> x));
      double largest = Arrays.stream(scores).max().orElseThrow();
      double sum = 0;
      double[] y = new double[size];
      for (int j = 0; j < context; j++) {
        double weight = Math.exp(scores[j] - largest);
        sum += weight;
        for (int i = 0; i < size; i++) {
          y[i] += weight * v[j][i];
        }
      }
      for (int i = 0; i < size; i++) {
        y[i] /= sum;
      }
      return y;
    }

    private static double dot(double[] a, double[] b) {
      double sum = 0;
      for (int i = 0; i < a.length; i++) {
        sum += a[i] * b[i];
      }
      return sum;
    }

    private double[] online(double[] q, double[][] k, double[][] v, Rounding rounding) {
      float largest = Float.NEGATIVE_INFINITY;
      float sum = 0;
      float[] y = new float[size];
      for (int j = 0; j < context; j++) {
        float dot = 0;
        for (int i = 0; i < size; i++) {
          dot += (float) rounding.query.applyAsDouble(q[i]) * (float) rounding.kept.applyAsDouble(k[j][i]);
        }
        float score = (float) capped((float) scale * dot, rounding.tanh);
        float next = Math.max(largest, score);
        float shrink = (float) Math.exp(largest - next);
        float weight = (float) Math.exp(score - next);
        sum = sum * shrink + weight;
        for (int i = 0; i < size; i++) {
          y[i] = y[i] * shrink + (float) rounding.weight.applyAsDouble(weight) * (float) rounding.kept.applyAsDouble(v[j][i]);
        }
        largest = next;
      }
      double[] result = new double[size];
      for (int i = 0; i < size; i++) {
        result[i] = y[i] / sum;
      }
      return result;
    }
  }

  /** The worst error of a computation over contexts and head sizes as the cases have them. */
  private static double worst(DType kept, Rounding rounding) {
    double worst = 0;
    for (int context : new int[] {2, 9, 20, 150, 700}) {
      for (int size : new int[] {16, 64, 128}) {
        if (size % kept.blockSize() == 0) {
          worst = Math.max(worst, new Step(context, size, 1 / Math.sqrt(size), kept).error(rounding));
        }
      }
    }
    return worst;
  }

  @ParameterizedTest
  @CsvSource({"F32, F16, F16", "F16, F16, F16", "BF16, F16, BF16", "F32, BF16, BF16", "BF16, BF16, BF16", "F32, F8_E4M3, BF16", "F32, F8_E5M2, BF16",
      "F32, Q8_0, BF16"})
  void aBoundIsASmallMultipleOfWhatTensorUnitsGive(DType q, DType kept, DType multiplied) {
    double error = worst(kept, Rounding.to(multiplied));
    double bound = Bounds.attention(q, kept).nmse();
    assertThat(bound).as("over the error of an honest computation").isGreaterThanOrEqualTo(error).isLessThanOrEqualTo(MOST_ABOVE * error);
  }

  @Test
  void overF32KeysNothingMayBeRounded() {
    double bound = Bounds.attention(DType.F32, DType.F32).nmse();
    assertThat(worst(DType.F32, Rounding.none())).as("F32 throughout").isLessThan(bound / 100);
    assertThat(new Step(4000, 64, 1 / 8.0, DType.F32).error(Rounding.none())).as("F32 over a long context").isLessThan(bound / 100);
    assertThat(new Step(40, 64, 3, DType.F32).error(Rounding.none())).as("F32 with scores far apart").isLessThan(bound / 10);
    assertThat(new Step(20, 64, 1 / 8.0, DType.F32).error(Rounding.tf32())).as("operands of 11 bits").isGreaterThan(bound);
    assertThat(worst(DType.F32, Rounding.to(DType.F16))).as("operands in F16").isGreaterThan(MOST_ABOVE * bound);
  }

  /** The worst error over F32 keys whose scores have the given deviation and are capped. */
  private static double worst(double softcap, double deviation, Rounding rounding) {
    double worst = 0;
    for (int context : new int[] {2, 9, 20, 150, 700}) {
      for (int size : new int[] {16, 24, 64, 96}) {
        worst = Math.max(worst, new Step(context, size, deviation / Math.sqrt(size), DType.F32, softcap).error(rounding));
      }
    }
    return worst;
  }

  @ParameterizedTest
  @CsvSource({"0.5, 1", "2, 1", "3, 1", "50, 1", "50, 2"})
  void aSoftCapMayTakeAFastTanh(double softcap, double deviation) {
    double bound = Bounds.attention(DType.F32, DType.F32, Math.min(softcap, 4 * deviation)).nmse();
    double error = worst(softcap, deviation, Rounding.ofTanh(Rounding::off));
    assertThat(bound).as("over the error of an honest computation").isGreaterThanOrEqualTo(error).isLessThanOrEqualTo(MOST_ABOVE * error);
    assertThat(worst(softcap, deviation, Rounding.ofTanh(Rounding::to11Bits))).as("tanh of 11 bits").isLessThanOrEqualTo(bound);
    assertThat(Bounds.attention(DType.F32, DType.F32, 0)).isEqualTo(Bounds.attention(DType.F32, DType.F32));
  }

  @Test
  void aCapThatIsLeftOutIsNotWithinItsBound() {
    assertThat(worst(3, 1, Rounding.ofTanh(x -> Math.clamp(x * (1 + 0x1p-5), -1, 1)))).as("tanh off by 2^-5")
        .isGreaterThan(Bounds.attention(DType.F32, DType.F32, 3).nmse());
  }

  @Test
  void a8BitProductIsNotWithinTheBoundOf8BitKeys() {
    double error = new Step(150, 64, 1 / 8.0, DType.F8_E4M3).error(Rounding.to(DType.F8_E4M3));
    assertThat(error).as("queries and weights of 4 bits").isGreaterThan(Bounds.attention(DType.F32, DType.F8_E4M3).nmse());
  }
}
