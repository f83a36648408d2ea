package dev.gatun.tck.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.Add;
import dev.gatun.Argmax;
import dev.gatun.DType;
import dev.gatun.Scale;
import dev.gatun.Tensor;
import dev.gatun.tck.oracle.Elements;
import dev.gatun.tck.oracle.Host;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

class TruthTest {
  private static final Bound BOUND = new Bound(1e-6, "for a test");

  private final Findings findings = new Findings();

  private static Tensor row(double... values) {
    return write(Tensor.ofHost(MemorySegment.ofArray(new float[values.length]), DType.F32, 1, values.length), values);
  }

  private static Tensor write(Tensor tensor, double... values) {
    Elements.write(Host.buffers(), tensor, values);
    return tensor;
  }

  /** Doubles a row; what is expected is there already. */
  private static Scale doubled(double... values) {
    Tensor y = row(values);
    for (int i = 0; i < values.length; i++) {
      values[i] *= 2;
    }
    return new Scale(y, 2, row(values));
  }

  private static Truth truth(Bound bound, Scale op) {
    return new Truth(List.of(op), Host.buffers(), bound);
  }

  @Test
  void whatIsExpectedPassesAndIsMeasured() {
    truth(BOUND, doubled(1, -2, 3)).verify("alone", findings);
    assertThat(findings.measures()).singleElement().satisfies(m -> {
      assertThat(m.output()).isEqualTo("y");
      assertThat(m.error()).isZero();
      assertThat(m.bound()).isBetween(1e-6, 1.00001e-6);
      assertThat(m.reason()).isEqualTo("for a test");
    });
  }

  @Test
  void anErrorWithinTheBoundPasses() {
    Scale op = doubled(1, -2, 3);
    Truth truth = truth(BOUND, op);
    write(op.y(), 2.001, -4, 6);
    truth.verify("alone", findings);
    assertThat(findings.measures().getFirst().error()).isBetween(1e-8, 2e-8);
  }

  @Test
  void anErrorAboveTheBoundFailsWithTheReason() {
    Scale op = doubled(1, -2, 3);
    Truth truth = truth(BOUND, op);
    write(op.y(), 2.1, -4, 6);
    assertThatThrownBy(() -> truth.verify("in a program", findings)).isInstanceOfSatisfying(CheckException.class, e -> {
      assertThat(e.check()).isEqualTo("error");
      assertThat(e).hasMessageContaining("in a program, y:").hasMessageContaining("for a test").hasMessageContaining("expected 2.0");
    });
  }

  @Test
  void aValueThatIsNotFiniteComesBeforeAnyError() {
    Scale op = doubled(1, Double.NaN, Double.POSITIVE_INFINITY, 3);
    Truth truth = truth(BOUND, op);
    for (double[] wrong : new double[][] {{99, Double.NaN, Double.POSITIVE_INFINITY, Double.NaN}, {99, 1, Double.POSITIVE_INFINITY, 6},
        {99, Double.NaN, Double.NEGATIVE_INFINITY, 6}, {99, Double.NaN, Double.NaN, 6}}) {
      write(op.y(), wrong);
      assertThatThrownBy(() -> truth.verify("alone", findings)).isInstanceOfSatisfying(CheckException.class, e ->
          assertThat(e.check()).isEqualTo("finite"));
    }
  }

  @Test
  void anyOtherValueThatIsNotFiniteDoesWhereTheBoundSaysSo() {
    Scale op = doubled(1, Double.NaN, Double.POSITIVE_INFINITY, 3);
    Truth truth = truth(BOUND.withAnyNonFinite(), op);
    write(op.y(), 2, Double.NEGATIVE_INFINITY, Double.NaN, 6);
    assertThatCode(() -> truth.verify("alone", findings)).doesNotThrowAnyException();
    write(op.y(), 2, 1, Double.NaN, 6);
    assertThatThrownBy(() -> truth.verify("alone", findings)).isInstanceOf(CheckException.class);
    write(op.y(), 2, Double.NaN, Double.NaN, Double.NaN);
    assertThatThrownBy(() -> truth.verify("alone", findings)).isInstanceOf(CheckException.class);
  }

  @Test
  void oneElementFarOffFailsThoughTheAverageIsGood() {
    double[] values = new double[10_000];
    java.util.Arrays.fill(values, 1);
    Scale op = doubled(values.clone());
    Truth truth = truth(BOUND, op);
    values[77] = 2.1;
    for (int i = 0; i < values.length; i++) {
      values[i] = i == 77 ? 2.1 : 2;
    }
    write(op.y(), values);
    assertThatThrownBy(() -> truth.verify("alone", findings)).isInstanceOfSatisfying(CheckException.class, e -> {
      assertThat(e.check()).isEqualTo("element");
      assertThat(e).hasMessageContaining("element 77");
    });
  }

  @Test
  void exactMeansExact() {
    Scale op = doubled(1, -2, 3);
    Truth truth = truth(Bounds.EXACT, op);
    truth.verify("alone", findings);
    write(op.y(), Math.nextUp(2f), -4, 6);
    assertThatThrownBy(() -> truth.verify("alone", findings)).isInstanceOfSatisfying(CheckException.class, e ->
        assertThat(e.check()).isEqualTo("exact"));
  }

  @Test
  void theTruthOfAnOperatorInPlaceIsTakenBeforeItRuns() {
    Tensor x = row(1, 2);
    Truth truth = new Truth(List.of(new Add(x, x, x)), Host.buffers(), Bounds.EXACT);
    write(x, 2, 4);
    assertThatCode(() -> truth.verify("alone", findings)).doesNotThrowAnyException();
  }

  @Test
  void aSampleOfRowsLooksAtThoseAlone() {
    Tensor x = write(Tensor.ofHost(MemorySegment.ofArray(new float[6]), DType.F32, 3, 2), 5, 1, 1, 5, 5, 1);
    Tensor y = Tensor.ofHost(MemorySegment.ofArray(new int[] {0, 9, 0}), DType.I32, 3);
    Argmax whole = new Argmax(x, y);
    List<Argmax> sampled = List.of(new Argmax(x.slice(0, 0, 1), y.slice(0, 0, 1)), new Argmax(x.slice(0, 2, 3), y.slice(0, 2, 3)));
    assertThatCode(() -> new Truth(sampled, Host.buffers(), Bounds.EXACT).verify("alone", findings)).doesNotThrowAnyException();
    assertThatThrownBy(() -> new Truth(List.of(whole), Host.buffers(), Bounds.EXACT).verify("alone", findings))
        .isInstanceOf(CheckException.class);
  }
}
