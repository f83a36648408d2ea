package dev.gatun.tck.oracle;

import static dev.gatun.tck.oracle.HeapTensors.NAN;
import static dev.gatun.tck.oracle.HeapTensors.floats;
import static dev.gatun.tck.oracle.HeapTensors.output;
import static dev.gatun.tck.oracle.HeapTensors.row;
import static dev.gatun.tck.oracle.HeapTensors.shape;
import static dev.gatun.tck.oracle.HeapTensors.vector;
import static dev.gatun.tck.oracle.HeapTensors.y;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.gatun.DType;
import dev.gatun.GroupedMatmul;
import dev.gatun.MoeRoute;
import dev.gatun.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MoeOracleTest {
  private static final Optional<Tensor> NONE = Optional.empty();

  private static Map<String, double[]> route(Tensor logits, Optional<Tensor> bias, MoeRoute.Options options, int k) {
    long rows = logits.size(0);
    return Oracle.compute(new MoeRoute(logits, bias, options, output(DType.I32, rows, k), output(DType.F32, rows, k)), Host.buffers());
  }

  private static float ln(double x) {
    return (float) Math.log(x);
  }

  private static MoeRoute.Options grouped(MoeRoute.GroupScore score, int chosen) {
    return new MoeRoute.Options(MoeRoute.Gating.SIGMOID, 3, chosen, score, false, 1);
  }

  @Test
  void softmaxIsOverAllExpertsUnlessOverTheChosenAlone() {
    // Weights 1, 2, 5: an eighth, a quarter, five eighths of all; of the two chosen 5/7 and 2/7.
    Tensor logits = row(0, ln(2), ln(5));
    Map<String, double[]> all = route(logits, NONE, MoeRoute.Options.of(MoeRoute.Gating.SOFTMAX, false), 2);
    assertThat(all.get("chosen")).containsExactly(2, 1);
    assertThat(all.get("weights")).containsExactly(new double[] {0.625, 0.25}, within(1e-7));
    double[] sevenths = {5.0 / 7, 2.0 / 7};
    assertThat(route(logits, NONE, MoeRoute.Options.of(MoeRoute.Gating.SOFTMAX, true), 2).get("weights")).containsExactly(sevenths, within(1e-7));
    assertThat(route(logits, NONE, MoeRoute.Options.of(MoeRoute.Gating.SOFTMAX_OF_CHOSEN, false), 2).get("weights")).containsExactly(sevenths, within(1e-7));
  }

  @Test
  void theBiasChoosesAndDoesNotWeigh() {
    // Gates 1/2, 3/4, 1/4; with the bias the last comes first.
    Tensor logits = row(0, ln(3), -ln(3));
    MoeRoute.Options options = new MoeRoute.Options(MoeRoute.Gating.SIGMOID, 1, 1, MoeRoute.GroupScore.MAX, false, 2);
    Map<String, double[]> routed = route(logits, Optional.of(vector(0, 0, 1)), options, 2);
    assertThat(routed.get("chosen")).containsExactly(2, 1);
    assertThat(routed.get("weights")).containsExactly(new double[] {0.5, 1.5}, within(1e-7));
  }

  @Test
  void groupsAreScoredByTheirBestOrTheirTwoBest() {
    // Of three groups of two: the first has the best expert, the second the best two.
    Tensor logits = row(ln(9), -ln(9), ln(4), ln(4), ln(3), -ln(3));
    assertThat(route(logits, NONE, grouped(MoeRoute.GroupScore.MAX, 1), 2).get("chosen")).containsExactly(0, 1);
    assertThat(route(logits, NONE, grouped(MoeRoute.GroupScore.TOP_TWO, 1), 2).get("chosen")).containsExactly(2, 3);
    // 0.9 + 0.1 and 0.75 + 0.25 tie: the first of the two.
    assertThat(route(logits, NONE, grouped(MoeRoute.GroupScore.MAX, 2), 3).get("chosen")).containsExactly(0, 2, 3);
  }

  @Test
  void tiesGoToTheLowerIndexAndNansComeFirst() {
    MoeRoute.Options plain = MoeRoute.Options.of(MoeRoute.Gating.SIGMOID, false);
    assertThat(route(row(1, 2, 2, 1), NONE, plain, 3).get("chosen")).containsExactly(1, 2, 0);
    Map<String, double[]> routed = route(row(1, 2, NAN, 2), NONE, plain, 2);
    assertThat(routed.get("chosen")).containsExactly(2, 1);
    assertThat(routed.get("weights")[0]).isNaN();
    assertThat(routed.get("weights")[1]).isFinite();
  }

  @Test
  void nothingIsDividedByLessThanTheLeastSum() {
    Map<String, double[]> routed = route(row(-20, -20), NONE, MoeRoute.Options.of(MoeRoute.Gating.SIGMOID, true), 2);
    assertThat(routed.get("weights")[0]).isCloseTo(Math.exp(-20) * 0x1p14, within(1e-9));
  }

  private static Tensor experts(int... chosen) {
    return Tensor.ofHost(MemorySegment.ofArray(chosen), DType.I32, 2, 2);
  }

  @Test
  void eachExpertReadsTheTokensRowOrItsOwn() {
    Tensor w = floats(shape(3, 1, 2), 1, 10, 2, 20, 3, 30);
    Tensor chosen = experts(0, 2, 1, 1);
    assertThat(y(new GroupedMatmul(floats(shape(2, 2), 1, 1, 2, 3), w, chosen, output(DType.F32, 2, 2, 1)))).containsExactly(11, 33, 64, 64);
    Tensor own = floats(shape(2, 2, 2), 1, 0, 0, 1, 2, 3, 0, 0);
    assertThat(y(new GroupedMatmul(own, w, chosen, output(DType.F32, 2, 2, 1)))).containsExactly(1, 30, 64, 0);
  }

  @Test
  void gatesAddUpAndIndicesOutsideAreNan() {
    Tensor w = floats(shape(2, 1, 1), 10, 100);
    Tensor x = floats(shape(2, 1), 1, 2);
    Optional<Tensor> gates = Optional.of(floats(shape(2, 2), 0.5f, 2, 1, 0));
    Optional<Tensor> bias = Optional.of(floats(shape(2, 1), 1, 3));
    assertThat(y(new GroupedMatmul(x, w, experts(0, 1, 1, 0), gates, bias, output(DType.F32, 2, 1)))).containsExactly(0.5 * 11 + 2 * 103, 203);
    assertThat(y(new GroupedMatmul(x, w, experts(0, 1, 1, 2), gates, bias, output(DType.F32, 2, 1)))).containsExactly(211.5, Double.NaN);
    assertThat(y(new GroupedMatmul(x, w, experts(-1, 1, 1, 0), NONE, NONE, output(DType.F32, 2, 2, 1)))).containsExactly(Double.NaN, 100, 200, 20);
  }
}
