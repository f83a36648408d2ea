package dev.gatun.tck.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.tck.Measure;
import org.junit.jupiter.api.Test;

class FindingsTest {
  @Test
  void theLargestErrorOfEachOutputIsKept() {
    Findings findings = new Findings();
    Measure small = new Measure("y", 1e-9, 1e-6, "a");
    Measure large = new Measure("y", 1e-7, 1e-6, "b");
    Measure other = new Measure("z", 0, 1e-6, "c");
    findings.measure(small);
    findings.measure(large);
    findings.measure(small);
    findings.measure(other);
    assertThat(findings.measures()).containsExactlyInAnyOrder(large, other);
  }

  @Test
  void aCheckThatDoesNotHoldNamesItself() {
    Findings findings = new Findings();
    findings.check("plan", true, () -> "unused");
    assertThatThrownBy(() -> findings.check("guards", false, () -> "byte 3")).hasMessage("byte 3")
        .isInstanceOfSatisfying(CheckException.class, e -> assertThat(e.check()).isEqualTo("guards"));
  }
}
