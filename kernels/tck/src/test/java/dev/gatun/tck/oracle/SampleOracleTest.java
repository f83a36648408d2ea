package dev.gatun.tck.oracle;

import static dev.gatun.tck.oracle.HeapTensors.floats;
import static dev.gatun.tck.oracle.HeapTensors.ints;
import static dev.gatun.tck.oracle.HeapTensors.output;
import static dev.gatun.tck.oracle.HeapTensors.row;
import static dev.gatun.tck.oracle.HeapTensors.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.gatun.DType;
import dev.gatun.Sample;
import dev.gatun.Tensor;
import java.lang.foreign.MemorySegment;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class SampleOracleTest {
  private static final Offset<Double> CLOSE = within(1e-7);

  /** Logits of the shares 1, 2, 5, 2 of 10. */
  private static Tensor logits() {
    return row((float) Math.log(1), (float) Math.log(2), (float) Math.log(5), (float) Math.log(2));
  }

  private static Sample sample(Tensor x, float temperature, float topP, float minP, float topK, int... seed) {
    Tensor seeds = Tensor.ofHost(MemorySegment.ofArray(new int[] {seed[0], seed[1], seed[2]}), DType.I32, 1, 3);
    return new Sample(x, floats(shape(1, 4), temperature, topP, minP, topK), seeds, ints(seed[3]), output(DType.I32, 1));
  }

  private static Distribution distribution(Tensor x, float temperature, float topP, float minP, float topK, int... seed) {
    return Oracle.distributions(sample(x, temperature, topP, minP, topK, seed), Host.buffers()).getFirst();
  }

  @Test
  void everythingStaysWithoutCuts() {
    Distribution all = distribution(logits(), 1, 1, 0, 0, 0, 0, 0, 0);
    assertThat(all.ids()).containsExactly(2, 1, 3, 0);
    assertThat(all.probabilities()).containsExactly(new double[] {0.5, 0.2, 0.2, 0.1}, CLOSE);
    assertThat(all.cumulative()).containsExactly(new double[] {0.5, 0.7, 0.9, 1}, CLOSE);
  }

  @Test
  void theRandomNumberIsTheTopOfPhiloxsFirstWord() {
    // the vector of zeros starts with 6627e8d5: u = 0x6627e8/2^24 = 0.399, inside the first half
    Distribution zeros = distribution(logits(), 1, 1, 0, 0, 0, 0, 0, 0);
    assertThat(zeros.u()).isEqualTo(0x6627e8 * 0x1p-24);
    assertThat(zeros.id()).isEqualTo(2);
    // key and counter in the order of the contract: (seed low, seed high), (position, sequence, 0, 0)
    Distribution other = distribution(logits(), 1, 1, 0, 0, 7, 8, 9, 10);
    assertThat(other.u()).isEqualTo((Philox.words(new int[] {10, 9, 0, 0}, 7, 8)[0] >>> 8) * 0x1p-24);
  }

  @Test
  void withoutAUsableTemperatureOrLargestLogitTheFirstOfTheLargestIsCertain() {
    for (float temperature : new float[] {0, -1, Float.NaN}) {
      assertThat(distribution(logits(), temperature, 1, 0, 0, 0, 0, 0, 0).ids()).containsExactly(2);
    }
    float inf = Float.POSITIVE_INFINITY;
    assertThat(distribution(row(1, inf, inf), 1, 1, 0, 0, 0, 0, 0, 0).ids()).containsExactly(1);
    assertThat(distribution(row(-inf, -inf), 1, 1, 0, 0, 0, 0, 0, 0).ids()).containsExactly(0);
  }

  @Test
  void topKKeepsTheLowerIdOfATie() {
    assertThat(distribution(logits(), 1, 1, 0, 2, 0, 0, 0, 0).ids()).containsExactly(2, 1);
  }

  @Test
  void topPIsAShareOfWhatTopKLeft() {
    // of 5, 2, 2 the first has 5/9 = 0.556, the first two 0.778
    assertThat(distribution(logits(), 1, 0.55f, 0, 3, 0, 0, 0, 0).ids()).containsExactly(2);
    assertThat(distribution(logits(), 1, 0.57f, 0, 3, 0, 0, 0, 0).ids()).containsExactly(2, 1);
    assertThat(distribution(logits(), 1, 0, 0, 0, 0, 0, 0, 0).ids()).containsExactly(2);
  }

  @Test
  void minPIsRelativeToTheFirst() {
    assertThat(distribution(logits(), 1, 1, 0.3f, 0, 0, 0, 0, 0).ids()).containsExactly(2, 1, 3);
    assertThat(distribution(logits(), 1, 1, 2, 0, 0, 0, 0, 0).ids()).containsExactly(2);
  }

  @Test
  void temperatureDividesTheLogits() {
    // temperature 1/2 squares the shares: 25, 4, 4, 1 of 34
    assertThat(distribution(logits(), 0.5f, 1, 0, 0, 0, 0, 0, 0).probabilities())
        .containsExactly(new double[] {25 / 34.0, 4 / 34.0, 4 / 34.0, 1 / 34.0}, CLOSE);
  }

  @Test
  void zeroTemperatureAndNanLeaveNoChoice() {
    assertThat(distribution(logits(), 0, 1, 0, 0, 0, 0, 0, 0).ids()).containsExactly(2);
    Distribution broken = distribution(row(1, Float.NaN, Float.NaN), 1, 1, 0, 0, 0, 0, 0, 0);
    assertThat(broken.allows(1, 0.5)).isTrue();
    assertThat(broken.allows(0, 0.5)).isFalse();
    assertThat(broken.allows(2, 0.5)).isFalse();
  }

  @Test
  void neighboursAreAllowedOnlyNearTheBound() {
    // u = 0.399; the first id's interval ends at 0.5
    Distribution zeros = distribution(logits(), 1, 1, 0, 0, 0, 0, 0, 0);
    assertThat(zeros.allows(2, 1e-6)).isTrue();
    assertThat(zeros.allows(1, 1e-6)).isFalse();
    assertThat(zeros.allows(1, 0.11)).isTrue();
    assertThat(zeros.allows(9, 0.5)).isFalse();
  }
}
