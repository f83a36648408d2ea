package dev.gatun.tck.oracle;

import static dev.gatun.tck.oracle.HeapTensors.floats;
import static dev.gatun.tck.oracle.HeapTensors.ints;
import static dev.gatun.tck.oracle.HeapTensors.output;
import static dev.gatun.tck.oracle.HeapTensors.shape;
import static dev.gatun.tck.oracle.HeapTensors.y;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.gatun.DType;
import dev.gatun.Rope;
import dev.gatun.Rotation;
import dev.gatun.Rotation.Pairs;
import dev.gatun.Rotation.Scaling;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RopeOracleTest {
  private static double[] rope(Rotation rotation, int position, Optional<float[]> factors, float... head) {
    return y(new Rope(floats(shape(1, 1, head.length), head), ints(position), factors.map(HeapTensors::vector), rotation,
        output(DType.F32, 1, 1, head.length)));
  }

  @Test
  void interleavedPairsAreNeighbours() {
    // base 100, four dims: f = 1 and 1/10; position 3 turns by 3 and 0.3
    double[] y = rope(new Rotation(Pairs.INTERLEAVED, 4, 100), 3, Optional.empty(), 1, 0, 0, 1, 7);
    assertThat(y).containsExactly(new double[] {Math.cos(3), Math.sin(3), -Math.sin(0.3), Math.cos(0.3), 7}, within(1e-14));
  }

  @Test
  void halfSplitPairsAreHalfTheRotationApart() {
    double[] y = rope(new Rotation(Pairs.HALF_SPLIT, 4, 100), 3, Optional.empty(), 1, 1, 0, 0, 7);
    assertThat(y).containsExactly(new double[] {Math.cos(3), Math.cos(0.3), Math.sin(3), Math.sin(0.3), 7}, within(1e-14));
  }

  @Test
  void factorsDivideTheAngle() {
    double[] y = rope(new Rotation(Pairs.INTERLEAVED, 2, 100), 8, Optional.of(new float[] {4}), 1, 0);
    assertThat(y).containsExactly(new double[] {Math.cos(2), Math.sin(2)}, within(1e-14));
  }

  @Test
  void magnitudeScalesTheTurnedPart() {
    double[] y = rope(new Rotation(Pairs.INTERLEAVED, 2, 100, new Scaling.Linear(4), 3), 8, Optional.empty(), 1, 0, 5);
    assertThat(y).containsExactly(new double[] {3 * Math.cos(2), 3 * Math.sin(2), 5}, within(1e-14));
  }

  @Test
  void llama3KeepsShortWavesAndStretchesLongOnes() {
    // dims 6, base 10^6: f = 1, 1/100, 1/10000; wavelengths 6.28, 628, 62832; context 1000, bounds 250 and 1000
    Rotation rotation = new Rotation(Pairs.HALF_SPLIT, 6, 1e6, new Scaling.Llama3(8, 1, 4, 1000), 1);
    assertThat(RopeOracle.frequency(rotation, 0)).isEqualTo(1);
    double s = (1000 / (200 * Math.PI) - 1) / 3;
    assertThat(RopeOracle.frequency(rotation, 1)).isCloseTo((1 - s) * 0.01 / 8 + s * 0.01, within(1e-16));
    assertThat(RopeOracle.frequency(rotation, 2)).isCloseTo(1e-4 / 8, within(1e-18));
  }

  @Test
  void yarnBlendsBetweenItsTwoBounds() {
    // dim(β) = 8·ln(1000/(2πβ))/(2·ln 10^4): β = 32 gives 0.697, floor 0; β = 1 gives 2.202, ceiling 3
    Rotation rotation = new Rotation(Pairs.HALF_SPLIT, 8, 1e4, new Scaling.Yarn(4, 1000, 1, 32, 1), 1);
    double third = 1 / 3.0;
    assertThat(RopeOracle.frequency(rotation, 0)).isEqualTo(1);
    assertThat(RopeOracle.frequency(rotation, 1)).isCloseTo(0.1 * (third / 4 + 2 * third), within(1e-16));
    assertThat(RopeOracle.frequency(rotation, 2)).isCloseTo(0.01 * (2 * third / 4 + third), within(1e-16));
    assertThat(RopeOracle.frequency(rotation, 3)).isCloseTo(0.001 / 4, within(1e-16));
    double[] y = rope(rotation, 0, Optional.empty(), 1, 1, 1, 1, 0, 0, 0, 0);
    assertThat(y[0]).isCloseTo(1 + 0.1 * Math.log(4), within(1e-15));
  }

  @Test
  void everyHeadOfATokenTurnsAlike() {
    double[] y = y(new Rope(floats(shape(2, 2, 2), 1, 0, 2, 0, 1, 0, 2, 0), ints(0, 1), Optional.empty(),
        new Rotation(Pairs.INTERLEAVED, 2, 10), output(DType.F32, 2, 2, 2)));
    assertThat(y).containsExactly(new double[] {1, 0, 2, 0, Math.cos(1), Math.sin(1), 2 * Math.cos(1), 2 * Math.sin(1)}, within(1e-15));
  }
}
