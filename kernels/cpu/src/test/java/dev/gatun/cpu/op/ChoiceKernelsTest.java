package dev.gatun.cpu.op;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Argmax;
import dev.gatun.DType;
import dev.gatun.Penalize;
import dev.gatun.Sample;
import dev.gatun.Tensor;
import dev.gatun.TopK;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ChoiceKernelsTest {
  private static final float NAN = Float.NaN;

  /** The known answers of the paper's library, Random123. */
  @Test
  void philoxGivesThePublishedWords() {
    assertThat(Philox.first(0, 0, 0, 0)).isEqualTo(0x6627e8d5);
  }

  @ParameterizedTest
  @CsvSource({"1,1,0,0", "0.7,1,0,0", "1,0.9,0,0", "1,1,0.05,0", "1.3,1,0,40", "0.8,0.95,0.01,50", "1,0,0,0", "1e-42,1,0,0", "1,1,0,1", "5,0.5,0,3000"})
  void drawsTheIdThatTheRunningSumReaches(float temperature, float topP, float minP, float topK) {
    for (Lanes lanes : Lanes.values()) {
      int n = 3001;
      int rows = 40;
      Random random = new Random(3);
      float[] logits = new float[rows * n];
      for (int i = 0; i < logits.length; i++) {
        logits[i] = Math.round(8 * (float) random.nextGaussian() * 2) / 8f;
      }
      logits[5] = Float.NEGATIVE_INFINITY;
      float[] controls = new float[rows * 4];
      int[] seeds = new int[rows * 3];
      int[] positions = new int[rows];
      for (int r = 0; r < rows; r++) {
        System.arraycopy(new float[] {temperature, topP, minP, topK}, 0, controls, 4 * r, 4);
        System.arraycopy(new int[] {r * 77, -r, 5 * r}, 0, seeds, 3 * r, 3);
        positions[r] = 100 - r;
      }
      Tensor ids = Bench.empty(DType.I32, rows);
      Bench.run(new Sample(Bench.floats(logits, rows, n), Bench.floats(controls, rows, 4), Bench.ints(seeds, rows, 3), Bench.ints(positions), ids),
          lanes, 3);
      int[] found = Bench.readInts(ids);
      for (int r = 0; r < rows; r++) {
        check(Arrays.copyOfRange(logits, r * n, r * n + n), temperature, topP, minP, topK,
            Philox.uniform(positions[r], seeds[3 * r + 2], seeds[3 * r], seeds[3 * r + 1]), found[r]);
      }
    }
  }

  private static void check(float[] x, double temperature, double topP, double minP, float topK, double u, int found) {
    Integer[] order = IntStream.range(0, x.length).boxed().toArray(Integer[]::new);
    Arrays.sort(order, Comparator.comparingDouble((Integer i) -> -x[i]).thenComparing(i -> i));
    double[] p = Arrays.stream(order).mapToDouble(i -> x[i] == x[order[0]] ? 1 : Math.exp((x[i] - (double) x[order[0]]) / temperature)).toArray();
    int kept = topK > 0 && topK < p.length ? (int) topK : p.length;
    double share = topP * Arrays.stream(p, 0, kept).sum();
    double sum = p[0];
    int prefix = 1;
    while (topP < 1 && prefix < kept && sum < share) {
      sum += p[prefix++];
    }
    kept = topP < 1 ? prefix : kept;
    while (minP > 0 && kept > 1 && p[kept - 1] < minP * p[0]) {
      kept--;
    }
    double total = Arrays.stream(p, 0, kept).sum();
    int place = Arrays.asList(order).indexOf(found);
    assertThat(place).isLessThan(kept);
    double before = Arrays.stream(p, 0, place).sum();
    assertThat(u * total).isBetween(before - 1e-5 * total, before + p[place] + 1e-5 * total);
  }

  @ParameterizedTest
  @EnumSource(Lanes.class)
  void theFirstNaNIsDrawn(Lanes lanes) {
    Tensor ids = Bench.empty(DType.I32, 2);
    Bench.run(new Sample(Bench.floats(new float[] {1, NAN, NAN, 3, 3, 2}, 2, 3), Bench.floats(new float[] {1, 1, 0, 0, 0, 1, 0, 0}, 2, 4),
        Bench.ints(new int[6], 2, 3), Bench.ints(0, 0), ids), lanes, 1);
    assertThat(Bench.readInts(ids)).containsExactly(1, 0);
  }

  @ParameterizedTest
  @EnumSource(Lanes.class)
  void theFirstOfTheLargestWins(Lanes lanes) {
    int n = 20_000;
    float[] x = new float[4 * n];
    x[9_000] = 1;
    x[17_001] = 1;
    Arrays.fill(x, n, 2 * n, -0f);
    x[n + 12_345] = 0;
    x[2 * n + 19_999] = NAN;
    x[2 * n + 3] = Float.POSITIVE_INFINITY;
    Arrays.fill(x, 3 * n, 4 * n, Float.NEGATIVE_INFINITY);
    Tensor y = Bench.empty(DType.I32, 4);
    Bench.run(new Argmax(Bench.floats(x, 4, n), y), lanes, 2);
    assertThat(Bench.readInts(y)).containsExactly(9_000, 0, 19_999, 0);
  }

  @ParameterizedTest
  @EnumSource(Lanes.class)
  void theLargestComeInOrder(Lanes lanes) {
    float[] x = {1, 7, -0f, 7, NAN, 0, Float.NEGATIVE_INFINITY, 9};
    Tensor values = Bench.empty(DType.F32, 1, 8);
    Tensor indices = Bench.empty(DType.I32, 1, 8);
    Bench.run(new TopK(Bench.floats(x, 1, 8), values, indices), lanes, 1);
    assertThat(Bench.readInts(indices)).containsExactly(4, 7, 1, 3, 0, 2, 5, 6);
    assertThat(Bench.read(values)).containsExactly(NAN, 9, 7, 7, 1, -0f, 0, Float.NEGATIVE_INFINITY);

    Random random = new Random(5);
    float[] many = new float[2 * 5000];
    for (int i = 0; i < many.length; i++) {
      many[i] = random.nextInt(2000);
    }
    Tensor few = Bench.empty(DType.I32, 2, 37);
    Bench.run(new TopK(Bench.floats(many, 2, 5000), Bench.empty(DType.F32, 2, 37), few), lanes, 2);
    int[] wanted = IntStream.range(0, 2).flatMap(r -> IntStream.range(0, 5000).boxed()
        .sorted(Comparator.comparingDouble((Integer i) -> -many[r * 5000 + i]).thenComparing(i -> i)).limit(37).mapToInt(i -> i)).toArray();
    assertThat(Bench.readInts(few)).containsExactly(wanted);
  }

  @ParameterizedTest
  @EnumSource(Lanes.class)
  void tokensSeenAreLoweredOnceByTheirCount(Lanes lanes) {
    Tensor y = Bench.empty(DType.F32, 2, 4);
    Bench.run(new Penalize(Bench.floats(new float[] {4, -4, 1, 2, 4, -4, 1, 2}, 2, 4), Bench.ints(new int[] {1, 0, 1, 99, -3, 2, 2, 3, 3, 3}, 2, 5),
        Bench.ints(5, -7), Bench.floats(new float[] {2, 0.5f, 0.25f, 3, 3, 3}, 2, 3), y), lanes, 2);
    assertThat(Bench.read(y)).containsExactly(2 - 0.75f, -8 - 1.25f, 1, 2, 4, -4, 1, 2);
  }
}
