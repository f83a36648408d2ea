package dev.gatun.tck.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.DType;
import dev.gatun.Matmul;
import dev.gatun.Tensor;
import dev.gatun.tck.oracle.Formats;
import dev.gatun.tck.oracle.Inputs;
import dev.gatun.tck.oracle.Nmse;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The bounds of products lie above what honest computations in the operands' own precision give, not far above, and below what a coarser one gives. */
class MatmulBoundsTest {
  private static final int ROWS = 6;
  private static final int COLUMNS = 24;
  private static final int BLOCK = 32;
  private static final List<Fill> FILLS = List.of(Fill.NORMAL, Fill.UNIFORM, Fill.OUTLIERS, Fill.WIDE, Fill.DENORMAL);

  /** How an activation reaches the sum; a row's elements to what takes their place. */
  private interface Rounding extends UnaryOperator<double[]> {}

  private static final Rounding AS_IT_IS = x -> x;

  /** The sum of two BF16, each with the bits under its own cut off. */
  private static final Rounding TWO_BF16 = x -> Arrays.stream(x).map(v -> cut((float) v, 16) + cut((float) (v - cut((float) v, 16)), 16)).toArray();

  private static final Rounding TF32 = x -> Arrays.stream(x).map(v -> nearest((float) v, 13)).toArray();
  private static final Rounding F16 = x -> Formats.rounded(DType.F16, x);
  private static final Rounding BF16 = x -> Formats.rounded(DType.BF16, x);

  private static float cut(float value, int bits) {
    return Float.intBitsToFloat(Float.floatToRawIntBits(value) & -(1 << bits));
  }

  private static float nearest(float value, int bits) {
    return Float.intBitsToFloat(Float.floatToRawIntBits(value) + (1 << bits - 1) & -(1 << bits));
  }

  /** To 8 bits with one scale for so many elements. */
  private static Rounding eightBits(int each) {
    return x -> {
      double[] rounded = new double[x.length];
      for (int from = 0; from < x.length; from += each) {
        int to = Math.min(x.length, from + each);
        float d = (float) Arrays.stream(x, from, to).map(Math::abs).max().orElse(0) / 127;
        for (int i = from; i < to; i++) {
          rounded[i] = d == 0 ? 0 : d * Math.rint((float) x[i] / d);
        }
      }
      return rounded;
    };
  }

  /** The error of products of rounded activations, each added to a sum in F32 after the other, against the same in float64 as they were. */
  private static double error(Fill fill, double[] w, int k, Rounding rounding) {
    double[] expected = new double[ROWS * COLUMNS];
    float[] actual = new float[ROWS * COLUMNS];
    for (int r = 0; r < ROWS; r++) {
      double[] x = fill.values(31 * r + 3, k);
      double[] taken = rounding.apply(x);
      for (int c = 0; c < COLUMNS; c++) {
        double exact = 0;
        float sum = 0;
        for (int i = 0; i < k; i++) {
          exact += x[i] * w[c * k + i];
          sum += (float) taken[i] * (float) w[c * k + i];
        }
        expected[r * COLUMNS + c] = exact;
        actual[r * COLUMNS + c] = sum;
      }
    }
    return Nmse.of(expected, actual);
  }

  /** Elements of a weight: near one another as a model's are, or every code and scale. */
  private static double[] weight(DType type, int k, boolean codes) {
    if (codes) {
      MemorySegment bytes = MemorySegment.ofArray(new byte[Math.toIntExact(type.bytes((long) COLUMNS * k))]);
      Inputs.fill(type, 17, bytes);
      return Formats.decode(type, bytes, 0, (long) COLUMNS * k);
    }
    return Formats.rounded(type, Inputs.normal(18, COLUMNS * k, 0.07));
  }

  private static double worst(DType type, int k, Rounding rounding) {
    return FILLS.stream().mapToDouble(fill -> Math.max(error(fill, weight(type, k, false), k, rounding), error(fill, weight(type, k, true), k, rounding)))
        .max().orElseThrow();
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"})
  void aSumInF32OfOperandsAsTheyAreIsWellWithinItsBound(DType type) {
    double bound = Bounds.matmul(type).nmse();
    for (int k : new int[] {77, 2048, 14336}) {
      assertThat(worst(type, k, AS_IT_IS)).as("k=%s", k).isLessThan(bound / 100);
    }
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"})
  void operandsAsTwoBf16AreWithinTheBoundWhichIsNotFarAboveThem(DType type) {
    double bound = Bounds.matmul(type).nmse();
    double honest = Math.max(worst(type, 77, TWO_BF16), worst(type, 2048, TWO_BF16));
    assertThat(honest).isLessThan(bound / 5).isGreaterThan(bound / 200);
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"})
  void operandsRoundedToTf32OrLessAreOutsideTheBound(DType type) {
    double bound = Bounds.matmul(type).nmse();
    for (Rounding coarse : List.of(TF32, F16, BF16)) {
      for (Fill fill : List.of(Fill.NORMAL, Fill.OUTLIERS)) {
        assertThat(error(fill, weight(type, 256, false), 256, coarse)).isGreaterThan(5 * bound);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "MXFP4", "IQ4_XS", "TQ1_0", "TQ2_0"})
  void activationsRoundedToEightBitsABlockAreWithinTheBound(DType type) {
    double bound = Bounds.matmul(type).nmse();
    for (int k : new int[] {type.blockSize(), 2048}) {
      assertThat(worst(type, k, eightBits(BLOCK))).as("k=%s", k).isLessThan(bound);
    }
  }

  @Test
  void theBoundOfBlockTypesIsNotFarAboveActivationsWithOutliers() {
    double bound = Bounds.matmul(DType.Q4_0).nmse();
    double usual = error(Fill.NORMAL, weight(DType.Q4_0, 2048, false), 2048, eightBits(BLOCK));
    double outliers = error(Fill.OUTLIERS, weight(DType.Q4_0, 2048, false), 2048, eightBits(BLOCK));
    assertThat(outliers).isGreaterThan(bound / 25);
    assertThat(usual).isBetween(1e-5, 5e-5);
  }

  @ParameterizedTest
  @ValueSource(ints = {BLOCK, 2 * BLOCK, 64 * BLOCK})
  void oneElementThatOutweighsItsBlockCostsAThirdOfTheBound(int k) {
    double bound = Bounds.matmul(DType.Q4_0).nmse();
    double[] w = weight(DType.Q4_0, k, false);
    double[] expected = new double[COLUMNS * ROWS];
    float[] actual = new float[COLUMNS * ROWS];
    for (int r = 0; r < ROWS; r++) {
      // The rounding of the others is as large as it can be when they are spread over a few steps of it.
      double[] x = Inputs.uniform(r, k, -0.05, 0.05);
      for (int at = r; at < k; at += BLOCK) {
        x[at] = 1;
      }
      double[] taken = eightBits(BLOCK).apply(x);
      for (int c = 0; c < COLUMNS; c++) {
        for (int i = 0; i < k; i++) {
          expected[r * COLUMNS + c] += x[i] * w[c * k + i];
          actual[r * COLUMNS + c] += (float) (taken[i] * w[c * k + i]);
        }
      }
    }
    assertThat(Nmse.of(expected, actual)).isBetween(bound / 6, bound / 1.5);
  }

  @Test
  void oneScaleForAWholeRowOrFewerBitsAreOutsideTheBound() {
    double bound = Bounds.matmul(DType.Q4_0).nmse();
    double[] w = weight(DType.Q4_0, 2048, false);
    assertThat(error(Fill.OUTLIERS, w, 2048, eightBits(2048))).isGreaterThan(2 * bound);
    Rounding fourBits = x -> Formats.rounded(DType.Q4_0, x);
    assertThat(error(Fill.NORMAL, w, 2048, fourBits)).isGreaterThan(2 * bound);
  }

  /** To an 8-bit float with one scale for so many elements, the largest of which becomes {@code largest}. */
  private static Rounding scaledTo(DType type, double largest, int each) {
    return x -> {
      double[] rounded = new double[x.length];
      for (int from = 0; from < x.length; from += each) {
        int to = Math.min(x.length, from + each);
        float s = (float) Math.max(0x1p-126, Arrays.stream(x, from, to).map(Math::abs).max().orElse(0) / largest);
        double[] codes = Formats.rounded(type, Arrays.stream(x, from, to).map(v -> (float) v / s).toArray());
        for (int i = from; i < to; i++) {
          rounded[i] = s * codes[i - from];
        }
      }
      return rounded;
    };
  }

  private static double scaledBound(DType type) {
    Tensor w = Tensor.ofHost(MemorySegment.ofArray(new byte[128]), type, 1, 128);
    Tensor one = Tensor.ofHost(MemorySegment.ofArray(new float[1]), DType.F32, 1);
    return Bounds.matmul(new Matmul(Tensor.ofHost(MemorySegment.ofArray(new float[128]), DType.F32, 1, 128), w, Optional.of(one), Optional.empty(),
        Tensor.ofHost(MemorySegment.ofArray(new float[1]), DType.F32, 1, 1))).nmse();
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F8_E4M3", "F8_E5M2"})
  void activationsRoundedToE4m3AreWithinTheBoundOfScaledWeights(DType type) {
    for (int k : new int[] {77, 128, 2048}) {
      assertThat(worst(type, k, scaledTo(DType.F8_E4M3, 448, 128))).as("k=%s", k).isBetween(scaledBound(type) / 5, scaledBound(type));
    }
  }

  @Test
  void activationsRoundedToE5m2AreOutsideTheBoundOfScaledWeights() {
    for (Fill fill : List.of(Fill.NORMAL, Fill.UNIFORM)) {
      double mean = IntStream.range(0, 16).mapToObj(i -> Formats.rounded(DType.F8_E4M3, Inputs.normal(i, COLUMNS * 2048, 1)))
          .mapToDouble(w -> error(fill, w, 2048, scaledTo(DType.F8_E5M2, 57344, 128))).average().orElseThrow();
      assertThat(mean).isGreaterThan(scaledBound(DType.F8_E4M3));
    }
  }
}
