package dev.gatun.tck.html;

import dev.gatun.tck.CaseResult;
import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;

/** Each reason for which cases have no answer, how many of which operator, and some of them by name. */
final class ReasonList {
  private static final int EXAMPLES = 3;

  private ReasonList() {}

  static void write(String id, String title, String lead, Reasons reasons, Markup page) throws IOException {
    if (reasons.all().isEmpty()) {
      return;
    }
    page.open("section", "aria-labelledby", id).leaf("h2", title, "id", id).leaf("p", lead).line().open("ol", "class", "reasons").line();
    for (Reasons.Reason reason : reasons.all()) {
      page.open("li", "id", id + "-" + reason.number()).open("p")
          .leaf("strong", reason.words().isBlank() ? "no reason given" : reason.words())
          .text(reason.varies() ? " (or other numbers)" : "").close().line();
      page.leaf("p", Figures.cases(reason.results().size()) + ": " + reason.families().entrySet().stream()
          .map(family -> family.getKey() + " " + Figures.count(family.getValue())).collect(Collectors.joining(", ")), "class", "small")
          .line();
      examples(reason.results(), page);
      page.close().line();
    }
    page.close().close().line();
  }

  private static void examples(List<CaseResult> results, Markup page) throws IOException {
    page.open("ul", "class", "examples").line();
    for (CaseResult result : results.subList(0, Math.min(EXAMPLES, results.size()))) {
      page.open("li").leaf("code", result.test().line()).close().line();
    }
    page.close().line();
  }
}
