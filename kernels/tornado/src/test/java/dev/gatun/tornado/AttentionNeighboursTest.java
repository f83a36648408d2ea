package dev.gatun.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.gatun.Attention;
import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.DType;
import dev.gatun.Gatun;
import dev.gatun.Kv;
import dev.gatun.Ragged;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import dev.gatun.conformance.TornadoEngines;
import dev.gatun.tck.oracle.Inputs;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A token's attention has the same bits alone and beside other tokens of its tile, whatever these see. */
class AttentionNeighboursTest {
  private static final int TOKENS = 24;
  private static final int SEQUENCES = 4;
  private static final int KEYS = 640;
  private static final int HEADS = 2;
  private static final int SIZE = 40;
  private static final int OWN = 7;
  private static final int POSITION = 149;
  private static final float SCALE = 0.3f;

  /** Tokens of a sequence at some positions; its keys are those of its number and reach as far as the last of them. */
  private record Sequence(int number, int... positions) {
    int context() {
      return Arrays.stream(positions).max().orElse(-1) + 1;
    }

    float[] of(int what, int n, boolean spoilt) {
      float[] values = new float[n];
      double[] normal = Inputs.normal(1000L * number + what, n, 1);
      for (int i = 0; i < n; i++) {
        values[i] = spoilt ? Float.NaN : (float) normal[i];
      }
      return values;
    }

    /** Keys (0) or values (1) of all positions, those of a sequence other than the examined one spoilt if asked. */
    float[] kept(int what, boolean spoilt) {
      return of(what, context() * SIZE, spoilt && number != OWN);
    }

    @Override
    public String toString() {
      return number + " at " + Arrays.toString(positions);
    }

    float[] query(int position) {
      return of(2 + position, HEADS * SIZE, false);
    }
  }

  @ParameterizedTest
  @CsvSource({"cpu, 49152, 0, 0", "gpu, 49152, 0, 0", "gpu, 49152, 50, 0", "cpu, 49152, 50, 3", "gpu, 32768, 50, 0"})
  void aTokenHasTheSameBitsBesideAnyOthers(String forms, String localMemory, int window, float softcap) {
    Attention.Options options = new Attention.Options(SCALE, true, window, softcap);
    Sequence alone = new Sequence(OWN, POSITION);
    List<List<Sequence>> steps = List.of(
        List.of(new Sequence(OWN, 145, 146, 147, 148, POSITION)),
        List.of(new Sequence(OWN, 142, 143, 144, 145, 146, 147, 148, POSITION, 150, 151, 152, 153)),
        List.of(new Sequence(OWN, 3, POSITION, 200)),
        List.of(new Sequence(OWN, 100, 101, POSITION, 150, 151, 152, 260), new Sequence(1, 77)),
        List.of(new Sequence(1, 5), new Sequence(2, 63, 64), alone, new Sequence(3, 130, 131)),
        List.of(new Sequence(3, 299, 300), new Sequence(OWN, 17, POSITION), new Sequence(2, 1, 2, 3)));
    try (Backend backend = Gatun.open(TornadoEngines.here(), BackendOptions.none().with(Installation.FORMS, forms).with(Installation.LOCAL_MEMORY, localMemory));
        Stream stream = backend.newStream()) {
      float[] expected = attend(backend, stream, List.of(alone), false, options);
      assertThat(truth(alone, options)).as("alone").satisfies(truth -> {
        for (int i = 0; i < truth.length; i++) {
          assertThat((double) expected[i]).as("element %d", i).isCloseTo(truth[i], within(1e-5));
        }
      });
      for (List<Sequence> step : steps) {
        for (boolean spoilt : new boolean[] {false, true}) {
          assertThat(attend(backend, stream, step, spoilt, options)).as("beside %s%s", step, spoilt ? ", spoilt" : "").containsExactly(expected);
        }
      }
    }
  }

  /** What the examined token gets in a step. */
  private static float[] attend(Backend backend, Stream stream, List<Sequence> step, boolean spoilt, Attention.Options options) {
    float[] q = new float[TOKENS * HEADS * SIZE];
    float[][] kept = new float[2][KEYS * SIZE];
    int[] starts = new int[SEQUENCES + 1];
    int[] keyStarts = new int[SEQUENCES + 1];
    int[] positions = new int[TOKENS];
    int token = 0;
    int key = 0;
    int examined = -1;
    for (int s = 0; s < SEQUENCES; s++) {
      if (s < step.size()) {
        Sequence sequence = step.get(s);
        for (int what = 0; what < 2; what++) {
          System.arraycopy(sequence.kept(what, spoilt), 0, kept[what], key * SIZE, sequence.context() * SIZE);
        }
        key += sequence.context();
        for (int position : sequence.positions) {
          examined = sequence.number == OWN && position == POSITION ? token : examined;
          System.arraycopy(sequence.query(position), 0, q, token * HEADS * SIZE, HEADS * SIZE);
          positions[token++] = position;
        }
      }
      starts[s + 1] = token;
      keyStarts[s + 1] = key;
    }
    Tensor y = backend.allocate(DType.F32, TOKENS, HEADS, SIZE);
    Ragged batch = new Ragged(backend.tensor(starts, SEQUENCES + 1), backend.tensor(new int[SEQUENCES], SEQUENCES), backend.tensor(positions, TOKENS));
    Kv kv = new Kv.Dense(backend.tensor(kept[0], KEYS, 1, SIZE), backend.tensor(kept[1], KEYS, 1, SIZE), backend.tensor(keyStarts, SEQUENCES + 1));
    stream.run(new Attention(backend.tensor(q, TOKENS, HEADS, SIZE), kv, batch, options, Optional.empty(), y));
    return Arrays.copyOfRange(stream.readFloats(y), examined * HEADS * SIZE, (examined + 1) * HEADS * SIZE);
  }

  /** The same in double precision, by the definition. */
  private static double[] truth(Sequence sequence, Attention.Options options) {
    float[] keys = sequence.kept(0, false);
    float[] values = sequence.kept(1, false);
    float[] query = sequence.query(POSITION);
    double[] y = new double[HEADS * SIZE];
    for (int head = 0; head < HEADS; head++) {
      double sum = 0;
      for (int j = options.window() > 0 ? Math.max(0, POSITION - options.window() + 1) : 0; j <= POSITION; j++) {
        double score = 0;
        for (int i = 0; i < SIZE; i++) {
          score += (double) query[head * SIZE + i] * keys[j * SIZE + i];
        }
        score *= options.scale();
        double weight = Math.exp(options.softcap() > 0 ? options.softcap() * Math.tanh(score / options.softcap()) : score);
        sum += weight;
        for (int i = 0; i < SIZE; i++) {
          y[head * SIZE + i] += weight * values[j * SIZE + i];
        }
      }
      for (int i = 0; i < SIZE; i++) {
        y[head * SIZE + i] /= sum;
      }
    }
    return y;
  }
}
