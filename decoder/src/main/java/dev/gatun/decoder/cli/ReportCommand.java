package dev.gatun.decoder.cli;

import dev.gatun.decoder.cli.bench.BenchReport;
import dev.gatun.decoder.cli.bench.MeasuredRows;
import dev.gatun.decoder.cli.report.BenchmarkReport;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Measured results as one page, or what a run of the measuring scripts left as one table. */
@Command(name = "report",
    description = "Show results of the benchmarks' jar (-rf json), of bench --json, kernels --json and llama-bench -o json on one page: kernels below their "
        + "roof, tokens per second beside peers, what changed since a base, what was not run.",
    footer = {"", "Examples:", "  gatun report jmh.json bench.json llama.json", "  gatun report new.json --base old.json --html compared.html",
        "  gatun report --results results --html results/report.html"})
final class ReportCommand implements Callable<Integer> {
  private static final String PAGE = "report.html";

  private final Terminal terminal;

  @Spec CommandSpec spec;
  @Mixin Help help;

  @Parameters(paramLabel = "RESULT.json", arity = "0..*", converter = FileName.class, description = "Files with results, of any of these tools.")
  List<Path> files = new ArrayList<>();

  @Option(names = "--base", paramLabel = "OLD.json", arity = "1", converter = FileName.class,
      description = "Results of another build, to compare with by a rank test; may be given more than once.")
  List<Path> base = new ArrayList<>();

  @Option(names = "--html", paramLabel = "FILE", converter = FileName.class, description = "Where the page goes. Default: " + PAGE + ".")
  Optional<Path> html = Optional.empty();

  @Option(names = "--markdown", paramLabel = "FILE", converter = FileName.class, description = "Where the tables go. Default: beside the page, ending in .md.")
  Optional<Path> markdown = Optional.empty();

  @Option(names = "--results", paramLabel = "FOLDER", converter = FileName.class,
      description = "Instead of files the folder of a run of the measuring scripts, whose files *.out hold JSON as the commands print it: its table of targets, "
          + "its plot and all rows are written there as report.md, report.svg and report.json, and the page where --html says.")
  Optional<Path> folder = Optional.empty();

  ReportCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    if (folder.isPresent() != files.isEmpty()) {
      throw new ParameterException(spec.commandLine(), files.isEmpty() ? "name the files with results, or their folder with --results"
          : "--results takes the place of files; leave out '" + files.getFirst() + "'");
    }
    folder.ifPresent(this::table);
    if (folder.isEmpty() || html.isPresent() || markdown.isPresent()) {
      page(folder.map(from -> BenchmarkReport.in(from, base)).orElseGet(() -> BenchmarkReport.of(files, base)));
    }
    return 0;
  }

  private void page(BenchmarkReport report) {
    Path page = html.orElse(Path.of(PAGE));
    Path tables = markdown.orElseGet(() -> page.resolveSibling(page.getFileName().toString().replaceFirst("\\.html?$", "") + ".md"));
    write(page, report.html());
    // A run's own table of targets has the name that the page's tables would have.
    if (folder.isEmpty() || markdown.isPresent()) {
      write(tables, report.markdown());
    }
    terminal.out().println(page + ": " + report.summary());
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new InputException(file + ": can't be written: " + e.getClass().getSimpleName(), e);
    }
  }

  private void table(Path from) {
    if (!Files.isDirectory(from)) {
      throw new ParameterException(spec.commandLine(), "--results: " + from + " is no folder");
    }
    try {
      MeasuredRows rows = MeasuredRows.in(from);
      BenchReport report = new BenchReport(rows);
      Files.writeString(from.resolve("report.md"), report.markdown());
      Files.writeString(from.resolve("report.svg"), report.plot());
      try (PrintStream out = new PrintStream(Files.newOutputStream(from.resolve("report.json")), false, StandardCharsets.UTF_8);
          Json document = Json.indented(out)) {
        document.array();
        for (Map<String, Object> row : rows.rows()) {
          document.object();
          row.forEach(document::put);
          document.endObject();
        }
        document.endArray();
      }
      terminal.out().println(from.resolve("report.md") + ": " + rows.rows().size() + " rows");
    } catch (IOException e) {
      throw new InputException(from + ": " + e.getMessage(), e);
    }
  }
}
