package dev.gatun.tck.html;

import dev.gatun.tck.CaseResult;
import dev.gatun.tck.Report;
import dev.gatun.tck.Verdict;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What failed: how often each check, then the cases of each cell of the verdict table, the first few with the command that runs
 * them again.
 */
final class FailureList {
  private static final int SHOWN = 5;

  private FailureList() {}

  /** Where the failures of a cell are. */
  static String id(String family, String column) {
    return "failed-" + (family + "-" + column).replaceAll("[^A-Za-z0-9_-]", "_");
  }

  static void write(Report report, Markup page) throws IOException {
    List<CaseResult> failed = failed(report.results());
    if (failed.isEmpty()) {
      return;
    }
    page.open("section", "aria-labelledby", "failures").leaf("h2", "Failures", "id", "failures").line();
    checks(failed, page);
    for (Map.Entry<String, Map<String, List<CaseResult>>> row : report.table().entrySet()) {
      for (Map.Entry<String, List<CaseResult>> cell : VerdictTable.inOrder(row.getValue()).entrySet()) {
        List<CaseResult> here = failed(cell.getValue());
        if (!here.isEmpty()) {
          group(report, row.getKey(), cell.getKey(), here, page);
        }
      }
    }
    page.close().line();
  }

  private static List<CaseResult> failed(List<CaseResult> results) {
    return results.stream().filter(result -> result.verdict() == Verdict.FAIL).toList();
  }

  private static Map<String, Long> byCheck(List<CaseResult> failed) {
    return failed.stream().collect(Collectors.groupingBy(CaseResult::check, TreeMap::new, Collectors.counting()));
  }

  private static void checks(List<CaseResult> failed, Markup page) throws IOException {
    page.open("table", "class", "checks").line();
    page.open("thead").open("tr").leaf("th", "check", "scope", "col").leaf("th", "cases", "scope", "col")
        .leaf("th", "what does not hold", "scope", "col")
        .close().close().line().open("tbody").line();
    for (Map.Entry<String, Long> check : byCheck(failed).entrySet()) {
      page.open("tr").open("th", "scope", "row").leaf("code", check.getKey()).close()
          .leaf("td", Figures.count(check.getValue()), "class", "figure")
          .leaf("td", CheckMeaning.of(check.getKey()).orElse("")).close().line();
    }
    page.close().close().line();
  }

  private static void group(Report report, String family, String column, List<CaseResult> failed, Markup page) throws IOException {
    String title = column.equals("-") ? family : family + " · " + column;
    page.open("section", "class", "group", "aria-labelledby", id(family, column)).open("h3", "id", id(family, column)).text(title + " ");
    page.leaf("span", Figures.count(failed.size()) + " failed: " + byCheck(failed).entrySet().stream()
        .map(check -> check.getKey() + " " + Figures.count(check.getValue())).collect(Collectors.joining(", ")), "class", "small").close()
        .line();
    page.open("ol", "class", "failed").line();
    for (CaseResult result : failed.subList(0, Math.min(SHOWN, failed.size()))) {
      failure(result, Optional.of(report.rerun(result.test())), page);
    }
    page.close().line();
    if (failed.size() > SHOWN) {
      page.open("details").leaf("summary", Figures.count(failed.size() - SHOWN) + " more").line();
      page.open("ol", "class", "failed", "start", Integer.toString(SHOWN + 1)).line();
      for (CaseResult result : failed.subList(SHOWN, failed.size())) {
        failure(result, Optional.empty(), page);
      }
      page.close().close().line();
    }
    page.close().line();
  }

  private static void failure(CaseResult result, Optional<String> command, Markup page) throws IOException {
    page.open("li").open("p", "class", "case").leaf("code", result.test().line()).close().line();
    page.open("p", "class", "found").leaf("code", result.check(), "class", "check").text(" " + result.message()).close().line();
    if (command.isPresent()) {
      page.open("pre").leaf("code", command.get()).close().line();
    }
    page.close().line();
  }
}
