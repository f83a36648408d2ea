package dev.gatun.tck.html;

import dev.gatun.tck.CaseResult;
import dev.gatun.tck.Measure;
import dev.gatun.tck.Report;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The error nearest to its bound, or furthest above it, of each operator. */
final class WorstErrors {
  private static final int BAR = 100;

  private WorstErrors() {}

  static void write(Report report, Markup page) throws IOException {
    List<String> exact = new ArrayList<>();
    page.open("section", "aria-labelledby", "errors").leaf("h2", "Worst error of each operator", "id", "errors").line();
    page.leaf("p", "Σ(a−e)²/Σe² against the float64 oracle, as a share of what is allowed: up to 100 % passes.").line();
    page.open("table", "class", "errors").line().open("thead").open("tr");
    for (String name : List.of("operator", "share of its bound", "error", "bound", "case, output, and what the bound comes from")) {
      page.leaf("th", name, "scope", "col");
    }
    page.close().close().line().open("tbody").line();
    for (Map.Entry<String, Map<String, List<CaseResult>>> row : report.table().entrySet()) {
      List<CaseResult> results = row.getValue().values().stream().flatMap(List::stream).toList();
      Optional<CaseResult> worst = Report.worst(results);
      if (worst.isPresent()) {
        row(row.getKey(), worst.get(), page);
      } else if (results.stream().anyMatch(result -> !result.measures().isEmpty())) {
        exact.add(row.getKey());
      }
    }
    page.close().close().line();
    if (!exact.isEmpty()) {
      page.leaf("p", "Held to the exact result instead: " + String.join(", ", exact) + ".").line();
    }
    page.close().line();
  }

  private static void row(String family, CaseResult worst, Markup page) throws IOException {
    Measure measure = worst.measures().stream().filter(m -> m.bound() > 0).max(Comparator.comparingDouble(Measure::share)).orElseThrow();
    double share = measure.share();
    page.open("tr").leaf("th", family, "scope", "row");
    page.open("td", "class", "share").open("svg", "class", "bar", "viewBox", "0 0 100 8", "preserveAspectRatio", "none", "aria-hidden",
        "true");
    page.empty("rect", "class", "track", "width", "100", "height", "8");
    page.empty("rect", "class", share <= 1 ? "within" : "above", "width", Headline.number(Math.clamp(share * BAR, share > 0 ? 1 : 0, BAR)),
        "height", "8");
    page.close().text(" ").leaf("span", Figures.share(share) + (share <= 1 ? "" : " ✗"), "class", share <= 1 ? "figure" : "figure fail")
        .close();
    page.leaf("td", Figures.error(measure.error()), "class", "figure", "data-name", "error")
        .leaf("td", Figures.error(measure.bound()), "class", "figure", "data-name", "bound");
    page.open("td", "class", "why").leaf("code", worst.test().line()).text(" " + measure.output())
        .leaf("span", measure.reason(), "class", "small").close();
    page.close().line();
  }
}
