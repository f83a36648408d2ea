package dev.gatun.decoder.cli;

import java.io.PrintStream;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** The forms in which rows of measurements are printed, as llama-bench has them. */
enum BenchOutput {
  /** Lines for people, which need more than rows. */
  TEXT,
  /** A table of Markdown with llama-bench's columns. */
  MD,
  /** An array. */
  JSON,
  /** An object a line. */
  JSONL,
  /** A heading and a line for each row; without what is a list or an object. */
  CSV;

  void write(PrintStream out, List<Map<String, Object>> rows) {
    switch (this) {
      case TEXT -> throw new IllegalStateException("text is not made of rows");
      case MD -> markdown(out, rows);
      case CSV -> csv(out, rows);
      case JSONL -> {
        for (Map<String, Object> row : rows) {
          try (Json document = Json.compact(out)) {
            document.object().putAll(row).endObject();
          }
        }
      }
      case JSON -> {
        try (Json document = Json.indented(out)) {
          document.array();
          rows.forEach(row -> document.object().putAll(row).endObject());
          document.endArray();
        }
      }
    }
  }

  private static void csv(PrintStream out, List<Map<String, Object>> rows) {
    Set<String> names = new LinkedHashSet<>();
    rows.forEach(row -> row.forEach((name, value) -> {
      if (!(value instanceof Map || value instanceof double[] || value instanceof long[])) {
        names.add(name);
      }
    }));
    out.println(String.join(",", names));
    for (Map<String, Object> row : rows) {
      out.println(names.stream().map(name -> "\"" + String.valueOf(row.getOrDefault(name, "")).replace("\"", "\"\"") + "\"")
          .collect(Collectors.joining(",")));
    }
  }

  private static void markdown(PrintStream out, List<Map<String, Object>> rows) {
    boolean many = rows.stream().anyMatch(row -> !row.get("n_sequences").equals(1));
    out.println("| model | size | params | backend | threads |" + (many ? " n_seq |" : "") + " test | t/s |");
    out.println("| --- | ---: | ---: | --- | ---: |" + (many ? " ---: |" : "") + " ---: | ---: |");
    for (Map<String, Object> row : rows) {
      out.println("| " + row.get("model_type") + " | " + gibibytes((long) row.get("model_size")) + " | " + Units.count((long) row.get("model_n_params"))
          + " | " + row.get("backends") + " | " + row.get("n_threads") + " |" + (many ? " " + row.get("n_sequences") + " |" : "") + " "
          + name(row) + " | " + String.format(Locale.ROOT, "%.2f ± %.2f", row.get("avg_ts"), row.get("stddev_ts")) + " |");
    }
  }

  private static String gibibytes(long bytes) {
    return bytes < 1L << 30 ? Units.decimal(bytes / 0x1p20, 2) + " MiB" : Units.decimal(bytes / 0x1p30, 2) + " GiB";
  }

  private static String name(Map<String, Object> row) {
    return BenchBase.test(row).name();
  }
}
