package dev.gatun.tck;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Made-up reports. */
final class Reports {
  static final TestCase MATMUL = TestCase.parse("matmul(n=64, k=256, w=q4_0)");
  static final TestCase ROPE = TestCase.parse("rope(rows=5)");

  private Reports() {}

  static Report of(CaseResult... results) {
    return of(Level.QUICK, results);
  }

  static Report of(Level level, CaseResult... results) {
    return new Report(
        new Report.Subject("mine", "a \"device\" of mine", Map.of("threads", "2"), "Mine 3000", "npu", 1L << 36, 7, false, Map.of("driver", "1.2")),
        new Report.Run("0.1.0", Optional.empty(), level, Scale.DEVICE, -5, List.of("llama"), List.of(), "gatun validate --backend mine", "25", "Linux amd64"),
        new Report.Times("2026-11-22T12:00:00Z", 1.5), List.of(results));
  }

  static Report everyKind() {
    List<CaseResult> results = new ArrayList<>();
    results.add(passed(MATMUL, 1e-5));
    results.add(new CaseResult(ROPE, "f16", Verdict.FAIL, "error", "too far\noff \u0001 „…“", List.of(new Measure("y", Double.NaN, 1e-7, "why"),
        new Measure("z", Double.POSITIVE_INFINITY, 0, "exact"), new Measure("w", Double.NEGATIVE_INFINITY, Double.MIN_VALUE, "")), Long.MAX_VALUE));
    results.add(CaseResult.unexamined(TestCase.parse("gelu()"), "-", Verdict.UNSUPPORTED, "", "not here"));
    results.add(CaseResult.unexamined(TestCase.parse("gelu(x=f16)"), "f16", Verdict.NOT_RUN, "", "stopped"));
    return of(results.toArray(CaseResult[]::new));
  }

  static CaseResult passed(TestCase test, double error) {
    return new CaseResult(test, "q4_0", Verdict.PASS, "", "", List.of(new Measure("y", error, 5e-4, "rounded activations")), 17);
  }
}
