package dev.gatun.conformance;

import static dev.gatun.conformance.OperatorHarness.EXACT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.DType;
import dev.gatun.Dequantize;
import dev.gatun.Quantize;
import dev.gatun.Tensor;
import dev.gatun.tck.oracle.Formats;
import dev.gatun.tck.oracle.Inputs;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** {@link Quantize} and {@link Dequantize}. */
class BlockFormatTest {
  @RegisterExtension
  static final OperatorHarness HARNESS = new OperatorHarness();

  private static final double EXPANDED = 1e-13;

  static Stream<DType> blockTypes() {
    return Arrays.stream(DType.values()).filter(DType::isBlock);
  }

  @ParameterizedTest
  @MethodSource("blockTypes")
  void expandsEveryCodeOfEveryType(DType type) {
    HARNESS.needs(type);
    for (Placement placement : Placement.values()) {
      int n = 3 * type.blockSize();
      Tensor x = HARNESS.place(type, placement, 5, n);
      MemorySegment memory = x.buffer().host().orElseThrow();
      for (int r = 0; r < 5; r++) {
        memory.asSlice(x.offset() + type.bytes(r * x.stride(0)), type.bytes(n)).copyFrom(Inputs.elements(type, 20 + r, n));
      }
      for (DType out : new DType[] {DType.F32, DType.F16, DType.BF16}) {
        HARNESS.check(new Dequantize(x, HARNESS.place(out, placement, 5, n)), EXPANDED);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("blockTypes")
  void expandsUpToTheCountAndNoRows(DType type) {
    HARNESS.needs(type);
    int n = type.blockSize();
    for (int count : new int[] {0, 2, 50}) {
      HARNESS.fresh();
      RowCase c = new RowCase(3, n, type, DType.F32, Placement.PACKED, Optional.of(count));
      HARNESS.check(new Dequantize(HARNESS.rows(c, 3, n), HARNESS.rowsOut(c, n)), EXPANDED);
    }
    HARNESS.check(new Dequantize(HARNESS.output(type, 0, n), HARNESS.output(DType.F32, 0, n)), EXACT);
    Tensor deep = HARNESS.input(type, Inputs.normal(4, 4 * n, 1), 2, 2, n);
    HARNESS.check(new Dequantize(deep, HARNESS.output(DType.F32, 2, 2, n)), EXPANDED);
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"Q8_0", "Q4_0"})
  void roundsToTheReferencesBytes(DType type) {
    for (int n : new int[] {32, 64, 96, 1056}) {
      for (double[] values : new double[][] {Inputs.normal(5, 4 * n, 1), Inputs.normalWithOutliers(6, 4 * n),
          Inputs.wideRange(7, 4 * n, 10),
          new double[4 * n]}) {
        Tensor x = HARNESS.fill(HARNESS.place(DType.F32, Placement.STRIDED, 4, n), values);
        Tensor y = HARNESS.output(type, 4, n);
        HARNESS.check(new Quantize(x, y), EXACT);
        byte[] expected = Formats.encoded(type, values).toArray(ValueLayout.JAVA_BYTE);
        for (Engine engine : HARNESS.engines()) {
          HARNESS.run(engine, new Quantize(x, y));
          byte[] actual = y.buffer().host().orElseThrow().asSlice(y.offset(), y.bytes()).toArray(ValueLayout.JAVA_BYTE);
          assertThat(actual).as("%s %s", type, engine).isEqualTo(expected);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"Q8_0", "Q4_0"})
  void aBlockThatIsNotFiniteIsMarked(DType type) {
    double[] values = Inputs.normal(8, 4 * 32, 1);
    values[5] = Double.NaN;
    values[40] = Double.POSITIVE_INFINITY;
    values[127] = Double.NEGATIVE_INFINITY;
    HARNESS.check(new Quantize(HARNESS.input(DType.F32, values, 2, 64), HARNESS.output(type, 2, 64)), EXACT);
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"Q8_0", "Q4_0"})
  void roundsUpToTheCount(DType type) {
    for (int count : new int[] {0, 1, 3, 9, -1}) {
      HARNESS.fresh();
      RowCase c = new RowCase(3, 64, DType.F32, type, Placement.STRIDED, Optional.of(count));
      HARNESS.check(new Quantize(HARNESS.rows(c, 9, 64), HARNESS.rowsOut(c, 64)), EXACT);
    }
  }

  /** The types of which there is one rounding. That of the others is a search, which the validation suite judges by its error. */
  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"Q4_1", "Q5_0", "Q5_1", "IQ4_NL", "IQ4_XS", "MXFP4", "TQ1_0", "TQ2_0"})
  void roundsToOtherTypesOrSaysWhyNot(DType type) {
    Tensor x = HARNESS.input(DType.F32, Inputs.normal(10, 2 * 256, 1), 2, 256);
    HARNESS.checkIfServed(new Quantize(x, HARNESS.output(type, 2, 256)), EXACT);
  }
}
