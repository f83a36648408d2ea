package dev.gatun.cpu.library;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gatun.DType;
import dev.gatun.cpu.format.Dequantizer;
import dev.gatun.cpu.op.Lanes;
import dev.gatun.cpu.op.RowMath;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The loops over rows in C against float64, at every level that this processor runs. */
class NativeRowMathTest {
  private static final float[] EDGES = {0f, -0f, 1e-30f, -1e-30f, 87f, -87f, -87.4f, -89f, 100f, -100f, Float.MAX_VALUE, -Float.MAX_VALUE, Float.NaN,
      Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 1f};

  private static List<RowMath> units() {
    NativeKernels best = NativeKernels.of(NativeKernels.AUTO);
    assumeTrue(best.level().isPresent(), best::toString);
    return Arrays.stream(NativeLevel.values()).filter(level -> level.compareTo(best.level().orElseThrow()) <= 0)
        .map(level -> NativeKernels.of(level.label()).rows(RowMath.of(Lanes.SCALAR))).toList();
  }

  private static MemorySegment floats(Arena arena, float[] values) {
    MemorySegment segment = arena.allocate(4L * values.length, 4);
    MemorySegment.copy(values, 0, segment, ValueLayout.JAVA_FLOAT, 0, values.length);
    return segment;
  }

  private static float[] run(RowMath unit, float[] gate, float[] up, int rows, int n, boolean inPlace) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment g = floats(arena, gate);
      MemorySegment u = floats(arena, up);
      MemorySegment y = inPlace ? g : arena.allocate(4L * gate.length, 4);
      long row = 4L * (gate.length / rows);
      unit.siluMulRows(g, 0, row, u, 0, row, y, 0, row, rows, n);
      return y.toArray(ValueLayout.JAVA_FLOAT);
    }
  }

  @Test
  void eachElementIsTheGatesSiluTimesUp() {
    Random random = new Random(8);
    float[] gate = new float[3 * 77];
    float[] up = new float[gate.length];
    for (int i = 0; i < gate.length; i++) {
      gate[i] = i < EDGES.length ? EDGES[i] : (float) (random.nextGaussian() * (i % 3 == 0 ? 30 : 2));
      up[i] = (float) random.nextGaussian();
    }
    for (RowMath unit : units()) {
      for (boolean inPlace : new boolean[] {false, true}) {
        float[] y = run(unit, gate, up, 3, 77, inPlace);
        for (int i = 0; i < y.length; i++) {
          double expected = gate[i] / (1 + Math.exp(-(double) gate[i])) * up[i];
          if (Double.isNaN(expected)) {
            assertThat(y[i]).as("silu(%s) * %s", gate[i], up[i]).isNaN();
          } else if (Double.isInfinite(expected)) {
            assertThat((double) y[i]).as("silu(%s) * %s", gate[i], up[i]).isEqualTo(expected);
          } else {
            // Below -87.34 the exponential counts as infinite or nearly so: what is lost is under 1e-36.
            assertThat(Math.abs(y[i] - expected)).as("silu(%s) * %s = %s", gate[i], up[i], y[i]).isLessThanOrEqualTo(1e-36 + 8e-7 * Math.abs(expected));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K"})
  void weightsAreTheFloatsThatJavaMakesOfThem(DType type) {
    Random random = new Random(type.ordinal());
    Dequantizer java = Dequantizer.of(type);
    for (RowMath unit : units()) {
      for (int n : new int[] {type.blockSize(), 3 * type.blockSize()}) {
        try (Arena arena = Arena.ofConfined()) {
          long row = type.bytes(n) + 6;
          byte[] bytes = new byte[(int) (4 * row)];
          random.nextBytes(bytes);
          MemorySegment w = arena.allocate(bytes.length);
          MemorySegment.copy(bytes, 0, w, ValueLayout.JAVA_BYTE, 0, bytes.length);
          MemorySegment expected = arena.allocate(4L * 3 * (n + 5), 4);
          MemorySegment found = arena.allocate(expected.byteSize(), 4);
          for (int r = 0; r < 3; r++) {
            java.row(w, 3 + r * row, expected, r * 4L * (n + 5), n);
          }
          unit.widen(java, w, 3, row, 3, found, 0, 4L * (n + 5), n);
          assertThat(found.mismatch(expected)).as("%s, rows of %d", type, n).isEqualTo(-1);
          assertThatThrownBy(() -> unit.widen(java, w, 3, row, 5, found, 0, 4L * (n + 5), n)).isInstanceOf(IndexOutOfBoundsException.class);
          assertThatThrownBy(() -> unit.widen(java, w, 3, row, 4, found, 0, 4L * (n + 5), n)).isInstanceOf(IndexOutOfBoundsException.class);
          assertThatThrownBy(() -> unit.widen(java, w, 3, row, 1, found, 0, 0, n - 1)).isInstanceOf(IllegalArgumentException.class);
        }
      }
    }
  }

  @Test
  void bitsOfAnElementDependOnNothingBesideIt() {
    Random random = new Random(9);
    float[] gate = new float[64];
    float[] up = new float[64];
    for (int i = 0; i < 64; i++) {
      gate[i] = (float) random.nextGaussian() * 4;
      up[i] = (float) random.nextGaussian();
    }
    for (RowMath unit : units()) {
      float[] whole = run(unit, gate, up, 1, 64, false);
      for (int n = 1; n < 64; n++) {
        assertThat(run(unit, Arrays.copyOf(gate, n), Arrays.copyOf(up, n), 1, n, false)).containsExactly(Arrays.copyOf(whole, n));
      }
    }
  }

  @Test
  void whatIsPastTheRowsStays() {
    float[] gate = new float[2 * 24];
    Arrays.fill(gate, 3);
    for (RowMath unit : units()) {
      float[] y = run(unit, gate, gate, 2, 19, true);
      for (int i = 0; i < y.length; i++) {
        assertThat(y[i] == 3).as("element %d", i).isEqualTo(i % 24 >= 19);
      }
    }
  }

  @Test
  void memoryThatIsTooSmallIsRefused() {
    for (RowMath unit : units()) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment small = arena.allocate(4 * 15);
        MemorySegment large = arena.allocate(4 * 16);
        MemorySegment heap = MemorySegment.ofArray(new float[16]);
        assertThatThrownBy(() -> unit.siluMulRows(large, 0, 64, small, 0, 64, large, 0, 64, 1, 16)).isInstanceOf(IndexOutOfBoundsException.class)
            .hasMessageContaining("of up");
        assertThatThrownBy(() -> unit.siluMulRows(large, 0, 32, large, 0, 32, large, 0, 32, 2, 9)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> unit.siluMulRows(large, 0, 64, large, 0, 64, large, 4, 64, 1, 16)).isInstanceOf(IndexOutOfBoundsException.class)
            .hasMessageContaining("of y");
        assertThatThrownBy(() -> unit.siluMulRows(heap, 0, 64, large, 0, 64, large, 0, 64, 1, 16)).isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("gate lies in a Java array");
      }
    }
  }

  private static float[] gaussian(long seed, int n, double deviation) {
    Random random = new Random(seed);
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) (random.nextGaussian() * deviation);
    }
    return values;
  }

  @Test
  void normsAreOfTheirOwnRowAndSumsOfTheirOwnElements() {
    for (RowMath math : units()) {
      for (int n : new int[] {1, 31, 32, 65, 2048}) {
        float[] x = gaussian(n, 3 * n, 4);
        float[] other = gaussian(n + 1, 3 * n, 1);
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment a = floats(arena, x);
          MemorySegment b = floats(arena, other);
          MemorySegment y = arena.allocate(12L * n, 4);
          math.rmsNormRows(a, 0, 4L * n, b, 0, 1e-5f, y, 0, 4L * n, 3, n);
          for (int r = 0; r < 3; r++) {
            double squares = 0;
            for (int i = 0; i < n; i++) {
              squares += (double) x[r * n + i] * x[r * n + i];
            }
            double factor = 1 / Math.sqrt(squares / n + 1e-5f);
            for (int i = 0; i < n; i++) {
              double expected = x[r * n + i] * factor * other[i];
              assertThat(Math.abs(y.getAtIndex(ValueLayout.JAVA_FLOAT, (long) r * n + i) - expected)).as("n %d, row %d, element %d", n, r, i)
                  .isLessThanOrEqualTo(1e-6 * Math.abs(expected));
            }
          }
          math.addRows(a, 0, 4L * n, b, 0, 4L * n, a, 0, 4L * n, 3, n);
          for (int i = 0; i < 3 * n; i++) {
            assertThat(a.getAtIndex(ValueLayout.JAVA_FLOAT, i)).isEqualTo(x[i] + other[i]);
          }
        }
      }
    }
  }

  @Test
  void rowsAreScaledByTheirOwnFactors() {
    float[] x = gaussian(3, 3 * 40, 1);
    float[] factors = {2, -1, 0.3f, 7, Float.NaN, 9};
    for (RowMath math : units()) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment y = arena.allocate(4L * x.length, 4);
        math.scaleRows(floats(arena, x), 0, 160, floats(arena, factors), 4, 8, y, 0, 160, 2, 37);
        for (int i = 0; i < x.length; i++) {
          float expected = i / 40 == 2 || i % 40 >= 37 ? 0 : x[i] * factors[2 * (i / 40) + 1];
          assertThat(y.getAtIndex(ValueLayout.JAVA_FLOAT, i)).as("element %d", i).isEqualTo(expected);
        }
      }
    }
  }

  @Test
  void pairsTurnAsTheyDoInJavaAndWhatFollowsThemIsCopied() {
    RowMath java = RowMath.of(Lanes.SCALAR);
    for (RowMath math : units()) {
      for (boolean interleaved : new boolean[] {false, true}) {
        for (int dims : new int[] {2, 10, 64, 128}) {
          int n = dims + 6;
          float[] x = gaussian(dims, 5 * n, 2);
          float[] table = gaussian(7, 2 * dims, 1);
          for (int i = 0; interleaved && i < dims; i += 2) {
            table[i + 1] = table[i];
            table[dims + i + 1] = -table[dims + i];
          }
          try (Arena arena = Arena.ofConfined()) {
            MemorySegment from = floats(arena, x);
            MemorySegment turns = floats(arena, table);
            MemorySegment wanted = arena.allocate(20L * n, 4);
            java.rotateRows(interleaved, from, 0, 4L * n, turns, 0, wanted, 0, 4L * n, 5, dims, n);
            MemorySegment y = arena.allocate(20L * n, 4);
            math.rotateRows(interleaved, from, 0, 4L * n, turns, 0, y, 0, 4L * n, 5, dims, n);
            math.rotateRows(interleaved, from, 0, 4L * n, turns, 0, from, 0, 4L * n, 5, dims, n);
            for (int i = 0; i < 5 * n; i++) {
              float expected = wanted.getAtIndex(ValueLayout.JAVA_FLOAT, i);
              assertThat(y.getAtIndex(ValueLayout.JAVA_FLOAT, i)).as("%s %d, element %d", interleaved, dims, i)
                  .isCloseTo(expected, within(1e-5f));
              assertThat(from.getAtIndex(ValueLayout.JAVA_FLOAT, i)).isEqualTo(y.getAtIndex(ValueLayout.JAVA_FLOAT, i));
            }
          }
        }
      }
    }
  }

  @Test
  void theLargestIsTheFirstOfItsKindAndNaNComesBeforeAll() {
    RowMath java = RowMath.of(Lanes.SCALAR);
    Random random = new Random(5);
    for (RowMath math : units()) {
      for (int round = 0; round < 400; round++) {
        int n = 1 + random.nextInt(150);
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
          x[i] = random.nextInt(20) - 10;
        }
        switch (round % 5) {
          case 1 -> x[random.nextInt(n)] = Float.NaN;
          case 2 -> x[random.nextInt(n)] = Float.POSITIVE_INFINITY;
          case 3 -> Arrays.fill(x, Float.NEGATIVE_INFINITY);
          default -> { }
        }
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment from = floats(arena, x);
          MemorySegment wanted = arena.allocate(16, 8);
          MemorySegment found = arena.allocate(16, 8);
          java.largest(from, 0, n, 100, wanted, 8);
          math.largest(from, 0, n, 100, found, 8);
          assertThat(found.get(ValueLayout.JAVA_INT, 12)).as("%s", Arrays.toString(x)).isEqualTo(wanted.get(ValueLayout.JAVA_INT, 12));
          assertThat(Float.compare(found.get(ValueLayout.JAVA_FLOAT, 8), wanted.get(ValueLayout.JAVA_FLOAT, 8))).isZero();
        }
      }
    }
  }
}
