package dev.gatun.cpu.library;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gatun.DType;
import dev.gatun.cpu.op.TileAttention;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A tile of an attention in C; what it makes of whole operators is held to the oracle by the conformance tests. */
class NativeAttentionTest {
  private static final int SIZE = 24;
  private static final int POSITIONS = 50;
  private static final int GROUP = 3;

  private static TileAttention attention(NativeLevel level) {
    NativeKernels best = NativeKernels.of(NativeKernels.AUTO);
    assumeTrue(best.level().filter(l -> l.compareTo(level) >= 0).isPresent(), () -> level.label() + ": " + best);
    return NativeKernels.of(level.label()).attention(DType.F32).orElseThrow();
  }

  /** The memory of a tile: queries, keys and values in one segment each, the rest in scratch memory. */
  private record Tile(MemorySegment q, MemorySegment keys, MemorySegment values, MemorySegment scratch) {
    static Tile random(Arena arena, long scratchBytes) {
      Random random = new Random(11);
      MemorySegment[] floats = {arena.allocate(4L * GROUP * SIZE, 64), arena.allocate(4L * POSITIONS * SIZE, 64), arena.allocate(4L * POSITIONS * SIZE, 64)};
      for (MemorySegment segment : floats) {
        for (long i = 0; i < segment.byteSize() / 4; i++) {
          segment.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian());
        }
      }
      MemorySegment scratch = arena.allocate(scratchBytes, 64);
      for (int row = 0; row < GROUP; row++) {
        scratch.set(ValueLayout.JAVA_FLOAT, 8L * row, Float.NEGATIVE_INFINITY);
      }
      return new Tile(floats[0], floats[1], floats[2], scratch);
    }

    void attend(TileAttention attention, int first, int end, int count, long keyOffset) {
      scratch.set(ValueLayout.JAVA_INT, BOUNDS, first);
      scratch.set(ValueLayout.JAVA_INT, BOUNDS + 4, end);
      attention.attend(q, 0, 0, 4L * SIZE, 1, GROUP, keys, keyOffset, 4L * SIZE, SIZE, values, 0, 4L * SIZE, SIZE, count, 0.3f, scratch, 0, 0, SUMS, 4L * SIZE,
          BOUNDS, WORK);
    }
  }

  private static final long SUMS = 64;
  private static final long BOUNDS = SUMS + 4L * GROUP * SIZE;
  private static final long WORK = BOUNDS + 64;

  @ParameterizedTest
  @EnumSource(NativeLevel.class)
  void sumsTheValuesThatAreSeenByTheSoftmaxOfTheirScores(NativeLevel level) {
    TileAttention attention = attention(level);
    try (Arena arena = Arena.ofConfined()) {
      Tile tile = Tile.random(arena, WORK + attention.workBytes(SIZE, SIZE, 1, GROUP));
      int first = 5;
      int end = 43;
      // What is not seen may hold anything.
      tile.values.setAtIndex(ValueLayout.JAVA_FLOAT, 4L * SIZE, Float.NaN);
      tile.keys.setAtIndex(ValueLayout.JAVA_FLOAT, 43L * SIZE, Float.NaN);
      tile.attend(attention, first, 20, POSITIONS, 0);
      tile.attend(attention, 20, end, POSITIONS, 0);
      for (int g = 0; g < GROUP; g++) {
        double[] sums = new double[SIZE];
        double all = 0;
        for (int j = first; j < end; j++) {
          double score = 0;
          for (int i = 0; i < SIZE; i++) {
            score += (double) tile.q.getAtIndex(ValueLayout.JAVA_FLOAT, (long) g * SIZE + i) * tile.keys.getAtIndex(ValueLayout.JAVA_FLOAT, (long) j * SIZE + i);
          }
          double weight = Math.exp(0.3f * score);
          all += weight;
          for (int i = 0; i < SIZE; i++) {
            sums[i] += weight * tile.values.getAtIndex(ValueLayout.JAVA_FLOAT, (long) j * SIZE + i);
          }
        }
        float total = tile.scratch.get(ValueLayout.JAVA_FLOAT, 8L * g + 4);
        for (int i = 0; i < SIZE; i++) {
          assertThat((double) tile.scratch.get(ValueLayout.JAVA_FLOAT, SUMS + 4L * (g * SIZE + i)) / total).isCloseTo(sums[i] / all, within(3e-6));
        }
      }
    }
  }

  @Test
  void memoryThatIsNotThereIsNotRead() {
    TileAttention attention = attention(NativeLevel.AVX2);
    try (Arena arena = Arena.ofConfined()) {
      long work = attention.workBytes(SIZE, SIZE, 1, GROUP);
      assertThatThrownBy(() -> Tile.random(arena, WORK + work).attend(attention, 0, 64, POSITIONS + 1, 0)).isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessageContaining("attention_f32_avx2").hasMessageContaining("of keys");
      assertThatThrownBy(() -> Tile.random(arena, WORK + work).attend(attention, 0, 64, POSITIONS, 4)).isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> Tile.random(arena, WORK + work).attend(attention, 0, 64, POSITIONS, -4)).isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> Tile.random(arena, WORK + work - 1).attend(attention, 0, 64, POSITIONS, 0)).isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessageContaining("of work");
      MemorySegment heap = MemorySegment.ofArray(new float[GROUP * SIZE]);
      Tile tile = Tile.random(arena, WORK + work);
      assertThatThrownBy(() -> new Tile(heap, tile.keys, tile.values, tile.scratch).attend(attention, 0, 64, POSITIONS, 0))
          .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("Java array");
    }
  }

  @Test
  void typesWithoutAKernelHaveNone() {
    NativeKernels best = NativeKernels.of(NativeKernels.AUTO);
    assertThat(best.attention(DType.Q4_0)).isEqualTo(Optional.empty());
  }
}
