package dev.gatun.decoder.cli.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What lies beside the results of JMH, whose own form has no place for it: devices, their ceilings, what was not run. */
final class FactsFile {
  private static final String COPY = "copy_gb_per_s";
  private static final String PRODUCT = "gemm_tflop_per_s";

  private final Results results;

  FactsFile(Results results) {
    this.results = results;
  }

  void read(Fields file) {
    ceilings(file, file.text("backend"), file.text("device"));
    for (Object item : file.list("not_run")) {
      Fields row = Fields.of(item);
      String words = item instanceof String text ? text : "";
      int colon = words.indexOf(": ");
      String name = colon > 0 ? words.substring(0, colon) : words;
      results.add(new Results.Missing(row.values().isEmpty() ? name : row.first("name", "benchmark", "what", "suite"),
          row.values().isEmpty() ? words.substring(colon > 0 ? colon + 2 : words.length()) : row.first("reason", "why"), false));
    }
    Map<String, Object> rest = new LinkedHashMap<>(file.values());
    rest.remove("not_run");
    results.add(new Results.Facts("Benchmarks", new Fields(rest).flat()));
  }

  /** Wherever they are: one for the run, or one for each backend by its name. */
  private void ceilings(Fields at, String backend, String device) {
    String named = at.text("backend").isEmpty() ? backend : at.text("backend");
    String on = at.first("device", "device_name").isEmpty() ? device : at.first("device", "device_name");
    if (at.has(COPY) || at.has(PRODUCT)) {
      results.add(new Ceiling(named, on.isEmpty() ? at.object("device").text("name") : on, at.number(COPY), at.number(PRODUCT)));
    }
    at.values().forEach((name, value) -> {
      if (value instanceof Map<?, ?>) {
        boolean isGroup = List.of("ceilings", "ceiling", "device", "devices", "backends").contains(name);
        ceilings(Fields.of(value), isGroup ? named : name, on);
      } else if (value instanceof List<?> list) {
        list.forEach(item -> ceilings(Fields.of(item), named, on));
      }
    });
  }
}
