package dev.gatun.tck.oracle;

import static dev.gatun.tck.oracle.HeapTensors.floats;
import static dev.gatun.tck.oracle.HeapTensors.ints;
import static dev.gatun.tck.oracle.HeapTensors.output;
import static dev.gatun.tck.oracle.HeapTensors.row;
import static dev.gatun.tck.oracle.HeapTensors.shape;
import static dev.gatun.tck.oracle.HeapTensors.vector;
import static dev.gatun.tck.oracle.HeapTensors.y;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.gatun.Add;
import dev.gatun.DType;
import dev.gatun.Gelu;
import dev.gatun.GeluMul;
import dev.gatun.Mul;
import dev.gatun.Scale;
import dev.gatun.SiluMul;
import dev.gatun.Softcap;
import dev.gatun.Tensor;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class ElementwiseOracleTest {
  private static final Offset<Double> CLOSE = within(1e-12);

  private static Tensor out(long... shape) {
    return output(DType.F32, shape);
  }

  @Test
  void addRepeatsOneRow() {
    assertThat(y(new Add(floats(shape(2, 2), 1, 2, 3, 4), vector(10, 20), out(2, 2)))).containsExactly(11, 22, 13, 24);
  }

  @Test
  void addTakesWholeTensors() {
    assertThat(y(new Add(row(1, Float.POSITIVE_INFINITY), row(2, Float.NEGATIVE_INFINITY), out(1, 2)))).containsExactly(3, Double.NaN);
  }

  @Test
  void mulAndScaleMultiply() {
    assertThat(y(new Mul(row(2, -3), row(4, 5), out(1, 2)))).containsExactly(8, -15);
    assertThat(y(new Scale(row(2, -3), 0.5f, out(1, 2)))).containsExactly(1, -1.5);
  }

  @Test
  void onlyRowsWithinTheCountAreGiven() {
    Tensor x = floats(shape(3, 1), 1, 2, 3);
    assertThat(y(new Scale(x.withCount(ints(2)), 2, out(3, 1)))).containsExactly(2, 4);
    assertThat(y(new Scale(x.withCount(ints(9)), 2, out(3, 1)))).containsExactly(2, 4, 6);
    assertThat(y(new Scale(x.withCount(ints(-1)), 2, out(3, 1)))).isEmpty();
  }

  @Test
  void stridedViewsAreReadInTheirOrder() {
    Tensor wide = floats(shape(2, 4), 1, 2, 3, 4, 5, 6, 7, 8);
    assertThat(y(new Scale(wide.slice(1, 1, 3), 1, out(2, 2)))).containsExactly(2, 3, 6, 7);
  }

  @Test
  void softcapBoundsItsInput() {
    // 2·tanh(1/2) = 2·(e − 1)/(e + 1)
    double[] y = y(new Softcap(row(1, 1e9f, 0), 2, out(1, 3)));
    assertThat(y[0]).isCloseTo(2 * (Math.E - 1) / (Math.E + 1), CLOSE);
    assertThat(y[1]).isEqualTo(2);
    assertThat(y[2]).isZero();
  }

  @Test
  void siluMulGatesWithTheLogisticFunction() {
    // silu(ln 3) = ln 3 · 3/4
    float gate = (float) Math.log(3);
    assertThat(y(new SiluMul(row(gate, 0), row(2, 5), out(1, 2)))[0]).isCloseTo(1.5 * Math.log(3), within(1e-7));
    assertThat(y(new SiluMul(row(0), row(5), out(1, 1)))).containsExactly(0);
  }

  @Test
  void geluUsesTheNormalDistribution() {
    // Φ(1) = 0.841344746068543, Φ(−1) = 1 − Φ(1), Φ(−5) = 2.866515718791939e−7 (tables of the normal distribution)
    double[] y = y(new Gelu(row(1, -1, -5, 5, 0), Gelu.Form.ERF, out(1, 5)));
    assertThat(y[0]).isCloseTo(0.841344746068543, CLOSE);
    assertThat(y[1]).isCloseTo(-0.158655253931457, CLOSE);
    assertThat(y[2]).isCloseTo(-5 * 2.866515718791939e-7, within(1e-19));
    assertThat(y[3]).isCloseTo(5 - 5 * 2.866515718791939e-7, CLOSE);
    assertThat(y[4]).isZero();
  }

  @Test
  void tanhGeluUsesItsApproximation() {
    // x = 1: √(2/π)·1.044715 = 0.8335648, tanh of it 0.6823839, so (1 + 0.6823839)/2 = 0.841192
    assertThat(y(new Gelu(row(1), Gelu.Form.TANH, out(1, 1)))[0]).isCloseTo(0.8411919906, within(1e-9));
    assertThat(y(new GeluMul(row(1), row(10), Gelu.Form.TANH, out(1, 1)))[0]).isCloseTo(8.411919906, within(1e-8));
  }
}
