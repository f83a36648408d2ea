package dev.gatun.conformance;

import static dev.gatun.conformance.OperatorHarness.F32_BOUND;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.DType;
import dev.gatun.Scale;
import dev.gatun.Tensor;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Inputs;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A harness that lets mistakes pass proves nothing. */
class OperatorHarnessTest {
  @RegisterExtension
  static final OperatorHarness HARNESS = new OperatorHarness();

  static List<Engine> engines() {
    return HARNESS.engines();
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("engines")
  void aWrongResultIsSeen(Engine only) {
    HARNESS.only(only);
    Tensor x = HARNESS.input(DType.F32, Inputs.normal(1, 60, 1), 3, 20);
    Tensor y = HARNESS.output(DType.F32, 3, 20);
    assertThatThrownBy(() -> HARNESS.check(new Scale(x, 2, y), engine -> new Scale(x, 2.0001f, y), Host.buffers(), F32_BOUND, true))
        .isInstanceOf(AssertionError.class).hasMessageContaining("NMSE");
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("engines")
  void aWriteToWhatIsNotTheOutputsIsSeen(Engine only) {
    HARNESS.only(only);
    Tensor x = HARNESS.input(DType.F32, Inputs.normal(1, 60, 1), 3, 20);
    Tensor y = HARNESS.output(DType.F32, 3, 20);
    Tensor fewer = HARNESS.ints(2);
    assertThatThrownBy(() -> HARNESS.check(new Scale(x.withCount(fewer), 2, y.withCount(fewer)), engine -> new Scale(x, 2, y), Host.buffers(),
        F32_BOUND, true)).isInstanceOf(AssertionError.class).hasMessageContaining("not the output's");
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("engines")
  void anElementThatIsNeverWrittenIsSeen(Engine only) {
    HARNESS.only(only);
    Tensor x = HARNESS.input(DType.F32, new double[60], 3, 20);
    Tensor y = HARNESS.input(DType.F32, new double[60], 3, 20);
    assertThatThrownBy(() -> HARNESS.check(new Scale(x, 2, y), engine -> new Scale(x.slice(0, 0, 2), 2, y.slice(0, 0, 2)), Host.buffers(),
        F32_BOUND, true)).isInstanceOf(AssertionError.class).hasMessageContaining("second run");
  }

  @Test
  void guardsAndGapsAreWatched() {
    Areas areas = new Areas();
    Tensor y = areas.place(DType.F16, Placement.STRIDED, 3, 4);
    BitSet[] marked = areas.nothing();
    areas.mark(marked, y, 2);
    assertThat(marked[0].cardinality()).isEqualTo(2 * 4 * 2);
    MemorySegment memory = y.buffer().host().orElseThrow();
    byte[][] before = areas.snapshot();
    for (long at : new long[] {0, y.offset() - 1, y.offset() + 8, y.offset() + 2 * 11 * 2, memory.byteSize() - 1}) {
      memory.set(ValueLayout.JAVA_BYTE, at, (byte) 1);
      assertThat(areas.difference(before, areas.snapshot(), marked)).contains("byte " + at);
      areas.restore(before);
    }
    memory.set(ValueLayout.JAVA_BYTE, y.offset() + 22 + 7, (byte) 1);
    assertThat(areas.difference(before, areas.snapshot(), marked)).isEmpty();
  }
}
