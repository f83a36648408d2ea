package dev.gatun.tck.html;

import dev.gatun.tck.Report;
import dev.gatun.tck.Scale;
import dev.gatun.tck.Verdict;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;

/** The verdict in one line, and how many cases had which. */
final class Headline {
  /** What a whole run can be. */
  enum Outcome {
    /** A case failed. */
    FAILED("Failed", Mark.FAIL),
    /** None failed, but some were not reached. */
    INCOMPLETE("Incomplete", Mark.NOT_RUN),
    /** There were no cases. */
    EMPTY("Nothing was run", Mark.NOT_RUN),
    /** The backend serves none of the cases. */
    NOTHING_SERVED("Nothing served", Mark.UNSUPPORTED),
    /** Every case that the backend serves passed. */
    PASSED("Passed", Mark.PASS);

    private final String word;
    private final Mark mark;

    Outcome(String word, Mark mark) {
      this.word = word;
      this.mark = mark;
    }

    String word() {
      return word;
    }
  }

  private Headline() {}

  static Outcome verdict(Report report) {
    Map<Verdict, Integer> counts = report.counts();
    if (report.results().isEmpty()) {
      return Outcome.EMPTY;
    }
    if (report.passed()) {
      return Outcome.PASSED;
    }
    return counts.get(Verdict.FAIL) > 0 ? Outcome.FAILED : counts.get(Verdict.NOT_RUN) > 0 ? Outcome.INCOMPLETE : Outcome.NOTHING_SERVED;
  }

  static void write(Report report, Markup page) throws IOException {
    Outcome outcome = verdict(report);
    page.leaf("p", "Gatun validation report", "class", "kicker").line();
    page.open("h1", "class", outcome.mark.style()).leaf("span", outcome.mark.sign(), "class", "sign", "aria-hidden", "true")
        .text(" " + sentence(report, outcome))
        .close().line();
    page.leaf("p", where(report), "class", "lead").line();
    if (!report.results().isEmpty()) {
      proportions(report, page);
    }
  }

  private static String sentence(Report report, Outcome outcome) {
    Map<Verdict, Integer> counts = report.counts();
    int all = report.results().size();
    int refused = counts.get(Verdict.UNSUPPORTED);
    return switch (outcome) {
      case EMPTY -> outcome.word;
      case FAILED -> "Failed: " + part(counts.get(Verdict.FAIL), all);
      case INCOMPLETE -> "Incomplete: " + part(counts.get(Verdict.NOT_RUN), all) + " not run";
      case NOTHING_SERVED -> "Nothing served: " + (all == 1 ? "the only case is" : "all " + Figures.cases(all) + " are") + " unsupported";
      case PASSED -> refused == 0 ? "Passed: " + (all == 1 ? "the only case" : "all " + Figures.cases(all))
          : "Passed: " + part(counts.get(Verdict.PASS), all) + ", the other " + Figures.count(refused) + " unsupported";
    };
  }

  private static String part(int some, int all) {
    return Figures.count(some) + " of " + Figures.cases(all);
  }

  private static String where(Report report) {
    Report.Run run = report.run();
    return "Backend " + report.subject().backend() + " on " + report.subject().device() + ", level " + Facts.level(run)
        + (run.scale() == Scale.EMULATED ? " in its emulated form" : "")
        + (run.only().isEmpty() ? "" : ", only " + String.join(", ", run.only())) + ".";
  }

  private static void proportions(Report report, Markup page) throws IOException {
    Map<Verdict, Integer> counts = report.counts();
    page.open("svg", "class", "proportions", "viewBox", "0 0 1000 10", "preserveAspectRatio", "none", "aria-hidden", "true");
    double x = 0;
    for (Verdict verdict : Verdict.values()) {
      double width = 1000.0 * counts.get(verdict) / report.results().size();
      if (width > 0) {
        // A handful of failures among thousands must still be seen.
        double seen = Math.max(width, 4);
        page.empty("rect", "class", Mark.of(verdict).style(), "x", number(Math.min(x, 1000 - seen)), "y", "0", "width", number(seen),
            "height", "10");
        x += width;
      }
    }
    page.close().line();
    page.open("ul", "class", "counts").line();
    for (Verdict verdict : Verdict.values()) {
      Mark mark = Mark.of(verdict);
      page.open("li", "class", mark.style() + (counts.get(verdict) == 0 ? " none" : ""))
          .leaf("span", mark.sign(), "aria-hidden", "true", "class", "sign")
          .text(" ").leaf("strong", Figures.count(counts.get(verdict))).text(" " + mark.word()).close().line();
    }
    page.close().line();
  }

  static String number(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }
}
