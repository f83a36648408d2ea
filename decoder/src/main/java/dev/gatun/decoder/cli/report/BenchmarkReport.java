package dev.gatun.decoder.cli.report;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Results of any of the measuring tools as one page and as tables, with what became of them since a base where one is given. */
public final class BenchmarkReport {
  private final Results results;
  private final Optional<Comparison> comparison;

  private BenchmarkReport(Results results, List<Path> base) {
    this.results = results;
    this.comparison = base.isEmpty() ? Optional.empty() : Optional.of(Comparison.of(ResultFiles.of(base), results));
  }

  /** Of files, each of which must hold results; {@code base} may be empty. */
  public static BenchmarkReport of(List<Path> files, List<Path> base) {
    return new BenchmarkReport(ResultFiles.of(files), base);
  }

  /** Of what a run of the measuring scripts left in a folder; parts that failed are named. */
  public static BenchmarkReport in(Path folder, List<Path> base) {
    return new BenchmarkReport(ResultFiles.in(folder), base);
  }

  /** The page. */
  public String html() {
    return new BenchmarkPage(results, comparison).written();
  }

  /** The tables. */
  public String markdown() {
    return new BenchmarkMarkdown(results, comparison).written();
  }

  /** What it holds, in one line. */
  public String summary() {
    return new Overview(results, comparison).headline();
  }
}
