package dev.gatun.tck.oracle;

import static dev.gatun.tck.oracle.HeapTensors.output;
import static dev.gatun.tck.oracle.HeapTensors.row;
import static dev.gatun.tck.oracle.HeapTensors.vector;
import static dev.gatun.tck.oracle.HeapTensors.y;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.gatun.DType;
import dev.gatun.LayerNorm;
import dev.gatun.RmsNorm;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NormOracleTest {
  @Test
  void rmsNormDividesByTheRoot() {
    // mean square of (1, 7) is 25
    assertThat(y(new RmsNorm(row(1, 7), vector(10, 1), 0, output(DType.F32, 1, 2)))).containsExactly(2, 1.4);
  }

  @Test
  void rmsNormAddsEpsilonUnderTheRoot() {
    // mean square 2.5, epsilon 3.75: the root of 6.25
    assertThat(y(new RmsNorm(row(1, 2), vector(1, 1), 3.75f, output(DType.F32, 1, 2)))).containsExactly(0.4, 0.8);
  }

  @Test
  void layerNormCentresFirst() {
    // mean 4, deviations −3, 3: variance 9
    assertThat(y(new LayerNorm(row(1, 7), vector(2, 3), Optional.of(vector(10, 20)), 0, output(DType.F32, 1, 2)))).containsExactly(8, 23);
    assertThat(y(new LayerNorm(row(1, 7), vector(1, 1), Optional.empty(), 7, output(DType.F32, 1, 2)))).containsExactly(-0.75, 0.75);
  }

  @Test
  void aNanSpoilsItsRowOnly() {
    double[] y = y(new RmsNorm(HeapTensors.floats(new long[] {2, 2}, Float.NaN, 1, 3, 4), vector(1, 1), 0, output(DType.F32, 2, 2)));
    assertThat(y[0]).isNaN();
    assertThat(y[1]).isNaN();
    assertThat(y[2]).isCloseTo(3 / Math.sqrt(12.5), within(1e-15));
  }
}
