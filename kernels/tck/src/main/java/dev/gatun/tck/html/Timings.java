package dev.gatun.tck.html;

import dev.gatun.tck.CaseResult;
import dev.gatun.tck.Report;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** What took longest, for whoever waits; no verdict depends on it. */
final class Timings {
  private static final int SHOWN = 10;

  private Timings() {}

  static void write(Report report, Markup page) throws IOException {
    List<CaseResult> slowest = report.results().stream().sorted(Comparator.comparingLong(CaseResult::nanos).reversed()).limit(SHOWN)
        .toList();
    page.open("section", "aria-labelledby", "times").leaf("h2", "Times", "id", "times");
    page.leaf("p", "The cases that took longest to prepare, run and check; no measure of speed, and no part of the verdict.").line();
    page.open("table", "class", "times").open("thead").open("tr").leaf("th", "ms", "scope", "col").leaf("th", "case", "scope", "col")
        .close().close();
    page.open("tbody").line();
    for (CaseResult result : slowest) {
      page.open("tr", "data-times", "").leaf("td", String.format(Locale.ROOT, "%,.1f", result.nanos() / 1e6), "class", "figure").open("td")
          .leaf("code", result.test().line()).close().close().line();
    }
    page.close().close().close().line();
  }
}
