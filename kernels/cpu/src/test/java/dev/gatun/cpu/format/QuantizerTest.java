package dev.gatun.cpu.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import dev.gatun.DType;
import dev.gatun.ShapeException;
import dev.gatun.tck.oracle.Formats;
import dev.gatun.tck.oracle.Inputs;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The bytes must be those of the oracle's reference rounding. */
class QuantizerTest {
  private static final String TYPES = "F32,F16,BF16,F8_E4M3,F8_E5M2,Q8_0,Q4_0,Q4_1,Q5_0,Q5_1";

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16", "BF16", "F8_E4M3", "F8_E5M2", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1"})
  void theBytesAreThoseOfTheReferenceRounding(DType type) {
    for (int seed = 0; seed < 20; seed++) {
      check(type, Inputs.normalWithOutliers(seed, 4096));
      check(type, Inputs.uniform(seed, 4096));
      check(type, Inputs.wideRange(seed, 4096, 40));
      check(type, Inputs.wideRange(seed, 4096, 126));
    }
    check(type, new double[64]);
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F16", "BF16", "F8_E4M3", "F8_E5M2"})
  void halfwayValuesAndTheirNeighboursRoundToNearestEven(DType type) {
    double[] representable = new double[1 << (8 * type.blockBytes() - 1)];
    for (int i = 0; i < representable.length; i++) {
      byte[] bits = {(byte) i, (byte) (i >> 8)};
      representable[i] = Formats.decode(type, MemorySegment.ofArray(bits), 0, 1)[0];
    }
    double[] probes = new double[representable.length * 6];
    for (int i = 0; i + 1 < representable.length; i++) {
      float middle = (float) ((representable[i] + representable[i + 1]) / 2);
      float[] near = {(float) representable[i], middle, Math.nextUp(middle), Math.nextDown(middle), -middle, -Math.nextUp(middle)};
      for (int k = 0; k < near.length; k++) {
        probes[6 * i + k] = Float.isFinite(near[k]) ? near[k] : 0;
      }
    }
    check(type, probes);
  }

  @ParameterizedTest
  @CsvSource({
    "F16, Infinity, Infinity", "F16, 65519.996, 65504", "F16, 65520, Infinity", "F16, -1e30, -Infinity",
    "BF16, -Infinity, -Infinity", "BF16, 3.4028235e38, Infinity",
    "F8_E4M3, Infinity, 448", "F8_E4M3, -Infinity, -448", "F8_E4M3, 1e9, 448", "F8_E4M3, 465, 448",
    "F8_E5M2, Infinity, Infinity", "F8_E5M2, 61439, 57344", "F8_E5M2, 61440, Infinity", "F8_E5M2, -1e9, -Infinity"})
  void whatIsTooLargeSaturatesOrOverflowsAsTheFormatSays(DType type, float value, double stored) {
    assertThat(throughUs(type, value)[0]).isEqualTo(stored);
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"})
  void anyNaNStaysNaN(DType type) {
    for (int bits : new int[] {0x7FC0_0000, 0x7F80_0001, 0xFF80_0001, 0xFFFF_FFFF, 0x7F80_2000}) {
      assertThat(throughUs(type, Float.intBitsToFloat(bits))[0]).isNaN();
    }
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1"})
  void aBlockWithAValueThatIsNotFiniteIsNaNThroughoutAndItsNeighbourIsNot(DType type) {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      float[] values = new float[64];
      values[3] = 1;
      values[40] = 1;
      values[17] = bad;
      double[] stored = throughUs(type, values);
      for (int i = 0; i < 64; i++) {
        assertThat(Double.isNaN(stored[i])).as("%s element %d beside %s", type, i, bad).isEqualTo(i < 32);
      }
      assertThat(stored[40]).isEqualTo(1, offset(1e-3));
    }
  }

  @Test
  void aQ8HalfIsRoundedAwayFromZero() {
    float[] values = new float[32];
    values[0] = 127;
    values[1] = 2.5f;
    values[2] = -2.5f;
    values[3] = 0.49999997f;
    values[4] = -3.5f;
    assertThat(throughUs(DType.Q8_0, values)).startsWith(127, 3, -3, 0, -4);
  }

  @Property(tries = 300, seed = "20261122")
  void anyLengthAtAnyOffsetWritesItsRowAndNothingElse(@ForAll @IntRange(max = 9) int which, @ForAll @IntRange(max = 5) int units,
      @ForAll long seed, @ForAll @IntRange(max = 7) int srcOffset, @ForAll @IntRange(max = 7) int dstOffset) {
    DType type = DType.valueOf(TYPES.split(",")[which]);
    double[] values = Inputs.normalWithOutliers(seed, units * type.blockSize());
    MemorySegment src = MemorySegment.ofArray(new byte[srcOffset + 4 * values.length]);
    src.asSlice(srcOffset).copyFrom(Formats.encoded(DType.F32, values));
    byte[] out = new byte[dstOffset + (int) type.bytes(values.length) + 1];
    out[out.length - 1] = 77;
    Quantizer.of(type).row(src, srcOffset, MemorySegment.ofArray(out), dstOffset, values.length);
    byte[] expected = Formats.encoded(type, values).toArray(ValueLayout.JAVA_BYTE);
    assertThat(Arrays.copyOfRange(out, dstOffset, out.length - 1)).isEqualTo(expected);
    assertThat(out[out.length - 1]).isEqualTo((byte) 77);
  }

  @Test
  void aTypeWithoutARoundingAndARowThatDoesNotFitAreRefused() {
    assertThatThrownBy(() -> Quantizer.of(DType.IQ4_XS)).isInstanceOf(ShapeException.class).hasMessageContaining("IQ4_XS");
    MemorySegment memory = MemorySegment.ofArray(new byte[256]);
    assertThatThrownBy(() -> Quantizer.of(DType.Q8_0).row(memory, 0, memory, 0, 33)).isInstanceOf(ShapeException.class);
    assertThatThrownBy(() -> Quantizer.of(DType.Q8_0).row(memory, 0, memory, 250, 32))
        .isInstanceOf(ShapeException.class).hasMessageContaining("destination");
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"})
  void aSuperBlockWithAValueThatIsNotFiniteIsNaNThroughoutAndItsNeighbourIsNot(DType type) {
    float[] values = new float[512];
    values[17] = Float.POSITIVE_INFINITY;
    values[300] = 1;
    double[] stored = throughUs(type, values);
    for (int i = 0; i < 512; i++) {
      assertThat(Double.isNaN(stored[i])).as("%s element %d", type, i).isEqualTo(i < 256);
    }
    assertThat(stored[300]).isEqualTo(1, offset(0.02));
  }

  private static void check(DType type, double[] values) {
    MemorySegment out = MemorySegment.ofArray(new byte[(int) type.bytes(values.length)]);
    Quantizer.of(type).row(Formats.encoded(DType.F32, values), 0, out, 0, values.length);
    assertThat(out.toArray(ValueLayout.JAVA_BYTE)).as("%s", type).isEqualTo(Formats.encoded(type, values).toArray(ValueLayout.JAVA_BYTE));
  }

  private static double[] throughUs(DType type, float... values) {
    MemorySegment out = MemorySegment.ofArray(new byte[(int) type.bytes(values.length)]);
    Quantizer.of(type).row(MemorySegment.ofArray(values), 0, out, 0, values.length);
    return Formats.decode(type, out, 0, values.length);
  }
}
