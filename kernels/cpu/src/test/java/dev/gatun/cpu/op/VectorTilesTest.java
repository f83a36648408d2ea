package dev.gatun.cpu.op;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.gatun.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tiles of an attention, against sums in double precision; what becomes of whole operators is held to the oracle by the conformance tests. */
class VectorTilesTest {
  private static final float SCALE = 0.3f;
  private static final long SUMS = 4096;

  /** An attention of some tokens whose memory is the test's own. */
  private record Case(int tokens, int group, int keySize, int valueSize, int positions, float[] q, float[] keys, float[] values) {
    static Case random(int tokens, int group, int keySize, int valueSize, int positions) {
      Random random = new Random(17);
      return new Case(tokens, group, keySize, valueSize, positions, floats(random, tokens * group * keySize), floats(random, positions * keySize),
          floats(random, positions * valueSize));
    }

    private static float[] floats(Random random, int count) {
      float[] values = new float[count];
      for (int i = 0; i < count; i++) {
        values[i] = (float) random.nextGaussian();
      }
      return values;
    }

    TileAttention attention() {
      return VectorTiles.of(new AttentionShape(100, group, 1, keySize, valueSize, DType.F32, DType.F32, DType.F32, positions, false, 0)).orElseThrow();
    }

    /** Token t sees positions [first, positions − tokens + t + 1), in tiles of at most 64; its rows follow each other, each divided by the sum of its weights. */
    float[] attend(Arena arena, int first, MemorySegment k, MemorySegment v) {
      TileAttention attention = attention();
      int rows = tokens * group;
      long bounds = SUMS + 4L * rows * valueSize;
      long work = Scratch.align(bounds + 8L * tokens);
      MemorySegment scratch = arena.allocate(work + attention.workBytes(keySize, valueSize, tokens, group), 64);
      for (int row = 0; row < rows; row++) {
        scratch.set(JAVA_FLOAT, 8L * row, Float.NEGATIVE_INFINITY);
      }
      MemorySegment queries = arena.allocateFrom(JAVA_FLOAT, q);
      long token = 4L * group * keySize;
      attention.begin(queries, 0, token, 4L * keySize, tokens, group, keySize, valueSize, scratch, work);
      for (int from = 0; from < positions; from += 64) {
        for (int t = 0; t < tokens; t++) {
          scratch.set(JAVA_INT, bounds + 8L * t, first - from);
          scratch.set(JAVA_INT, bounds + 8L * t + 4, end(t) - from);
        }
        attention.attend(queries, 0, token, 4L * keySize, tokens, group, k, 4L * from * keySize, 4L * keySize, keySize, v, 4L * from * valueSize, 4L * valueSize,
            valueSize, Math.min(64, positions - from), SCALE, scratch, 0, 0, SUMS, 4L * valueSize, bounds, work);
      }
      float[] result = new float[rows * valueSize];
      for (int i = 0; i < result.length; i++) {
        result[i] = scratch.get(JAVA_FLOAT, SUMS + 4L * i) / scratch.get(JAVA_FLOAT, 8L * (i / valueSize) + 4);
      }
      return result;
    }

    float[] attend(int first) {
      try (Arena arena = Arena.ofConfined()) {
        return attend(arena, first, arena.allocateFrom(JAVA_FLOAT, keys), arena.allocateFrom(JAVA_FLOAT, values));
      }
    }

    private int end(int token) {
      return positions - tokens + token + 1;
    }

    double[] expected(int row, int first) {
      double[] sums = new double[valueSize];
      double all = 0;
      for (int j = first; j < end(row / group); j++) {
        double score = 0;
        for (int i = 0; i < keySize; i++) {
          score += (double) q[row * keySize + i] * keys[j * keySize + i];
        }
        double weight = Math.exp(SCALE * score);
        all += weight;
        for (int i = 0; i < valueSize; i++) {
          sums[i] += weight * values[j * valueSize + i];
        }
      }
      for (int i = 0; i < valueSize; i++) {
        sums[i] /= all;
      }
      return sums;
    }
  }

  @ParameterizedTest
  @CsvSource({"8, 4, 64, 64, 200, 0", "9, 4, 128, 128, 70, 3", "11, 1, 24, 16, 131, 0", "10, 3, 40, 96, 65, 64", "3, 16, 192, 128, 129, 1", "33, 1, 64, 80, 33, 0"})
  void sumsTheValuesThatAreSeenByTheSoftmaxOfTheirScores(int tokens, int group, int keySize, int valueSize, int positions, int first) {
    Case some = Case.random(tokens, group, keySize, valueSize, positions);
    float[] found = some.attend(first);
    for (int row = 0; row < tokens * group; row++) {
      double[] expected = some.expected(row, first);
      for (int i = 0; i < valueSize; i++) {
        if (first >= some.end(row / group)) {
          assertThat(found[row * valueSize + i]).as("of no position").isNaN();
        } else {
          assertThat((double) found[row * valueSize + i]).as("row %d, element %d", row, i).isCloseTo(expected[i], within(1e-5));
        }
      }
    }
  }

  /** A token that does not see a position is not touched by what lies there, though its neighbours are. */
  @Test
  void whatARowDoesNotSeeMayHoldAnything() {
    Case some = Case.random(8, 4, 64, 64, 100);
    float[] before = some.attend(2);
    int last = 99;
    some.keys[last * 64] = Float.NaN;
    some.values[last * 64 + 5] = Float.POSITIVE_INFINITY;
    some.values[1] = Float.NaN;
    float[] after = some.attend(2);
    int seen = 7 * 4 * 64;
    assertThat(IntStream.range(0, seen).filter(i -> Float.floatToRawIntBits(before[i]) != Float.floatToRawIntBits(after[i]))).isEmpty();
    assertThat(after[seen]).isNaN();
  }

  /** Tokens may be cut into units in any way. */
  @Test
  void theBitsOfARowDoNotDependOnTheRowsBesideIt() {
    Case all = Case.random(12, 3, 64, 96, 150);
    float[] together = all.attend(0);
    int half = 5;
    Case tail = new Case(half, 3, 64, 96, 150, Arrays.copyOfRange(all.q, 7 * 3 * 64, 12 * 3 * 64), all.keys, all.values);
    assertThat(tail.attend(0)).containsExactly(Arrays.copyOfRange(together, 7 * 3 * 96, 12 * 3 * 96));
  }

  @Test
  void keysAndValuesMayLieInAnyKindOfMemory() {
    Case some = Case.random(8, 4, 64, 64, 90);
    try (Arena arena = Arena.ofConfined()) {
      assertThat(some.attend(arena, 0, MemorySegment.ofArray(some.keys), MemorySegment.ofArray(some.values))).containsExactly(some.attend(0));
    }
  }

  @Test
  void servesWholeVectorsOfManyTokens() {
    assertThat(VectorTiles.of(shape(8, 64))).isEqualTo(Optional.empty());
    assertThat(VectorTiles.of(shape(9, 63))).isEqualTo(Optional.empty());
    assertThat(VectorTiles.of(shape(9, 64))).isPresent();
  }

  private static AttentionShape shape(int tokens, int valueSize) {
    return new AttentionShape(tokens, 4, 1, 64, valueSize, DType.F32, DType.F32, DType.F32, 100, false, 0);
  }
}
