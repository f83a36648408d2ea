package dev.gatun.conformance;

import static dev.gatun.conformance.OperatorHarness.F32_BOUND;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.DType;
import dev.gatun.Operator;
import dev.gatun.Quantize;
import dev.gatun.Scale;
import dev.gatun.Tensor;
import dev.gatun.conformance.Engine.Extra;
import dev.gatun.spi.Unsupported;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Inputs;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.opentest4j.TestAbortedException;

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
    assertThatThrownBy(() -> HARNESS.check(new Scale(x.withCount(fewer), 2, y.withCount(fewer)), engine -> new Scale(x, 2, y),
        Host.buffers(), F32_BOUND, true)).isInstanceOf(AssertionError.class).hasMessageContaining("not the output's");
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("engines")
  void anElementThatIsNeverWrittenIsSeen(Engine only) {
    HARNESS.only(only);
    Tensor x = HARNESS.input(DType.F32, new double[60], 3, 20);
    Tensor y = HARNESS.input(DType.F32, new double[60], 3, 20);
    assertThatThrownBy(() -> HARNESS.check(new Scale(x, 2, y), engine -> new Scale(x.slice(0, 0, 2), 2, y.slice(0, 0, 2)),
        Host.buffers(), F32_BOUND, true)).isInstanceOf(AssertionError.class).hasMessageContaining("second run");
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("engines")
  void otherBitsFromAnEngineOfTheSameKindAreSeen(Engine one) {
    Engine other = one.ofKind("other");
    Tensor x = HARNESS.input(DType.F32, Inputs.normal(1, 60, 1), 3, 20);
    Tensor y = HARNESS.output(DType.F32, 3, 20);
    Function<Engine, Operator> form = engine -> new Scale(x, engine == one ? 2 : Math.nextUp(2f), y);
    HARNESS.only(one, other);
    HARNESS.check(new Scale(x, 2, y), form, Host.buffers(), F32_BOUND, true);
    HARNESS.only(one, other.ofKind(one.kind()));
    assertThatThrownBy(() -> HARNESS.check(new Scale(x, 2, y), form, Host.buffers(), F32_BOUND, true)).isInstanceOf(AssertionError.class)
        .hasMessageContaining("of its kind");
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("engines")
  void aRefusalFailsWhatIsRequiredAndSkipsWhatIsNot(Engine engine) {
    Tensor x = HARNESS.input(DType.F32, Inputs.normal(1, 512, 1), 2, 256);
    Operator rare = new Quantize(x, HARNESS.output(DType.Q2_K, 2, 256));
    Assumptions.assumeTrue(engine.backend().plan(rare) instanceof Unsupported, "what a test of refusals needs");
    HARNESS.only(engine);
    assertThatThrownBy(() -> HARNESS.check(rare, F32_BOUND)).isInstanceOf(AssertionError.class).hasMessageContaining("must be served");
    assertThatThrownBy(() -> HARNESS.checkIfServed(rare, F32_BOUND)).isInstanceOf(TestAbortedException.class)
        .hasMessageContaining(engine.label());
  }

  @Test
  void enginesWithoutAnExtraAreLeftOut() {
    Engine all = HARNESS.engines().getFirst();
    Engine fewer = all.without(Extra.NARROW_CACHES, "no such pages").without(Extra.RARE_TYPES, "no such tables");
    HARNESS.only(fewer, all.ofKind("all"));
    HARNESS.needs(DType.Q8_0);
    assertThat(HARNESS.engines()).hasSize(2);
    HARNESS.needs(Extra.NARROW_CACHES);
    assertThat(HARNESS.engines()).extracting(Engine::kind).containsExactly("all");
    HARNESS.only(fewer);
    assertThatThrownBy(() -> HARNESS.needs(DType.MXFP4)).isInstanceOf(TestAbortedException.class).hasMessageContaining("no such tables");
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
