package dev.gatun.tck.html;

import dev.gatun.tck.Report;
import dev.gatun.tck.Verdict;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** The page: what was found first, then what it was found of, then each part in turn; times last. */
public final class ReportPage {
  private static final String STYLE = style();

  private ReportPage() {}

  /** Writes it. */
  public static void write(Report report, Appendable out) throws IOException {
    Markup page = new Markup(out);
    page.raw("<!DOCTYPE html>\n").open("html", "lang", "en").line();
    head(report, page);
    page.open("body").line();
    page.open("header").line();
    Headline.write(report, page);
    page.close().line();
    page.open("main").line();
    Facts.write(report, page);
    if (!report.results().isEmpty()) {
      Reasons reasons = Reasons.of(report, Verdict.UNSUPPORTED);
      VerdictTable.write(report, reasons, page);
      FailureList.write(report, page);
      WorstErrors.write(report, page);
      ReasonList.write("unsupported", "Unsupported, by reason",
          "What the backend says it does not serve. Each of these cases was run all the same, and was refused as announced.",
          reasons, page);
      ReasonList.write("not-run", "Not run", "Cases that the run did not reach. They are neither passed nor failed; the run is incomplete.",
          Reasons.of(report, Verdict.NOT_RUN), page);
      Timings.write(report, page);
    }
    page.close().line();
    page.open("footer").leaf("p", "Gatun validation suite " + report.run().suite() + ". Made from report schema " + Report.SCHEMA + ".")
        .close().line();
    page.close().line().close().line();
  }

  private static void head(Report report, Markup page) throws IOException {
    page.open("head").line();
    page.empty("meta", "charset", "utf-8").line();
    page.empty("meta", "name", "viewport", "content", "width=device-width, initial-scale=1").line();
    page.empty("meta", "name", "color-scheme", "content", "light dark").line();
    page.empty("meta", "name", "gatun-report-schema", "content", Integer.toString(Report.SCHEMA)).line();
    Map<Verdict, Integer> counts = report.counts();
    page.empty("meta", "name", "gatun-report-counts", "content", counts.get(Verdict.PASS) + " passed, "
        + counts.get(Verdict.FAIL) + " failed, " + counts.get(Verdict.UNSUPPORTED) + " unsupported, " + counts.get(Verdict.NOT_RUN)
        + " not run").line();
    page.leaf("title", Headline.verdict(report).word() + " · " + report.subject().backend() + " · Gatun validation").line();
    page.open("style").raw(STYLE).close().line();
    page.close().line();
  }

  private static String style() {
    try (InputStream in = ReportPage.class.getResourceAsStream("report.css")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("report.css of the validation suite", e);
    }
  }
}
