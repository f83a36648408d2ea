package dev.gatun.decoder.cli.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The report as tables in Markdown. */
final class BenchmarkMarkdown {
  private final Results results;
  private final Optional<Comparison> comparison;
  private final List<String> lines = new ArrayList<>();

  BenchmarkMarkdown(Results results, Optional<Comparison> comparison) {
    this.results = results;
    this.comparison = comparison;
  }

  String written() {
    Overview overview = new Overview(results, comparison);
    lines.add("# " + cell(overview.headline()));
    lines.add("");
    lines.add(cell(overview.lead()));
    overview.warning().ifPresent(words -> lines.addAll(List.of("", "**" + cell(words) + "**")));
    comparison.ifPresent(this::comparison);
    scores();
    rates();
    missing();
    facts();
    return String.join("\n", lines) + "\n";
  }

  private void comparison(Comparison both) {
    head("Against the base", "benchmark", "unit", "base", "now", "change", "p", "verdict");
    both.rows().forEach(row -> row(row.name(), row.unit(), shown(row.before()), shown(row.now()), Shown.change(row.change()), Shown.probability(row.p()),
        row.verdict().word()));
    lines.addAll(List.of("", cell(Overview.method(both))));
    both.onlyBefore().forEach(name -> lines.add("- only in the base: " + cell(name)));
    both.onlyNow().forEach(name -> lines.add("- only now: " + cell(name)));
  }

  private void scores() {
    if (!results.scores().isEmpty()) {
      head("Benchmarks", "benchmark", "backend", "median", "unit", "GB/s", "TFLOP/s", "of the roof");
      results.scores().forEach(score -> row(score.title(), score.backend(), shown(score.score()), score.unit(), Shown.number(score.gbPerSecond()),
          Shown.number(score.tflopPerSecond()), Shown.percent(results.share(score))));
    }
  }

  private void rates() {
    if (!results.rates().isEmpty()) {
      head("Tokens per second", "model", "test", "program", "median", "of the fastest");
      for (RateGroups.Group group : RateGroups.of(results.rates())) {
        group.bars().forEach(bar -> row(group.model(), group.test(), bar.name(), shown(bar.rate().perSecond()),
            Shown.percent(bar.rate().perSecond().median() / group.fastest())));
      }
    }
  }

  private void missing() {
    if (!results.missing().isEmpty()) {
      head("Not run, not measured", "what", "why");
      results.missing().forEach(none -> row(none.name(), none.reason()));
    }
  }

  private void facts() {
    if (!results.facts().isEmpty()) {
      head("Devices and runs", "of", "fact", "value");
      results.facts().forEach(told -> told.values().forEach((name, value) -> row(told.title(), name, value)));
    }
  }

  private void head(String title, String... columns) {
    lines.addAll(List.of("", "## " + title, "", "| " + String.join(" | ", columns) + " |", "|" + "---|".repeat(columns.length)));
  }

  private void row(String... cells) {
    StringBuilder line = new StringBuilder("|");
    for (String text : cells) {
      line.append(' ').append(cell(text)).append(" |");
    }
    lines.add(line.toString());
  }

  private static String shown(Series series) {
    return Shown.number(series.median()) + (Shown.spread(series).isEmpty() ? "" : " (" + Shown.spread(series) + ")");
  }

  /** What would end the cell, begin markup or hide text is shown as it is. */
  private static String cell(String text) {
    return text.replaceAll("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]+", " ").replaceAll("([\\\\`*_\\[\\]<>|])", "\\\\$1");
  }
}
