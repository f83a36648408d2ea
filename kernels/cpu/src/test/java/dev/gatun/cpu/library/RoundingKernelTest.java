package dev.gatun.cpu.library;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gatun.DType;
import dev.gatun.cpu.matmul.MatmulKernel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The products that round activations to 16 bits beside weights of 16. */
class RoundingKernelTest {
  @ParameterizedTest
  @CsvSource({"1, 37, 64", "2, 5, 33", "9, 70, 1025", "17, 33, 513", "23, 64, 2048", "1, 41, 8192", "1, 19, 8225"})
  void isTheProductOfTheRoundedActivations(int rows, int columns, int k) {
    Optional<MatmulKernel> found = NativeKernels.of(NativeKernels.AUTO).rounding(DType.BF16);
    assumeTrue(found.isPresent(), "no kernel multiplies BF16 by BF16 here");
    MatmulKernel kernel = found.orElseThrow();
    Random random = new Random(7L * rows + k);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment x = arena.allocate(4L * rows * k, 64);
      double[][] rounded = new double[rows][k];
      for (int i = 0; i < rows * k; i++) {
        float v = (float) random.nextGaussian();
        x.setAtIndex(ValueLayout.JAVA_FLOAT, i, v);
        rounded[i / k][i % k] = Math.rint(v * Math.scalb(1.0, 7 - Math.getExponent(v))) * Math.scalb(1.0, Math.getExponent(v) - 7);
      }
      MemorySegment w = arena.allocate(2L * columns * k, 64);
      double[][] weights = new double[columns][k];
      for (int i = 0; i < columns * k; i++) {
        short bits = (short) (Float.floatToRawIntBits((float) random.nextGaussian()) >>> 16);
        w.setAtIndex(ValueLayout.JAVA_SHORT, i, bits);
        weights[i / k][i % k] = Float.intBitsToFloat(bits << 16);
      }
      long row = kernel.activationBytes(k);
      MemorySegment act = arena.allocate(row * rows, 64);
      kernel.activate(x, 0, 4L * k, rows, k, act, 0, 0, rows);
      MemorySegment y = arena.allocate(4L * rows * columns, 64).fill((byte) 0xFF);
      int half = columns / 2;
      kernel.multiply(act, 0, row, rows, w, 0, 2L * k, k, 0, half, y, 0, 4L * columns);
      kernel.multiply(act, 0, row, rows, w, 0, 2L * k, k, half, columns, y, 0, 4L * columns);
      for (int r = 0; r < rows; r++) {
        for (int n = 0; n < columns; n++) {
          double sum = 0;
          double magnitude = 0;
          for (int i = 0; i < k; i++) {
            sum += rounded[r][i] * weights[n][i];
            magnitude += Math.abs(rounded[r][i] * weights[n][i]);
          }
          assertThat((double) y.getAtIndex(ValueLayout.JAVA_FLOAT, (long) r * columns + n)).as("row %d, column %d", r, n).isCloseTo(sum, within(4e-6 * magnitude));
        }
      }
    }
  }

  /** Weight rows are multiplied several at a time where rows are long. */
  @ParameterizedTest
  @CsvSource({"2048", "8192", "8225"})
  void aRowOfWeightsHasTheSameBitsInAnyCompany(int k) {
    Optional<MatmulKernel> found = NativeKernels.of(NativeKernels.AUTO).rounding(DType.BF16);
    assumeTrue(found.isPresent(), "no kernel multiplies BF16 by BF16 here");
    MatmulKernel kernel = found.orElseThrow();
    int columns = 19;
    Random random = new Random(k);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment x = arena.allocate(4L * k, 64);
      for (int i = 0; i < k; i++) {
        x.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian());
      }
      MemorySegment w = arena.allocate(2L * columns * k, 64);
      for (int i = 0; i < columns * k; i++) {
        w.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) (Float.floatToRawIntBits((float) random.nextGaussian()) >>> 16));
      }
      MemorySegment act = arena.allocate(kernel.activationBytes(k), 64);
      kernel.activate(x, 0, 4L * k, 1, k, act, 0, 0, 1);
      MemorySegment together = arena.allocate(4L * columns, 64);
      MemorySegment alone = arena.allocate(4L * columns, 64);
      kernel.multiply(act, 0, 0, 1, w, 0, 2L * k, k, 0, columns, together, 0, 0);
      for (int n = 0; n < columns; n++) {
        kernel.multiply(act, 0, 0, 1, w, 0, 2L * k, k, n, n + 1, alone, 0, 0);
      }
      assertThat(together.mismatch(alone)).isEqualTo(-1);
    }
  }

  private static List<NativeKernels> levels() {
    NativeKernels best = NativeKernels.of(NativeKernels.AUTO);
    assumeTrue(best.level().isPresent(), best::toString);
    return Arrays.stream(NativeLevel.values()).filter(level -> level.compareTo(best.level().orElseThrow()) <= 0)
        .map(level -> NativeKernels.of(level.label())).toList();
  }

  /** What F16 keeps of v: eleven bits, and never less than 2^-24. */
  private static double half(double v) {
    double unit = Math.scalb(1.0, Math.max(-24, v == 0 ? -24 : Math.getExponent(v) - 10));
    return Math.rint(v / unit) * unit;
  }

  @ParameterizedTest
  @CsvSource({"F16, 1, 37, 64, 1", "BF16, 1, 5, 33, 1e6", "F16, 7, 33, 513, 1e9", "BF16, 2, 16, 8192, 1e-12", "F16, 1, 3, 4097, 3e-39", "BF16, 8, 9, 200, 1"})
  void rowsRoundedToHalvesStayWithinThemWhateverTheirMagnitude(DType type, int rows, int columns, int k, float magnitude) {
    Random random = new Random(columns + 3L * k);
    for (NativeKernels kernels : levels()) {
      MatmulKernel kernel = kernels.halving(type).orElseThrow();
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment x = arena.allocate(4L * rows * k, 64);
        double[][] halves = new double[rows][k];
        for (int r = 0; r < rows; r++) {
          double largest = 0;
          for (int i = 0; i < k; i++) {
            float v = (float) random.nextGaussian() * magnitude * (1 << r);
            x.setAtIndex(ValueLayout.JAVA_FLOAT, r * k + i, v);
            largest = Math.max(largest, Math.abs(v));
          }
          double factor = Math.scalb(1.0, Math.max(-100, Math.getExponent((float) largest) - 14));
          for (int i = 0; i < k; i++) {
            halves[r][i] = half(x.getAtIndex(ValueLayout.JAVA_FLOAT, r * k + i) / factor) * factor;
          }
        }
        MemorySegment w = arena.allocate(2L * columns * k, 64);
        double[] weights = new double[columns * k];
        for (int i = 0; i < weights.length; i++) {
          float v = (float) random.nextGaussian();
          short bits = type == DType.F16 ? Float.floatToFloat16(v) : (short) (Float.floatToRawIntBits(v) >>> 16);
          w.setAtIndex(ValueLayout.JAVA_SHORT, i, bits);
          weights[i] = type == DType.F16 ? Float.float16ToFloat(bits) : Float.intBitsToFloat(bits << 16);
        }
        long bytes = kernel.activationBytes(k);
        MemorySegment act = arena.allocate(bytes * rows, 64);
        kernel.activate(x, 0, 4L * k, rows, k, act, 0, 0, rows);
        MemorySegment y = arena.allocate(4L * rows * columns, 64).fill((byte) 0xFF);
        kernel.multiply(act, 0, bytes, rows, w, 0, 2L * k, k, 0, columns, y, 0, 4L * columns);
        MemorySegment alone = arena.allocate(4L * columns, 64);
        for (int r = 0; r < rows; r++) {
          kernel.multiply(act, r * bytes, bytes, 1, w, 0, 2L * k, k, 0, columns, alone, 0, 4L * columns);
          assertThat(alone.mismatch(y.asSlice(4L * r * columns, 4L * columns))).as("%s, row %d: the same bits alone", kernels, r).isEqualTo(-1);
          for (int n = 0; n < columns; n++) {
            double sum = 0;
            double size = 0;
            for (int i = 0; i < k; i++) {
              double product = halves[r][i] * weights[n * k + i];
              sum += product;
              size += Math.abs(product);
            }
            assertThat((double) y.getAtIndex(ValueLayout.JAVA_FLOAT, (long) r * columns + n)).as("%s, row %d, column %d", kernels, r, n)
                .isCloseTo(sum, within(4e-6 * size + Float.MIN_VALUE));
          }
        }
      }
    }
  }

  @Test
  void whatIsNotFiniteInARowOfHalvesStaysVisible() {
    for (NativeKernels kernels : levels()) {
      MatmulKernel kernel = kernels.halving(DType.F16).orElseThrow();
      for (float odd : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment x = arena.allocate(4L * 70, 64);
          x.setAtIndex(ValueLayout.JAVA_FLOAT, 67, odd);
          MemorySegment w = arena.allocate(2L * 70, 64);
          for (int i = 0; i < 70; i++) {
            w.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(1));
          }
          MemorySegment act = arena.allocate(kernel.activationBytes(70), 64);
          kernel.activate(x, 0, 280, 1, 70, act, 0, 0, 1);
          MemorySegment y = arena.allocate(4, 64);
          kernel.multiply(act, 0, kernel.activationBytes(70), 1, w, 0, 140, 70, 0, 1, y, 0, 4);
          assertThat(y.get(ValueLayout.JAVA_FLOAT, 0)).as("%s, %s", kernels, odd).isNotFinite();
        }
      }
    }
  }
}
