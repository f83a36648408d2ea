package dev.gatun.tck.html;

import dev.gatun.DType;
import dev.gatun.tck.CaseResult;
import dev.gatun.tck.Report;
import dev.gatun.tck.Verdict;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Operators down, dtypes across; in each cell how many cases had which verdict. */
final class VerdictTable {
  /** The dtypes in the order of the API; what is none of them comes last. */
  private static final Comparator<String> COLUMNS = Comparator
      .<String>comparingInt(name -> DType.of(name).map(DType::ordinal).orElse(Integer.MAX_VALUE))
      .thenComparing(Comparator.naturalOrder());

  /** A cell names so many notes; a backend that gives a reason for every size would fill the table with them. */
  private static final int NOTES = 3;

  private VerdictTable() {}

  static void write(Report report, Reasons reasons, Markup page) throws IOException {
    List<String> columns = report.results().stream().map(CaseResult::column).distinct().sorted(COLUMNS).toList();
    page.open("section", "aria-labelledby", "verdicts").leaf("h2", "Verdicts by operator and type", "id", "verdicts").line();
    page.open("div", "class", "scroll", "role", "region", "aria-labelledby", "verdicts", "tabindex", "0").line();
    page.open("table", "class", "verdicts").line();
    page.open("thead").open("tr").leaf("th", "operator", "scope", "col");
    for (String column : columns) {
      page.open("th", "scope", "col");
      String[] parts = (column.equals("-") ? "other" : column).split("_");
      for (int i = 0; i < parts.length; i++) {
        page.text(parts[i] + (i < parts.length - 1 ? "_" : ""));
        if (i < parts.length - 1) {
          page.empty("wbr");
        }
      }
      page.close();
    }
    page.close().close().line().open("tbody").line();
    for (Map.Entry<String, Map<String, List<CaseResult>>> row : report.table().entrySet()) {
      page.open("tr").leaf("th", row.getKey(), "scope", "row");
      for (String column : columns) {
        cell(row.getKey(), column, row.getValue().getOrDefault(column, List.of()), reasons, page);
      }
      page.close().line();
    }
    page.close().close().line().close().line();
    legend(page);
    notes(reasons, page);
    page.close().line();
  }

  /** A row's cells from left to right. */
  static Map<String, List<CaseResult>> inOrder(Map<String, List<CaseResult>> row) {
    Map<String, List<CaseResult>> cells = new TreeMap<>(COLUMNS);
    cells.putAll(row);
    return cells;
  }

  private static void cell(String family, String column, List<CaseResult> results, Reasons reasons, Markup page) throws IOException {
    Map<Verdict, Integer> counts = Report.counts(results);
    page.open("td", "class", style(results, counts));
    // What is wrong stands above what is right.
    for (Verdict verdict : List.of(Verdict.FAIL, Verdict.NOT_RUN, Verdict.PASS, Verdict.UNSUPPORTED)) {
      if (counts.get(verdict) > 0) {
        Mark mark = Mark.of(verdict);
        page.open("span", "class", "n " + mark.style());
        if (verdict == Verdict.FAIL) {
          page.open("a", "href", "#" + FailureList.id(family, column));
        }
        page.leaf("span", mark.sign(), "aria-hidden", "true").text("\u00a0" + Figures.count(counts.get(verdict)))
            .leaf("span", " " + mark.word(), "class", "said");
        if (verdict == Verdict.FAIL) {
          page.close();
        }
        if (verdict == Verdict.UNSUPPORTED) {
          marks(reasons.numbers(results, verdict), page);
        }
        page.close().text(" ");
      }
    }
    page.close();
  }

  private static void marks(List<Integer> numbers, Markup page) throws IOException {
    page.open("sup");
    for (int i = 0; i < Math.min(NOTES, numbers.size()); i++) {
      page.text(i == 0 ? "" : ",").leaf("a", numbers.get(i).toString(), "href", "#note-" + numbers.get(i));
    }
    page.text(numbers.size() > NOTES ? ",…" : "").close();
  }

  private static String style(List<CaseResult> results, Map<Verdict, Integer> counts) {
    if (results.isEmpty()) {
      return "blank";
    }
    return counts.get(Verdict.FAIL) > 0 ? "fail" : counts.get(Verdict.NOT_RUN) > 0 ? "not_run"
        : counts.get(Verdict.PASS) > 0 ? "pass" : "unsupported";
  }

  private static void legend(Markup page) throws IOException {
    page.open("p", "class", "legend");
    for (Mark mark : Mark.values()) {
      page.open("span", "class", mark.style()).leaf("span", mark.sign(), "aria-hidden", "true").text(" " + mark.word()).close().text(", ");
    }
    page.text("each with its number of cases. A blank cell has no cases. "
        + "The column is the type that the case is about: of the weight, the cache or the input.");
    page.close().line();
  }

  private static void notes(Reasons reasons, Markup page) throws IOException {
    if (reasons.all().isEmpty()) {
      return;
    }
    page.open("ol", "class", "notes").line();
    for (Reasons.Reason reason : reasons.all()) {
      page.open("li", "id", "note-" + reason.number()).text(reason.words() + (reason.varies() ? " (or other numbers)" : "") + " ");
      page.leaf("a", Figures.cases(reason.results().size()), "href", "#unsupported-" + reason.number()).close().line();
    }
    page.close().line();
  }
}
