package dev.gatun.tck.oracle;

import static dev.gatun.tck.oracle.HeapTensors.NAN;
import static dev.gatun.tck.oracle.HeapTensors.floats;
import static dev.gatun.tck.oracle.HeapTensors.ints;
import static dev.gatun.tck.oracle.HeapTensors.output;
import static dev.gatun.tck.oracle.HeapTensors.row;
import static dev.gatun.tck.oracle.HeapTensors.shape;
import static dev.gatun.tck.oracle.HeapTensors.y;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.gatun.Argmax;
import dev.gatun.DType;
import dev.gatun.Penalize;
import dev.gatun.Softmax;
import dev.gatun.Tensor;
import dev.gatun.TopK;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LogitOracleTest {
  private static final float INF = Float.POSITIVE_INFINITY;

  @Test
  void softmaxScalesFirst() {
    // scale 2 of (0, ln 3 / 2): weights 1 and 3
    float x = (float) (Math.log(3) / 2);
    assertThat(y(new Softmax(row(0, x, -INF), 2, output(DType.F32, 1, 3)))).containsExactly(new double[] {0.25, 0.75, 0}, within(1e-7));
    assertThat(y(new Softmax(row(-INF, -INF), 1, output(DType.F32, 1, 2)))).containsExactly(Double.NaN, Double.NaN);
  }

  @Test
  void argmaxTakesTheFirstOfTiesAndTheFirstNan() {
    Tensor x = floats(shape(4, 3), 1, 3, 3, 5, NAN, NAN, -INF, -INF, -INF, -0f, 0f, 0f);
    assertThat(y(new Argmax(x, output(DType.I32, 4)))).containsExactly(1, 1, 0, 0);
  }

  @Test
  void topKOrdersNanFirstAndTiesByIndex() {
    TopK op = new TopK(row(2, 7, NAN, 7, INF), output(DType.F32, 1, 4), output(DType.I32, 1, 4));
    Map<String, double[]> top = Oracle.compute(op, Host.buffers());
    assertThat(top.get("indices")).containsExactly(2, 4, 1, 3);
    assertThat(top.get("values")).containsExactly(Double.NaN, Double.POSITIVE_INFINITY, 7, 7);
  }

  @Test
  void penaltiesFallOnTokensSeen() {
    // id 0 once: 4/2 − 1·0.5 − 0.25; id 1 twice: −4·2 − 2·0.5 − 0.25; id 2 never; ids 9 and −1 are none; the last 2 is past the length
    Tensor history = Tensor.ofHost(MemorySegment.ofArray(new int[] {0, 1, 9, 1, -1, 2}), DType.I32, 1, 6);
    double[] y = y(new Penalize(row(4, -4, 6), history, ints(5), floats(shape(1, 3), 2, 0.5f, 0.25f), output(DType.F32, 1, 3)));
    assertThat(y).containsExactly(1.25, -9.25, 6);
  }

  @Test
  void lengthsAreClamped() {
    Tensor history = Tensor.ofHost(MemorySegment.ofArray(new int[] {0, 1}), DType.I32, 2, 1);
    double[] y = y(new Penalize(floats(shape(2, 2), 1, 1, 1, 1), history, ints(-3, 7), floats(shape(2, 3), 2, 0, 0, 2, 0, 0),
        output(DType.F32, 2, 2)));
    assertThat(y).containsExactly(1, 1, 1, 0.5);
  }
}
