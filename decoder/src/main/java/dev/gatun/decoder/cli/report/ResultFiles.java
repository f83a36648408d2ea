package dev.gatun.decoder.cli.report;

import dev.gatun.GatunException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/** Tells which tool wrote a file, and reads it. */
final class ResultFiles {
  static final String WANTED = "wanted are results of the benchmarks' jar (-rf json), of gatun bench --json, gatun kernels --json or llama-bench -o json";

  private static final String FACTS = ".facts.json";
  private static final Set<String> OTHERS = Set.of("report.json", "report.out", "validation.json");
  private static final String ERROR_FILE = ".err";

  private final Results results = new Results();

  private ResultFiles() {}

  /** Reads files, each of which must hold results. */
  static Results of(List<Path> files) {
    ResultFiles all = new ResultFiles();
    files.forEach(all::read);
    return all.results;
  }

  /** Reads what a run left in a folder; a part that failed is named instead, with the last line it said. */
  static Results in(Path folder) {
    ResultFiles all = new ResultFiles();
    try (Stream<Path> listed = Files.list(folder)) {
      for (Path file : listed.filter(ResultFiles::mayHoldResults).sorted().toList()) {
        try {
          all.read(file);
        } catch (GatunException e) {
          all.results.add(new Results.Missing(file.getFileName().toString().replaceAll("\\.(out|json)$", ""), reason(file, e), false));
        }
      }
    } catch (IOException e) {
      throw new GatunException(folder + ": can't be read: " + e.getMessage());
    }
    return all.results;
  }

  private static boolean mayHoldResults(Path file) {
    String name = file.getFileName().toString();
    return !OTHERS.contains(name) && (name.endsWith(".out") && readsAsJson(file) || name.endsWith(".json") && !name.endsWith(FACTS));
  }

  /** Parts that write words for people leave a file of the same kind. */
  private static boolean readsAsJson(Path file) {
    try (Stream<String> lines = Files.lines(file)) {
      return Files.size(file) == 0 || lines.map(String::strip).filter(line -> !line.isEmpty()).findFirst().filter(line -> "[{".indexOf(line.charAt(0)) >= 0).isPresent();
    } catch (IOException | RuntimeException _) {
      return false;
    }
  }

  private static String reason(Path file, GatunException failure) {
    Path said = file.resolveSibling(file.getFileName().toString().replaceAll("\\.(out|json)$", ERROR_FILE));
    try {
      if (Files.isRegularFile(said)) {
        List<String> lines = Files.readAllLines(said).stream().map(String::strip).filter(line -> !line.isEmpty() && !line.startsWith("WARNING: ")).toList();
        if (!lines.isEmpty()) {
          return lines.getLast();
        }
      }
    } catch (IOException _) {
      // Why it is not there is told by the failure itself.
    }
    return failure.getMessage().startsWith(file + ": is empty") ? "it left no results: its time was too short, or see summary.txt for how it ended"
        : failure.getMessage().replace(file + ": ", "its file ");
  }

  private void read(Path file) {
    List<Fields> rows = JsonFile.objects(file);
    String name = String.valueOf(file.getFileName());
    boolean told = facts(file, name);
    if (rows.isEmpty()) {
      // Where no benchmark could be run, what kept each is all there is.
      if (!told) {
        throw new GatunException(file + ": is empty; " + WANTED);
      }
      results.read(name);
      return;
    }
    Fields first = rows.getFirst();
    if (first.has("benchmark") && first.has("primaryMetric")) {
      JmhRows.read(rows, results);
    } else if (first.has("avg_ts") || first.has("samples_ts")) {
      rows.forEach(row -> RateRows.read(row, results));
    } else if (first.has("kernel") && first.has("status")) {
      KernelRows.read(rows, results);
    } else if (name.endsWith(FACTS)) {
      new FactsFile(results).read(first);
    } else {
      throw new GatunException(file + ": " + other(first) + "; " + WANTED);
    }
    results.read(name);
  }

  /** Reads what lies beside results of JMH, and tells whether there was anything. */
  private boolean facts(Path file, String name) {
    Path beside = file.resolveSibling(name.replaceAll("\\.json$", "") + FACTS);
    if (name.endsWith(FACTS) || !Files.isRegularFile(beside)) {
      return false;
    }
    List<Fields> rows = JsonFile.objects(beside);
    rows.forEach(new FactsFile(results)::read);
    return !rows.isEmpty();
  }

  private static String other(Fields first) {
    if (first.has("schema") && first.has("results")) {
      return "is a report of the validation suite, which holds no figures";
    }
    if (first.values().isEmpty()) {
      return "holds an object without fields";
    }
    return "is JSON of a shape that is not known, with the fields " + String.join(", ", first.values().keySet().stream().limit(5).toList());
  }

  static String word(String text) {
    return text.toLowerCase(Locale.ROOT);
  }
}
