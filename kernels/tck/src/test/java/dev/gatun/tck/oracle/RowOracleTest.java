package dev.gatun.tck.oracle;

import static dev.gatun.tck.oracle.HeapTensors.floats;
import static dev.gatun.tck.oracle.HeapTensors.ints;
import static dev.gatun.tck.oracle.HeapTensors.output;
import static dev.gatun.tck.oracle.HeapTensors.row;
import static dev.gatun.tck.oracle.HeapTensors.shape;
import static dev.gatun.tck.oracle.HeapTensors.vector;
import static dev.gatun.tck.oracle.HeapTensors.y;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.Copy;
import dev.gatun.DType;
import dev.gatun.Dequantize;
import dev.gatun.Embedding;
import dev.gatun.GatherRows;
import dev.gatun.GatunException;
import dev.gatun.Matmul;
import dev.gatun.Quantize;
import dev.gatun.Shape;
import dev.gatun.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RowOracleTest {
  private static final double NAN = Double.NaN;

  @Test
  void matmulTakesTheWeightsRows() {
    Tensor x = floats(shape(2, 3), 1, 2, 3, 0, 0, 1);
    Tensor w = floats(shape(2, 3), 1, 0, 0, 1, 1, 1);
    assertThat(y(new Matmul(x, w, output(DType.F32, 2, 2)))).containsExactly(1, 6, 0, 1);
    assertThat(y(new Matmul(x, w, Optional.of(vector(10, 20)), output(DType.F32, 2, 2)))).containsExactly(11, 26, 10, 21);
  }

  @Test
  void matmulReadsQuantizedWeights() {
    // 32 codes of 8 + 1 under d = 0.5 are 0.5 each
    byte[] block = new byte[18];
    java.util.Arrays.fill(block, 2, 18, (byte) 0x99);
    block[1] = 0x38;
    float[] ones = new float[32];
    java.util.Arrays.fill(ones, 1);
    Tensor w = Tensor.ofHost(MemorySegment.ofArray(block), DType.Q4_0, 1, 32);
    assertThat(y(new Matmul(row(ones), w, output(DType.F32, 1, 1)))).containsExactly(16);
    assertThat(y(new Dequantize(w, output(DType.F32, 1, 32)))).containsOnly(0.5);
  }

  @Test
  void rowsOutsideTheTableAreNan() {
    Tensor table = floats(shape(2, 2), 1, 2, 3, 4);
    assertThat(y(new Embedding(ints(1, -1, 0, 2), table, output(DType.F32, 4, 2)))).containsExactly(3, 4, NAN, NAN, 1, 2, NAN, NAN);
    assertThat(y(new GatherRows(table, ints(1, 2), output(DType.F32, 2, 2)))).containsExactly(3, 4, NAN, NAN);
  }

  @Test
  void copyRoundsToNearestEven() {
    // between 2048 and 2050 the tie 2049 goes to the even code of 2048, 2051 to 2052; 1 + 2^-9 of BF16 goes to 1
    assertThat(y(new Copy(row(2049, 2051, 70000), output(DType.F16, 1, 3)))).containsExactly(2048, 2052, Double.POSITIVE_INFINITY);
    assertThat(y(new Copy(row(1.00390625f), output(DType.BF16, 1, 1)))).containsExactly(1);
    assertThat(y(new Copy(row(1000, -1000), output(DType.F8_E4M3, 1, 2)))).containsExactly(448, -448);
  }

  @Test
  void copyFollowsStrides() {
    Tensor x = floats(shape(2, 3), 1, 2, 3, 4, 5, 6);
    Tensor transposed = Tensor.of(x.storage(), 0, DType.F32, Shape.of(3, 2), 1, 3);
    assertThat(y(new Copy(transposed, output(DType.F32, 3, 2)))).containsExactly(1, 4, 2, 5, 3, 6);
  }

  @Test
  void quantizeGivesWhatTheBlocksStandFor() {
    // amax 127 makes d = 1, so that each value is rounded to an integer
    float[] x = new float[32];
    x[0] = -127;
    x[1] = 2.75f;
    double[] y = y(new Quantize(row(x), output(DType.Q8_0, 1, 32)));
    assertThat(y[0]).isEqualTo(-127);
    assertThat(y[1]).isEqualTo(3);
  }

  @Test
  void aLayoutOfABackendsOwnIsRefused() {
    Tensor w = floats(shape(1, 1), 1);
    Tensor packed = Tensor.ofLayout(w.storage(), 0, DType.F32, Shape.of(1, 1), "packed");
    Matmul op = new Matmul(row(1), packed, output(DType.F32, 1, 1));
    assertThatThrownBy(() -> y(op)).isInstanceOf(GatunException.class).hasMessageContaining("packed");
  }
}
