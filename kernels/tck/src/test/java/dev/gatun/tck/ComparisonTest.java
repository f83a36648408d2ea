package dev.gatun.tck;

import static dev.gatun.tck.Reports.MATMUL;
import static dev.gatun.tck.Reports.ROPE;
import static dev.gatun.tck.Reports.passed;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ComparisonTest {
  private static CaseResult failed(String check) {
    return CaseResult.unexamined(MATMUL, "q4_0", Verdict.FAIL, check, "no");
  }

  @Test
  void aReportIsTheSameAsItselfAndAsOneOfAnotherTime() {
    Report report = Reports.everyKind();
    Report later = new Report(report.subject(), report.run(), new Report.Times("2027-01-01T00:00:00Z", 99), report.results());
    assertThat(Comparison.of(report, later).same()).isTrue();
    assertThat(Comparison.of(report, later).text()).isEqualTo("SAME: every case has the same verdict in both\n");
  }

  @Test
  void anotherDeviceIsToldAndDoesNotCount() {
    Report report = Reports.everyKind();
    Report.Subject s = report.subject();
    Report other = new Report(new Report.Subject(s.backend(), s.description(), s.options(), "Mine 4000", s.kind(), 1, 1, true, s.facts()), report.run(),
        report.times(), report.results());
    Comparison comparison = Comparison.of(report, other);
    assertThat(comparison.same()).isTrue();
    assertThat(comparison.notes()).containsExactly("device: Mine 3000 | Mine 4000");
  }

  @Test
  void otherVerdictsAndOtherChecksOfAFailureAreNamed() {
    Comparison comparison = Comparison.of(Reports.of(passed(MATMUL, 0)), Reports.of(failed("error")));
    assertThat(comparison.verdicts()).containsExactly(new Comparison.Difference(MATMUL, "pass", "fail (error)"));
    assertThat(comparison.same()).isFalse();
    assertThat(comparison.text()).contains("matmul(n=64, k=256, w=q4_0): pass | fail (error)\n")
        .endsWith("DIFFERENT: 0 settings, 1 verdicts, 0 cases in one only, 0 errors\n");
    assertThat(Comparison.of(Reports.of(failed("error")), Reports.of(failed("crash"))).verdicts()).hasSize(1);
    assertThat(Comparison.of(Reports.of(failed("error")), Reports.of(failed("error"))).same()).isTrue();
  }

  @Test
  void casesInOneOnlyAreNamed() {
    Comparison comparison = Comparison.of(Reports.of(passed(MATMUL, 0)), Reports.of(passed(ROPE, 0)));
    assertThat(comparison.onlyFirst()).containsExactly(MATMUL);
    assertThat(comparison.onlySecond()).containsExactly(ROPE);
    assertThat(comparison.same()).isFalse();
  }

  @Test
  void otherSettingsOfTheRunCount() {
    Comparison comparison = Comparison.of(Reports.of(Level.QUICK), Reports.of(Level.FULL));
    assertThat(comparison.settings()).containsExactly("level: quick | full");
    assertThat(comparison.same()).isFalse();
  }

  @Test
  void errorsCountWhereTheyAreFarApartAndNearTheirBound() {
    // Of a bound of 5e-4: shares of 2e-9 and 2e-2, of 0.2 and 0.8, of 0.04 and 0.8, of NaN.
    for (List<Double> near : List.of(List.of(1e-12, 1e-5), List.of(1e-4, 4e-4), List.of(0.0, 0.0), List.of(Double.NaN, Double.NaN))) {
      assertThat(Comparison.of(Reports.of(passed(MATMUL, near.get(0))), Reports.of(passed(MATMUL, near.get(1)))).same()).as("%s", near).isTrue();
    }
    for (List<Double> far : List.of(List.of(2e-5, 4e-4), List.of(4e-4, 2e-5), List.of(0.0, 4e-4), List.of(Double.NaN, 0.0), List.of(1e-5, Double.NaN))) {
      Comparison comparison = Comparison.of(Reports.of(passed(MATMUL, far.get(0))), Reports.of(passed(MATMUL, far.get(1))));
      assertThat(comparison.errors()).as("%s", far).hasSize(1);
      assertThat(comparison.same()).isFalse();
    }
    assertThat(Comparison.of(Reports.of(passed(MATMUL, 2e-5)), Reports.of(passed(MATMUL, 4e-4))).text())
        .contains("y at 0.0400 of its bound | y at 0.800 of its bound");
  }
}
