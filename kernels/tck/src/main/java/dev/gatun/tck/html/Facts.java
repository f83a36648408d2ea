package dev.gatun.tck.html;

import dev.gatun.tck.Report;
import dev.gatun.tck.Scale;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** What was examined, how, and the command that does so again. */
final class Facts {
  private Facts() {}

  static void write(Report report, Markup page) throws IOException {
    page.open("div", "class", "pair").line();
    subject(report.subject(), page);
    run(report, page);
    page.close().line();
    page.open("section", "aria-labelledby", "repeat").leaf("h2", "To repeat this run", "id", "repeat").line();
    page.open("pre").leaf("code", report.run().command()).close().line();
    page.close().line();
  }

  private static void subject(Report.Subject subject, Markup page) throws IOException {
    page.open("section", "aria-labelledby", "subject").leaf("h2", "Subject", "id", "subject").open("dl").line();
    fact(page, "Backend", subject.backend());
    fact(page, "Describes itself as", subject.description());
    fact(page, "Options", subject.options().isEmpty() ? "none" : joined(subject.options()));
    fact(page, "Device", subject.device());
    fact(page, "Kind", subject.kind());
    fact(page, "Memory", Figures.bytes(subject.memoryBytes()));
    fact(page, "Compute units", Figures.count(subject.units()));
    fact(page, "Operators read", subject.hostMemory() ? "host memory" : "the device's memory; the suite copies there and back");
    for (Map.Entry<String, String> told : subject.facts().entrySet()) {
      fact(page, told.getKey(), told.getValue());
    }
    page.close().close().line();
  }

  private static void run(Report report, Markup page) throws IOException {
    Report.Run run = report.run();
    page.open("section", "aria-labelledby", "run").leaf("h2", "Run", "id", "run").open("dl").line();
    fact(page, "Suite", run.suite());
    fact(page, "Commit", run.commit().orElse("not known"));
    fact(page, "Level", level(run));
    fact(page, "Sizes", run.scale() == Scale.EMULATED ? "scaled down for an emulated device, each with its remainder at the tile"
        : "as models have them");
    fact(page, "Seed", Long.toString(run.seed()));
    fact(page, "Shapes of", run.shapes().isEmpty() ? "no model" : String.join(", ", run.shapes()));
    fact(page, "Operators", run.only().isEmpty() ? "all" : "only " + String.join(", ", run.only()));
    fact(page, "Java", run.java());
    fact(page, "System", run.system());
    timed(page, "Started", report.times().started());
    timed(page, "Took", Figures.seconds(report.times().seconds()));
    page.close().close().line();
  }

  /** A run of cases asked for one by one has no level, whatever its report says, and must not pass for one. */
  static String level(Report.Run run) {
    return run.command().contains(" --case ") ? "none, single cases" : run.level().name().toLowerCase(Locale.ROOT);
  }

  private static String joined(Map<String, String> options) {
    return options.entrySet().stream().map(option -> option.getKey() + "=" + option.getValue()).collect(Collectors.joining(", "));
  }

  private static void fact(Markup page, String name, String value) throws IOException {
    page.open("div").leaf("dt", name).leaf("dd", value.isBlank() ? "–" : value).close().line();
  }

  private static void timed(Markup page, String name, String value) throws IOException {
    page.open("div", "data-times", "").leaf("dt", name).leaf("dd", value).close().line();
  }
}
