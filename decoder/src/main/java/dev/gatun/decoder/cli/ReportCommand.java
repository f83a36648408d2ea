package dev.gatun.decoder.cli;

import dev.gatun.decoder.cli.bench.BenchReport;
import dev.gatun.decoder.cli.bench.MeasuredRows;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What a run of the measuring scripts left, as one report. */
@Command(name = "report",
    description = "Join what kernels, bench and their peers measured into a table, a plot and all rows: report.md, report.svg, report.json.",
    footer = {"", "Example:", "  gatun report --results results"})
final class ReportCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Spec CommandSpec spec;
  @Mixin Help help;

  @Option(names = "--results", required = true, paramLabel = "FOLDER", converter = FileName.class,
      description = "The folder with the files *.out, JSON as the commands print it; the report is written there too.")
  Path folder;

  ReportCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    if (!Files.isDirectory(folder)) {
      throw new ParameterException(spec.commandLine(), "--results: " + folder + " is no folder");
    }
    try {
      MeasuredRows rows = MeasuredRows.in(folder);
      BenchReport report = new BenchReport(rows);
      Files.writeString(folder.resolve("report.md"), report.markdown());
      Files.writeString(folder.resolve("report.svg"), report.plot());
      try (PrintStream out = new PrintStream(Files.newOutputStream(folder.resolve("report.json")), false, StandardCharsets.UTF_8);
          Json document = Json.indented(out)) {
        document.array();
        for (Map<String, Object> row : rows.rows()) {
          document.object();
          row.forEach(document::put);
          document.endObject();
        }
        document.endArray();
      }
      terminal.out().println(folder.resolve("report.md") + ": " + rows.rows().size() + " rows");
      return 0;
    } catch (IOException e) {
      throw new InputException(folder + ": " + e.getMessage(), e);
    }
  }
}
