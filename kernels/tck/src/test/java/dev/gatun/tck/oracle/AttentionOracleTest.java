package dev.gatun.tck.oracle;

import static dev.gatun.tck.oracle.HeapTensors.floats;
import static dev.gatun.tck.oracle.HeapTensors.ints;
import static dev.gatun.tck.oracle.HeapTensors.oneSequence;
import static dev.gatun.tck.oracle.HeapTensors.output;
import static dev.gatun.tck.oracle.HeapTensors.shape;
import static dev.gatun.tck.oracle.HeapTensors.vector;
import static dev.gatun.tck.oracle.HeapTensors.y;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.gatun.Attention;
import dev.gatun.Attention.Options;
import dev.gatun.Backend;
import dev.gatun.DType;
import dev.gatun.Gatun;
import dev.gatun.Kv;
import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.Ragged;
import dev.gatun.Tensor;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Heads of one element, so that each score is a product: q = 1, keys ln 1, ln 3, ln 4, values 1, 2, 4. */
class AttentionOracleTest {
  private static final Offset<Double> CLOSE = within(1e-6);
  private static final float LN3 = (float) Math.log(3);
  private static final float LN4 = (float) Math.log(4);

  private static Kv threeKeys() {
    return new Kv.Dense(floats(shape(3, 1, 1), 0, LN3, LN4), floats(shape(3, 1, 1), 1, 2, 4), ints(0, 3));
  }

  private static double[] attend(Options options, Optional<Tensor> sinks, int... positions) {
    float[] ones = new float[positions.length];
    java.util.Arrays.fill(ones, 1);
    return y(new Attention(floats(shape(positions.length, 1, 1), ones), threeKeys(), oneSequence(positions), options, sinks,
        output(DType.F32, positions.length, 1, 1)));
  }

  @Test
  void causalTokensSeeTheirOwnPositionAndBefore() {
    // (1·1)/1, (1·1 + 3·2)/4, (1·1 + 3·2 + 4·4)/8
    assertThat(attend(Options.causal(1), Optional.empty(), 0, 1, 2)).containsExactly(new double[] {1, 7 / 4.0, 23 / 8.0}, CLOSE);
  }

  @Test
  void bidirectionalTokensSeeAll() {
    assertThat(attend(new Options(1, false, 0, 0), Optional.empty(), 0, 2)).containsExactly(new double[] {23 / 8.0, 23 / 8.0}, CLOSE);
  }

  @Test
  void aWindowCountsTheTokensOwnPosition() {
    assertThat(attend(new Options(1, true, 1, 0), Optional.empty(), 2)).containsExactly(new double[] {4}, CLOSE);
    assertThat(attend(new Options(1, true, 2, 0), Optional.empty(), 2)).containsExactly(new double[] {22 / 7.0}, CLOSE);
  }

  @Test
  void aTokenThatSeesNoKeyGetsZeros() {
    assertThat(attend(new Options(1, true, 2, 0), Optional.of(vector(1)), 9)).containsExactly(0);
  }

  @Test
  void scaleMultipliesScores() {
    // scale 2: weights 1, 9
    assertThat(attend(Options.causal(2), Optional.empty(), 1)).containsExactly(new double[] {19 / 10.0}, CLOSE);
  }

  @Test
  void softcapBoundsScores() {
    // cap ln 2: scores 0 and ln2·tanh(ln3/ln2)
    double score = Math.log(2) * Math.tanh(Math.log(3) / Math.log(2));
    double expected = (1 + 2 * Math.exp(score)) / (1 + Math.exp(score));
    assertThat(attend(new Options(1, true, 0, (float) Math.log(2)), Optional.empty(), 1)).containsExactly(new double[] {expected}, CLOSE);
  }

  @Test
  void aSinkJoinsTheDenominatorOnly() {
    // sink ln 4: (1 + 6)/(1 + 3 + 4)
    assertThat(attend(Options.causal(1), Optional.of(vector(LN4)), 1)).containsExactly(new double[] {7 / 8.0}, CLOSE);
  }

  @Test
  void queryHeadsShareKeyHeads() {
    // four query heads on two key heads: the first two read value 10, the others 20
    Kv kv = new Kv.Dense(floats(shape(1, 2, 1), 5, 6), floats(shape(1, 2, 1), 10, 20), ints(0, 1));
    double[] y = y(new Attention(floats(shape(1, 4, 1), 1, 2, 3, 4), kv, oneSequence(0), Options.causal(1), Optional.empty(),
        output(DType.F32, 1, 4, 1)));
    assertThat(y).containsExactly(10, 10, 20, 20);
  }

  @Test
  void sequencesSeeTheirOwnKeysOnly() {
    // sequence 0 owns one key, sequence 1 none, sequence 2 two; the fourth sequence and the last token are past their counts
    Kv kv = new Kv.Dense(floats(shape(4, 1, 1), 0, 0, LN3, 99), floats(shape(4, 1, 2), 1, -1, 2, -2, 4, -4, 99, 99), ints(0, 1, 1, 3, 4));
    Ragged batch = new Ragged(ints(0, 1, 2, 3, 4), ints(0, 1, 2, 3).withCount(ints(3)), ints(0, 0, 1, 0).withCount(ints(3)));
    double[] y = y(new Attention(floats(shape(4, 1, 1), 1, 1, 1, 1), kv, batch, Options.causal(1), Optional.empty(),
        output(DType.F32, 4, 1, 2)));
    assertThat(y).containsExactly(new double[] {1, -1, 0, 0, 3.5, -3.5}, CLOSE);
  }

  @Test
  void pagedKeysComeFromTheViewUpToTheLastToken() {
    try (Backend backend = Gatun.open("pages"); KvCache cache = backend.newKvCache(new KvCache.Spec(2, 1, 1, 1, DType.F16, 4, 4, 2, 8))) {
      float[] keys = {0, LN3, LN4};
      double[] values = {1, 2, 4};
      CacheView view = (part, layer, slot, position, head) -> {
        assertThat(layer).isEqualTo(1);
        assertThat(slot).isEqualTo(5);
        return new double[] {part == KvCache.Part.KEY ? keys[position] : values[position]};
      };
      Ragged batch = new Ragged(ints(0, 2), ints(5), ints(1, 2));
      Attention op = new Attention(floats(shape(2, 1, 1), 1, 1), new Kv.Paged(cache, 1), batch, Options.causal(1), Optional.empty(),
          output(DType.F32, 2, 1, 1));
      assertThat(Oracle.compute(op, Host.withCache(c -> view)).get("y")).containsExactly(new double[] {7 / 4.0, 23 / 8.0}, CLOSE);
      KvAppend append = new KvAppend(floats(shape(2, 1, 1), 2049, 1), floats(shape(2, 1, 1), 3, 4), batch, cache, 0);
      Map<String, double[]> kept = Oracle.compute(append, Host.buffers());
      assertThat(kept.get("k")).containsExactly(2048, 1);
      assertThat(kept.get("v")).containsExactly(3, 4);
    }
  }
}
