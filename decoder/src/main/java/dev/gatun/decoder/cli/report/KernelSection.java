package dev.gatun.decoder.cli.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Kernels below the roof of their device, and all other benchmarks in a table. */
final class KernelSection {
  private final Results results;
  private final Markup page;
  private final List<String> families;

  KernelSection(Results results, Markup page) {
    this.results = results;
    this.page = page;
    this.families = BenchmarkPage.families(results);
  }

  void write() {
    List<Score> placed = results.scores().stream().filter(Score::isOnTheRoofline).toList();
    if (!placed.isEmpty()) {
      page.open("section", "aria-labelledby", "roofline").leaf("h2", "Kernels below their roof", "id", "roofline").line();
      int number = 0;
      for (Map.Entry<Optional<Ceiling>, List<Score>> device : byCeiling(placed).entrySet()) {
        plot("roof-" + ++number, device.getKey(), device.getValue());
      }
      page.close().line();
    }
    if (!results.scores().isEmpty()) {
      table();
    }
  }

  /** Scores of one device; libraries beside it have its roof where there is but one. */
  private Map<Optional<Ceiling>, List<Score>> byCeiling(List<Score> placed) {
    Map<Optional<Ceiling>, List<Score>> groups = new LinkedHashMap<>();
    for (Score score : placed) {
      groups.computeIfAbsent(results.ceiling(score), _ -> new ArrayList<>()).add(score);
    }
    return groups;
  }

  private void plot(String id, Optional<Ceiling> ceiling, List<Score> scores) {
    String caption = ceiling.map(known -> "The roof is that of " + (known.backend().isEmpty() ? "the device" : known.backend())
        + (known.device().isEmpty() ? "" : " (" + known.device() + ")") + ", measured in the same run: " + Shown.number(known.gbPerSecond()) + " GB/s of copies, "
        + (known.tflopPerSecond() > 0 ? Shown.number(known.tflopPerSecond()) + " TFLOP/s of products." : "products not measured.")
        + " What fits a cache may lie above it.").orElse("No roof: the files have no ceilings for these.");
    page.open("figure").line();
    new Roofline(id, scores, ceiling, families).write(page);
    Dot.legend(families, families.stream().filter(family -> scores.stream().anyMatch(score -> score.family().equals(family))).toList(), page);
    page.leaf("figcaption", caption).close().line();
  }

  private void table() {
    page.open("section", "aria-labelledby", "benchmarks").leaf("h2", "Benchmarks one by one", "id", "benchmarks").line();
    boolean roofs = results.scores().stream().anyMatch(score -> score.gbPerSecond() > 0);
    Table table = roofs ? new Table(page, "benchmarks", "benchmark", "backend", "median", "unit", "GB/s", "TFLOP/s", "of the roof")
        : new Table(page, "benchmarks", "benchmark", "backend", "median", "unit");
    for (Score score : results.scores()) {
      table.row(score.title()).text(score.source().equals("gatun") || score.source().equals(score.backend()) ? score.backend() : score.source() + " " + score.backend())
          .figure(Shown.number(score.score().median()), Shown.spread(score.score())).text(score.unit());
      if (roofs) {
        table.figure(Shown.number(score.gbPerSecond())).figure(Shown.number(score.tflopPerSecond())).figure(Shown.percent(results.share(score)));
      }
      table.end();
    }
    table.close();
    page.close().line();
  }
}
