package dev.gatun.decoder.cli.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What lies beside the results of JMH, whose own form has no place for it: devices, their ceilings, what was not run. */
final class FactsFile {
  private static final String COPY = "copyBytesPerSecond";
  private static final String PRODUCT = "productFlopsPerSecond";

  private final Results results;

  FactsFile(Results results) {
    this.results = results;
  }

  void read(Fields file) {
    ceilings(file, "", "");
    for (Object item : file.list("missing")) {
      Fields row = Fields.of(item);
      String benchmark = JmhRows.name(row.text("benchmark"), row.object("parameters"));
      results.add(new Results.Missing(benchmark, (row.text("outcome").matches("failed|wrong") ? row.text("outcome") + ": " : "") + row.text("reason"), row.text("outcome").equals("wrong")));
    }
    Map<String, Object> rest = new LinkedHashMap<>(file.values());
    List.of("missing", "format", "version").forEach(rest::remove);
    results.add(new Results.Facts("Benchmarks", new Fields(rest).flat()));
  }

  /** Wherever they are: those of each backend lie under its name. */
  private void ceilings(Fields at, String name, String device) {
    String backend = at.text("backend").isEmpty() ? name : at.text("backend");
    String on = at.text("device").isEmpty() ? device : at.text("device");
    if (at.has(COPY) || at.has(PRODUCT)) {
      results.add(new Ceiling(backend, on, at.number(COPY) / 1e9, at.number(PRODUCT) / 1e12));
    }
    at.values().forEach((key, value) -> {
      if (value instanceof Map<?, ?>) {
        ceilings(Fields.of(value), key.equals("backends") || key.equals("ceilings") ? backend : key, on);
      }
    });
  }
}
