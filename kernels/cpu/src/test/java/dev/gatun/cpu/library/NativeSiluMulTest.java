package dev.gatun.cpu.library;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gatun.cpu.op.GatedUnit;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The gated unit in C against float64, at every level that this processor runs. */
class NativeSiluMulTest {
  private static final float[] EDGES = {0f, -0f, 1e-30f, -1e-30f, 87f, -87f, -87.4f, -89f, 100f, -100f, Float.MAX_VALUE, -Float.MAX_VALUE, Float.NaN,
      Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 1f};

  private static List<GatedUnit> units() {
    NativeKernels best = NativeKernels.of(NativeKernels.AUTO);
    assumeTrue(best.level().isPresent(), best::toString);
    return Arrays.stream(NativeLevel.values()).filter(level -> level.compareTo(best.level().orElseThrow()) <= 0)
        .map(level -> NativeKernels.of(level.label()).siluMul().orElseThrow()).toList();
  }

  private static MemorySegment floats(Arena arena, float[] values) {
    MemorySegment segment = arena.allocate(4L * values.length, 4);
    MemorySegment.copy(values, 0, segment, ValueLayout.JAVA_FLOAT, 0, values.length);
    return segment;
  }

  private static float[] run(GatedUnit unit, float[] gate, float[] up, int rows, int n, boolean inPlace) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment g = floats(arena, gate);
      MemorySegment u = floats(arena, up);
      MemorySegment y = inPlace ? g : arena.allocate(4L * gate.length, 4);
      long row = 4L * (gate.length / rows);
      unit.apply(g, 0, row, u, 0, row, y, 0, row, rows, n);
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
    for (GatedUnit unit : units()) {
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

  @Test
  void bitsOfAnElementDependOnNothingBesideIt() {
    Random random = new Random(9);
    float[] gate = new float[64];
    float[] up = new float[64];
    for (int i = 0; i < 64; i++) {
      gate[i] = (float) random.nextGaussian() * 4;
      up[i] = (float) random.nextGaussian();
    }
    for (GatedUnit unit : units()) {
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
    for (GatedUnit unit : units()) {
      float[] y = run(unit, gate, gate, 2, 19, true);
      for (int i = 0; i < y.length; i++) {
        assertThat(y[i] == 3).as("element %d", i).isEqualTo(i % 24 >= 19);
      }
    }
  }

  @Test
  void memoryThatIsTooSmallIsRefused() {
    for (GatedUnit unit : units()) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment small = arena.allocate(4 * 15);
        MemorySegment large = arena.allocate(4 * 16);
        MemorySegment heap = MemorySegment.ofArray(new float[16]);
        assertThatThrownBy(() -> unit.apply(large, 0, 64, small, 0, 64, large, 0, 64, 1, 16)).isInstanceOf(IndexOutOfBoundsException.class)
            .hasMessageContaining("of up");
        assertThatThrownBy(() -> unit.apply(large, 0, 32, large, 0, 32, large, 0, 32, 2, 9)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> unit.apply(large, 0, 64, large, 0, 64, large, 4, 64, 1, 16)).isInstanceOf(IndexOutOfBoundsException.class)
            .hasMessageContaining("of y");
        assertThatThrownBy(() -> unit.apply(heap, 0, 64, large, 0, 64, large, 0, 64, 1, 16)).isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("gate lies in a Java array");
      }
    }
  }
}
