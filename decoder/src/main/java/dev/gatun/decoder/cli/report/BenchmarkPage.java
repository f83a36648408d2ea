package dev.gatun.decoder.cli.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The page: what got slower first, then kernels below their roof, tokens per second, and what is not there. It needs nothing outside itself. */
final class BenchmarkPage {
  private static final String STYLE = style();

  private final Markup page = new Markup();
  private final Results results;
  private final Optional<Comparison> comparison;
  private final Overview overview;

  BenchmarkPage(Results results, Optional<Comparison> comparison) {
    this.results = results;
    this.comparison = comparison;
    this.overview = new Overview(results, comparison);
  }

  String written() {
    page.raw("<!DOCTYPE html>\n").open("html", "lang", "en").line();
    page.open("head").line().empty("meta", "charset", "utf-8").line();
    page.empty("meta", "name", "viewport", "content", "width=device-width, initial-scale=1").line();
    page.empty("meta", "name", "color-scheme", "content", "light dark").line();
    page.leaf("title", overview.headline() + " · Gatun benchmarks").line();
    page.open("style").raw(STYLE).close().line().close().line();
    page.open("body").line().open("header").line();
    page.leaf("p", "Gatun benchmark report", "class", "kicker").leaf("h1", overview.headline()).leaf("p", overview.lead(), "class", "lead").line();
    overview.warning().ifPresent(words -> page.leaf("p", words, "class", "warning"));
    page.close().line().open("main").line();
    comparison.ifPresent(this::comparison);
    new KernelSection(results, page).write();
    new RateSection(results, page).write();
    missing();
    facts();
    page.close().line();
    page.open("footer").leaf("p", "Made by gatun report from " + String.join(", ", results.files()) + ".").close().line();
    page.close().line().close().line();
    return page.toString();
  }

  private void comparison(Comparison both) {
    page.open("section", "aria-labelledby", "compared").leaf("h2", "Against the base", "id", "compared").line();
    page.leaf("p", Overview.method(both)).line();
    if (!both.rows().isEmpty()) {
      Table table = new Table(page, "compared", "benchmark", "unit", "base", "now", "change", "p", "verdict");
      for (Comparison.Row row : both.rows()) {
        Comparison.Verdict verdict = row.verdict();
        String style = verdict == Comparison.Verdict.SLOWER ? "fail" : verdict == Comparison.Verdict.FASTER ? "pass" : "soft";
        table.row(row.name()).text(row.unit()).figure(Shown.number(row.before().median()), Shown.spread(row.before()))
            .figure(Shown.number(row.now().median()), Shown.spread(row.now())).figure(Shown.change(row.change())).figure(Shown.probability(row.p()));
        page.open("td", "class", style).leaf("span", verdict.sign(), "aria-hidden", "true").text(" " + verdict.word()).close();
        table.end();
      }
      table.close();
    }
    names("Only in the base", both.onlyBefore());
    names("Only now", both.onlyNow());
    page.close().line();
  }

  private void names(String title, List<String> names) {
    if (!names.isEmpty()) {
      page.open("details").leaf("summary", title + ": " + names.size()).open("ul").line();
      names.forEach(name -> page.leaf("li", name).line());
      page.close().close().line();
    }
  }

  private void missing() {
    List<Results.Missing> wrong = results.missing().stream().filter(Results.Missing::isWrong).toList();
    List<Results.Missing> rest = results.missing().stream().filter(none -> !none.isWrong()).toList();
    list("wrong", "Wrong answers", "What gave a wrong answer has no time.", wrong, "fail");
    page.open("section", "aria-labelledby", "missing").leaf("h2", "Not run, not measured", "id", "missing").line();
    if (rest.isEmpty()) {
      page.leaf("p", "Nothing is told to have been left out.");
    } else {
      rows(rest, "missing", "not_run");
    }
    page.close().line();
  }

  private void list(String id, String title, String words, List<Results.Missing> rows, String style) {
    if (!rows.isEmpty()) {
      page.open("section", "aria-labelledby", id).leaf("h2", title, "id", id).leaf("p", words).line();
      rows(rows, id, style);
      page.close().line();
    }
  }

  /** One line for each reason, however many it holds for. */
  private void rows(List<Results.Missing> rows, String id, String style) {
    Table table = new Table(page, id, "what", "why");
    Overview.byReason(rows).forEach((reason, names) -> {
      page.open("tr").open("th", "scope", "row");
      if (names.size() > Overview.MOST_NAMES) {
        page.open("details").leaf("summary", Shown.count(names.size(), "benchmark", "benchmarks")).text(String.join("; ", names)).close();
      } else {
        page.text(String.join("; ", names));
      }
      page.close().leaf("td", reason, "class", style);
      table.end();
    });
    table.close();
  }

  private void facts() {
    page.open("section", "aria-labelledby", "facts").leaf("h2", "Devices and runs", "id", "facts").line();
    if (results.facts().isEmpty()) {
      page.leaf("p", "The files tell of none.");
    }
    page.open("div", "class", "pair").line();
    for (Results.Facts told : results.facts()) {
      page.open("div").leaf("h3", told.title()).open("dl").line();
      for (Map.Entry<String, String> fact : told.values().entrySet()) {
        page.open("div").leaf("dt", named(fact.getKey())).leaf("dd", fact.getValue().isBlank() ? "–" : fact.getValue()).close().line();
      }
      page.close().close().line();
    }
    page.close().close().line();
  }

  private static String named(String field) {
    return field.replace('_', ' ').replaceAll("(?<=[a-z])(?=[A-Z])", " ");
  }

  static List<String> families(Results results) {
    return new ArrayList<>(results.scores().stream().filter(Score::isOnTheRoofline).map(Score::family).distinct().sorted().toList());
  }

  private static String style() {
    try (InputStream in = BenchmarkPage.class.getResourceAsStream("report.css")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("report.css of the benchmark report", e);
    }
  }
}
