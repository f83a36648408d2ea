package dev.gatun.cpu.format;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.DType;
import dev.gatun.tck.oracle.Formats;
import dev.gatun.tck.oracle.Nmse;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The search for scales against that of ggml 0.18.0 (llama.cpp b10249), and against what it cannot do better than. */
class SuperBlockFitTest {
  private static final int NUMBERS = 256 * 64;

  /** The NMSE is what {@code quantize_row_*_ref} and {@code dequantize_row_*} give for the same numbers. */
  @ParameterizedTest
  @CsvSource({
    "Q2_K, NEAR, 8.2020e-02", "Q2_K, CUBED, 1.6300e-01", "Q2_K, FLAT, 5.4563e-02", "Q2_K, POSITIVE, 3.2138e-02", "Q2_K, OUTLIERS, 6.4372e-02",
    "Q3_K, NEAR, 2.1023e-02", "Q3_K, CUBED, 2.4983e-02", "Q3_K, FLAT, 1.5671e-02", "Q3_K, POSITIVE, 1.9307e-02", "Q3_K, OUTLIERS, 2.4792e-02",
    "Q4_K, NEAR, 4.6875e-03", "Q4_K, CUBED, 7.7502e-03", "Q4_K, FLAT, 3.0032e-03", "Q4_K, POSITIVE, 1.5847e-03", "Q4_K, OUTLIERS, 9.5130e-03",
    "Q5_K, NEAR, 1.1813e-03", "Q5_K, CUBED, 2.2929e-03", "Q5_K, FLAT, 7.7777e-04", "Q5_K, POSITIVE, 3.8396e-04", "Q5_K, OUTLIERS, 2.3308e-03",
    "Q6_K, NEAR, 2.8597e-04", "Q6_K, CUBED, 5.6280e-04", "Q6_K, FLAT, 1.7757e-04", "Q6_K, POSITIVE, 2.8545e-04", "Q6_K, OUTLIERS, 9.8203e-04"})
  void isNoFartherThanGgmls(DType type, Spread spread, double ggml) {
    double[] values = spread.numbers();
    assertThat(Nmse.of(values, rounded(type, values))).isLessThan(ggml).isGreaterThan(ggml / 4);
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"})
  void whatTheTypeHoldsIsKept(DType type) {
    double[] coarse = new double[512];
    for (int i = 0; i < coarse.length; i++) {
      // Four codes with two scales, one of them with the opposite sign.
      coarse[i] = (i / 64 % 2 == 0 ? 0.5 : -1.0) * (i % 4 == 3 ? -1 : i % 3 - 1);
    }
    double[] stored = rounded(type, coarse);
    double bound = type == DType.Q2_K ? 0.2 : 0.035;
    for (int i = 0; i < coarse.length; i++) {
      assertThat(Math.abs(stored[i] - coarse[i])).as("element %d", i).isLessThan(bound);
    }
    assertThat(rounded(type, new double[256])).containsOnly(0.0);
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"})
  void magnitudesThatF16ScalesDoNotReachStayFinite(DType type) {
    for (double size : new double[] {1e38, 1e20, 1e-20, 1e-44}) {
      double[] values = Arrays.stream(Spread.NEAR.numbers()).limit(512).map(value -> (float) (value * size)).toArray();
      assertThat(rounded(type, values)).as("%s", size).doesNotContain(Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY);
    }
  }

  @Test
  void aConstantBlockIsItsConstant() {
    double[] values = new double[256];
    for (double constant : new double[] {-0.375, 0.75}) {
      Arrays.fill(values, constant);
      for (DType type : new DType[] {DType.Q2_K, DType.Q3_K, DType.Q4_K, DType.Q5_K, DType.Q6_K}) {
        assertThat(Nmse.of(values, rounded(type, values))).as("%s of %s", type, constant).isLessThan(1e-6);
      }
    }
  }

  private static double[] rounded(DType type, double[] values) {
    MemorySegment out = MemorySegment.ofArray(new byte[(int) type.bytes(values.length)]);
    Quantizer.of(type).row(Formats.encoded(DType.F32, values), 0, out, 0, values.length);
    return Formats.decode(type, out, 0, values.length);
  }

  /** How numbers are spread; the generator is Knuth's linear congruential one. */
  private enum Spread {
    NEAR,
    CUBED,
    FLAT,
    POSITIVE,
    OUTLIERS;

    double[] numbers() {
      long[] state = {switch (this) {
        case NEAR, CUBED -> 1;
        case FLAT -> 2;
        case POSITIVE -> 3;
        case OUTLIERS -> 4;
      }};
      double[] values = new double[NUMBERS];
      for (int i = 0; i < NUMBERS; i++) {
        double value = this == FLAT ? (next(state) >>> 7) * 0x1p-23 - 1 : near(state);
        values[i] = (float) switch (this) {
          case NEAR, FLAT -> value;
          case CUBED -> value * value * value;
          case POSITIVE -> Math.abs(value);
          case OUTLIERS -> i % 128 == 5 ? 20 * value : value;
        };
      }
      return values;
    }

    private static long next(long[] state) {
      state[0] = state[0] * 6364136223846793005L + 1442695040888963407L;
      return state[0] >>> 33;
    }

    private static double near(long[] state) {
      long sum = 0;
      for (int i = 0; i < 4; i++) {
        sum += next(state) >>> 11;
      }
      return (sum - (1 << 21)) * 0x1p-20;
    }
  }
}
