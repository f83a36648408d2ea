package dev.gatun.cpu.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RowMathTest {
  private static final int N = 516;

  private final MemorySegment x = Arena.ofAuto().allocate(4L * 4 * N, 64);
  private final MemorySegment y = Arena.ofAuto().allocate(4L * 6 * N, 64);

  RowMathTest() {
    for (int i = 0; i < 4 * N; i++) {
      x.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) (6 * Math.sin(i * 0.7)));
    }
  }

  private int[] everything(RowMath math) {
    long row = 4L * N;
    y.fill((byte) 0);
    y.setAtIndex(ValueLayout.JAVA_FLOAT, 0, math.exp(x, 0, 1, 0.9f, y, row, N - 1));
    y.setAtIndex(ValueLayout.JAVA_FLOAT, 1, math.dot(x, 0, x, row, N));
    y.setAtIndex(ValueLayout.JAVA_FLOAT, 2, math.rmsFactor(x, 4, 1e-5f, N));
    math.dots(x, 0, row / 4, 3, x, row / 2, row / 2, 5, N / 2, 0.3f, y, 16, 32);
    math.softcap(x, 0, 3, y, 2 * row, N);
    math.geluTanh(x, 0, y, 3 * row, N);
    math.siluMul(x, 0, x, row, y, 4 * row, N);
    math.accumulate(x, row, row / 8 / 4 * 4, 3, 7, x, 0, row / 4, y, 5 * row, 140, 35);
    return y.toArray(ValueLayout.JAVA_INT);
  }

  /** The first run is interpreted; whichever compiler has taken over by the last, its bits are the same. */
  @ParameterizedTest
  @EnumSource(Lanes.class)
  void interpretedAndCompiledLoopsGiveTheSameBits(Lanes lanes) {
    RowMath math = RowMath.of(lanes);
    int[] first = everything(math);
    for (int i = 0; i < 20_000; i++) {
      everything(math);
    }
    assertThat(everything(math)).containsExactly(first);
  }

  /** Whole rows in registers, rows of a few vectors and rests of vectors alike. */
  @ParameterizedTest
  @EnumSource(Lanes.class)
  void aProductIsTheSameWhateverIsAskedForBesideIt(Lanes lanes) {
    RowMath math = RowMath.of(lanes);
    long row = 4L * 130;
    for (int n : new int[] {7, 16, 32, 64, 80, 128, 130}) {
      for (int j = 0; j < 11; j++) {
        math.dots(x, 8, row, 1, x, j * row / 2 + 4, row / 2, 1, n, 0.3f, y, 4L * j, 0);
        double exact = 0;
        double magnitude = 0;
        for (int i = 0; i < n; i++) {
          double product = (double) x.get(ValueLayout.JAVA_FLOAT, 8 + 4L * i) * x.get(ValueLayout.JAVA_FLOAT, j * row / 2 + 4 + 4L * i);
          exact += product;
          magnitude += Math.abs(product);
        }
        assertThat((double) y.getAtIndex(ValueLayout.JAVA_FLOAT, j)).as("%s of %s", j, n).isCloseTo(0.3 * exact, offset(1e-6 * magnitude));
      }
      math.dots(x, 8, row, 2, x, 4, row / 2, 11, n, 0.3f, y, 64, 64);
      for (int j = 0; j < 11; j++) {
        assertThat(y.getAtIndex(ValueLayout.JAVA_INT, 16 + j)).as("%s of %s", j, n).isEqualTo(y.getAtIndex(ValueLayout.JAVA_INT, j));
      }
    }
  }

  /** Every two hundredth float between where the exponential leaves zero and where it overflows. */
  @Test
  void theVectorExponentialIsWithinTwoUlps() {
    RowMath math = RowMath.of(Lanes.VECTOR);
    int lanes = 64;
    float at = -87.3f;
    while (at < 88.7f) {
      for (int i = 0; i < lanes; i++) {
        x.setAtIndex(ValueLayout.JAVA_FLOAT, i, at);
        at += Math.max(Math.ulp(at) * 200, 1e-4f);
      }
      math.exp(x, 0, 0, 1, y, 0, lanes);
      for (int i = 0; i < lanes; i++) {
        float argument = x.getAtIndex(ValueLayout.JAVA_FLOAT, i);
        double wanted = Math.exp(argument);
        if (wanted < Float.MAX_VALUE) {
          assertThat((double) y.getAtIndex(ValueLayout.JAVA_FLOAT, i)).isBetween(wanted - 2 * Math.ulp((float) wanted),
              wanted + 2 * Math.ulp((float) wanted));
        }
      }
    }
  }

  @Test
  void theVectorExponentialKeepsItsEnds() {
    float[] arguments = {Float.NEGATIVE_INFINITY, -1e30f, -200, -88, 89, 1e30f, Float.POSITIVE_INFINITY, Float.NaN};
    for (int i = 0; i < 64; i++) {
      x.setAtIndex(ValueLayout.JAVA_FLOAT, i, arguments[i % 8]);
    }
    RowMath.of(Lanes.VECTOR).exp(x, 0, 0, 1, y, 0, 64);
    for (int i = 0; i < 64; i++) {
      float found = y.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      assertThat(Float.floatToIntBits(found)).isEqualTo(Float.floatToIntBits(i % 8 < 4 ? 0 : i % 8 < 7 ? Float.POSITIVE_INFINITY
          : Float.NaN));
    }
  }
}
