package dev.gatun.conformance;

import static dev.gatun.conformance.OperatorHarness.EXACT;

import dev.gatun.Copy;
import dev.gatun.DType;
import dev.gatun.Shape;
import dev.gatun.Tensor;
import dev.gatun.tck.oracle.Inputs;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class CopyTest {
  @RegisterExtension
  static final OperatorHarness HARNESS = new OperatorHarness();

  private static final List<DType> FLOATS = List.of(DType.F32, DType.F16, DType.BF16, DType.F8_E4M3, DType.F8_E5M2);

  static Stream<Arguments> pairs() {
    Stream<Arguments> floats = FLOATS.stream().flatMap(from -> FLOATS.stream().map(to -> Arguments.of(from, to)));
    return Stream.concat(floats, Stream.of(Arguments.of(DType.I8, DType.I8), Arguments.of(DType.I32, DType.I32)));
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void castsAtEveryPlacement(DType from, DType to) {
    double[] values = from.isFloat() || from.blockBytes() == 1 && from != DType.I8 ? Inputs.wideRange(1, 3 * 67, 12) : Inputs.uniform(2,
        3 * 67, -120, 120);
    for (Placement placement : Placement.values()) {
      HARNESS.check(new Copy(HARNESS.fill(HARNESS.place(from, placement, 3, 67), values), HARNESS.place(to, placement, 3, 67)), EXACT);
    }
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void castsTiesExtremesAndSpecialValues(DType from, DType to) {
    double inf = Double.POSITIVE_INFINITY;
    double[] values = {0, -0.0, 1, -1, 2049, 2051, 2053, 1.00390625, 1.01171875, 17, 19, 65504, 65519, 65520, 70000, 448, 464, 465, 1000,
        57344, 61440, 1e30,
        1e-40, 1e-45, 6e-8, 3e-8, 2.98e-8, 0x1p-9, 0x1p-10, 0x1.8p-9, 0x1p-16, 0x1p-17, 0x1.8p-17, 3.4028234e38};
    if (from == DType.I8 || from == DType.I32) {
      values = Arrays.stream(values).map(v -> Math.clamp(v, -100, 100)).toArray();
    } else {
      values = Stream.of(values, Arrays.stream(values).map(v -> -v).toArray(), new double[] {inf, -inf, Double.NaN})
          .flatMapToDouble(Arrays::stream).toArray();
    }
    HARNESS.check(new Copy(HARNESS.input(from, values, 1, values.length), HARNESS.output(to, 1, values.length)), EXACT);
  }

  @Test
  void everyBitPatternOf16BitFloatsWidensExactly() {
    for (DType type : new DType[] {DType.F16, DType.BF16}) {
      Tensor x = HARNESS.output(type, 64, 1024);
      var memory = x.buffer().host().orElseThrow();
      for (int i = 0; i < 65536; i++) {
        memory.set(java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED, x.offset() + 2L * i, (short) i);
      }
      HARNESS.check(new Copy(x, HARNESS.output(DType.F32, 64, 1024)), EXACT);
    }
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void stridesAreFreeOnBothSides(DType from, DType to) {
    Tensor x = HARNESS.input(from, Inputs.uniform(3, 6 * 5, -50, 50), 6, 5);
    Tensor transposed = Tensor.of(x.storage(), x.offset(), from, Shape.of(5, 6), 1, 5);
    HARNESS.check(new Copy(transposed, HARNESS.place(to, Placement.STRIDED, 5, 6)), EXACT);
    Tensor y = HARNESS.output(to, 6, 5);
    HARNESS.check(new Copy(HARNESS.input(from, Inputs.uniform(4, 30, -50, 50), 5, 6),
        Tensor.of(y.storage(), y.offset(), to, Shape.of(5, 6), 1, 5)), EXACT);
    Tensor wide = HARNESS.output(to, 6, 40);
    HARNESS.check(new Copy(HARNESS.input(from, Inputs.uniform(5, 60, -50, 50), 6, 10),
        Tensor.of(wide.storage(), wide.offset(), to, Shape.of(6, 10), 40, 3)),
        EXACT);
  }

  @Test
  void copiesUpToFourDimensionsAndNone() {
    for (long[] shape : new long[][] {{7}, {2, 3, 5}, {2, 3, 2, 5}, {0}, {3, 0}, {0, 4, 4}}) {
      int n = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
      Tensor x = HARNESS.fill(HARNESS.place(DType.F32, Placement.STRIDED, shape), Inputs.normal(6, n, 1));
      HARNESS.check(new Copy(x, HARNESS.place(DType.F16, Placement.STRIDED, shape)), EXACT);
    }
  }

  static Stream<RowCase> rowCases() {
    return RowCase.covering().stream();
  }

  @ParameterizedTest
  @MethodSource("rowCases")
  void takesEveryRowCase(RowCase c) {
    HARNESS.check(new Copy(HARNESS.rows(c, 7, c.n()), HARNESS.rowsOut(c, c.n())), EXACT);
  }
}
