package dev.gatun.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.DType;
import dev.gatun.Sample;
import dev.gatun.Tensor;
import dev.gatun.tck.oracle.Distribution;
import dev.gatun.tck.oracle.Elements;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Inputs;
import dev.gatun.tck.oracle.Oracle;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SampleTest {
  @RegisterExtension
  static final OperatorHarness HARNESS = new OperatorHarness();

  /** A running float32 sum over a vocabulary is off by this much at most. */
  private static final double EPSILON = 1e-5;

  private static Tensor controls(int rows, double... one) {
    double[] all = new double[4 * rows];
    Arrays.setAll(all, i -> one[i % 4]);
    return HARNESS.input(DType.F32, all, rows, 4);
  }

  private static Tensor seeds(int rows) {
    int[] words = Inputs.integers(1, 3 * rows, Integer.MIN_VALUE, Integer.MAX_VALUE);
    return HARNESS.input(DType.I32, Arrays.stream(words).asDoubleStream().toArray(), rows, 3);
  }

  private static Tensor positions(int rows) {
    return HARNESS.input(DType.I32, Arrays.stream(Inputs.integers(2, rows, 0, 100_000)).asDoubleStream().toArray(), rows);
  }

  /** Runs on every engine; each id must lie in its interval, and be the same on a second run and among engines of one kind. */
  private static void draw(Tensor x, Tensor controls) {
    int rows = Math.toIntExact(x.size(0));
    Sample op = new Sample(x, controls, seeds(rows), positions(rows), HARNESS.output(DType.I32, rows));
    List<Distribution> distributions = Oracle.distributions(op, Host.buffers());
    Map<String, double[]> kinds = new HashMap<>();
    for (Engine engine : HARNESS.engines()) {
      HARNESS.fill(op.ids(), new double[rows]);
      HARNESS.run(engine, op);
      double[] ids = Elements.all(Host.buffers(), op.ids());
      for (int r = 0; r < rows; r++) {
        Distribution distribution = distributions.get(r);
        assertThat(distribution.allows((int) ids[r], EPSILON))
            .as("%s, row %d of %s: drew %s at u = %s, exact arithmetic %d", engine, r, op.toCase(), ids[r], distribution.u(),
            distribution.id()).isTrue();
      }
      HARNESS.run(engine, op);
      assertThat(Elements.all(Host.buffers(), op.ids())).as("%s: a second run", engine).containsExactly(ids);
      double[] alike = kinds.putIfAbsent(engine.kind(), ids);
      if (alike != null) {
        assertThat(ids).as("%s: against another engine of its kind", engine).containsExactly(alike);
      }
    }
  }

  static Stream<Arguments> settings() {
    return Stream.of(new double[] {1, 1, 0, 0}, new double[] {0.7, 1, 0, 40}, new double[] {0.8, 0.95, 0.05, 40},
        new double[] {1, 0.5, 0, 0},
        new double[] {1, 1, 0.2, 0}, new double[] {1.5, 0.9, 0.01, 3}, new double[] {1, 0, 0, 0}, new double[] {1, 1, 1, 0},
            new double[] {2, 1, 0, 1},
        new double[] {0.01, 1, 0, 0}, new double[] {1, 1, 0, 100_000}, new double[] {0, 0.5, 0.5, 7}).map(Arguments::of);
  }

  @ParameterizedTest
  @MethodSource("settings")
  void drawsInsideItsInterval(double[] setting) {
    int rows = HARNESS.sized(64, 8);
    for (int n : new int[] {1, 2, 17, 100, 1000}) {
      draw(HARNESS.input(DType.F32, Inputs.normal(3, rows * n, 2), rows, n), controls(rows, setting));
    }
  }

  @ParameterizedTest
  @MethodSource("settings")
  void drawsFromAVocabulary(double[] setting) {
    int n = HARNESS.sized(32_000, 4_352);
    draw(HARNESS.input(DType.F32, Inputs.normal(4, 4 * n, 3), 4, n), controls(4, setting));
  }

  @ParameterizedTest
  @MethodSource("settings")
  void tiesKeepTheLowerId(double[] setting) {
    double[] logits = Arrays.stream(Inputs.integers(5, 32 * 50, 0, 4)).asDoubleStream().toArray();
    draw(HARNESS.input(DType.F32, logits, 32, 50), controls(32, setting));
  }

  @Test
  void hiddenTokensAreNeverDrawn() {
    double[] logits = Inputs.normal(6, 32 * 40, 1);
    for (int i = 0; i < logits.length; i += 3) {
      logits[i] = Double.NEGATIVE_INFINITY;
    }
    draw(HARNESS.input(DType.F32, logits, 32, 40), controls(32, 1, 1, 0, 0));
  }

  @Test
  void aRowWithNanGivesItsFirstNan() {
    double[] logits = Inputs.normal(7, 3 * 40, 1);
    logits[39] = Double.NaN;
    logits[40 + 11] = Double.NaN;
    logits[40 + 12] = Double.NaN;
    draw(HARNESS.input(DType.F32, logits, 3, 40), controls(3, 0.8, 0.9, 0, 5));
    draw(HARNESS.input(DType.F32, logits, 3, 40), controls(3, 0, 1, 0, 0));
  }

  @Test
  void everyRowHasControlsOfItsOwn() {
    Tensor controls = HARNESS.input(DType.F32, new double[] {0, 1, 0, 0, 1, 1, 0, 0, 1, 0.3, 0, 5, 3, 1, 0.5, 0}, 4, 4);
    draw(HARNESS.fill(HARNESS.place(DType.F32, Placement.STRIDED, 4, 60), Inputs.normal(8, 240, 1)), controls);
  }

  @Test
  void rowsPastTheCountStay() {
    Tensor count = HARNESS.ints(2);
    Tensor x = HARNESS.fill(HARNESS.output(DType.F32, 4, 9), Inputs.normal(9, 18, 1)).withCount(count);
    Tensor ids = HARNESS.ints(-7, -7, -7, -7).withCount(count);
    for (Engine engine : HARNESS.engines()) {
      HARNESS.fill(ids, -7, -7, -7, -7);
      HARNESS.run(engine, new Sample(x, controls(4, 1, 1, 0, 0), seeds(4), positions(4), ids));
      double[] drawn = Elements.all(Host.buffers(), ids);
      assertThat(drawn[0]).isBetween(0.0, 8.0);
      assertThat(drawn[1]).isBetween(0.0, 8.0);
      assertThat(Arrays.copyOfRange(drawn, 2, 4)).containsExactly(-7, -7);
    }
  }

  @Test
  void drawsFollowTheProbabilities() {
    int rows = HARNESS.sized(4096, 1024);
    double[] logits = new double[rows * 4];
    double[] shares = {0.1, 0.2, 0.5, 0.2};
    Arrays.setAll(logits, i -> Math.log(shares[i % 4]));
    Tensor seeds = HARNESS.input(DType.I32, new double[3 * rows], rows, 3);
    double[] steps = new double[rows];
    Arrays.setAll(steps, i -> i);
    Tensor ids = HARNESS.output(DType.I32, rows);
    Sample op = new Sample(HARNESS.input(DType.F32, logits, rows, 4), controls(rows, 1, 1, 0, 0), seeds,
        HARNESS.input(DType.I32, steps, rows), ids);
    HARNESS.run(HARNESS.engines().getFirst(), op);
    double[] drawn = Elements.all(Host.buffers(), ids);
    for (int id = 0; id < 4; id++) {
      int wanted = id;
      double share = Arrays.stream(drawn).filter(d -> d == wanted).count() / (double) rows;
      assertThat(share).as("share of id %d", id).isBetween(shares[id] - 0.04, shares[id] + 0.04);
    }
  }
}
