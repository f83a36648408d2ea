package dev.gatun.cpu.library;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gatun.DType;
import dev.gatun.cpu.matmul.MatmulKernel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The product that rounds activations to BF16 beside weights of that type. */
class RoundingKernelTest {
  @ParameterizedTest
  @CsvSource({"1, 37, 64", "2, 5, 33", "9, 70, 1025", "17, 33, 513", "23, 64, 2048"})
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
}
