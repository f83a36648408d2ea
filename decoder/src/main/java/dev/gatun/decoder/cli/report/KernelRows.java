package dev.gatun.decoder.cli.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Rows of {@code gatun kernels --json} and of the peers that run the same cases. */
final class KernelRows {
  private static final String CEILING = "ceiling";
  private static final String MEASURED = "measured";
  private static final String OWN = "gatun";

  private KernelRows() {}

  static void read(List<Fields> rows, Results results) {
    String backend = "";
    for (Fields row : rows) {
      String source = row.has("source") ? row.text("source") : OWN;
      if (row.text("kernel").equals(CEILING)) {
        backend = row.text("backend");
        ceiling(row, results);
      } else if (!row.text("status").equals(MEASURED)) {
        missing(row, source, results);
      } else if (row.has("tokens_per_s")) {
        rate(row, source, results);
      } else {
        score(row, source, source.equals(OWN) ? backend : source, results);
      }
    }
  }

  private static void ceiling(Fields row, Results results) {
    results.add(new Ceiling(row.text("backend"), row.text("device"), row.number("gb_per_s"), row.number("tflop_per_s")));
    Map<String, Object> told = new LinkedHashMap<>(row.values());
    List.of("source", "kernel", "case", "status").forEach(told::remove);
    results.add(new Results.Facts("Kernels on " + row.text("backend"), new Fields(told).flat()));
  }

  private static void missing(Fields row, String source, Results results) {
    String status = row.text("status");
    if (!status.equals("listed")) {
      String name = (row.text("kernel") + " " + row.text("case")).strip();
      results.add(new Results.Missing(source.equals(OWN) ? name : source + ": " + name, status, status.startsWith("wrong")));
    }
  }

  private static void rate(Fields row, String source, Results results) {
    String[] words = row.text("case").split(" ");
    Map<String, String> told = new LinkedHashMap<>();
    for (String word : words) {
      String[] sides = word.split("=", 2);
      told.put(sides[0], sides.length > 1 ? sides[1] : "");
    }
    String model = words.length > 1 ? words[0] + "-" + words[1] : words[0];
    String test = "tg" + RateRows.suffix(told.getOrDefault("depth", "0"), told.getOrDefault("m", "1"));
    results.add(new Rate(source, source, model, test, Map.of(), Series.told(row.number("tokens_per_s"), Double.NaN, Double.NaN), Map.of()));
  }

  private static void score(Fields row, String source, String backend, Results results) {
    double micros = row.number("time_us");
    if (!(micros > 0)) {
      return;
    }
    double gb = row.has("gb_per_s") ? row.number("gb_per_s") : row.number("bytes") / micros / 1e3;
    double tflop = row.has("tflop_per_s") ? row.number("tflop_per_s") : row.number("flops") / micros / 1e6;
    double[] samples = row.numbers("samples_us");
    results.add(new Score(source, backend, row.text("kernel"), row.text("case") + (source.equals(OWN) ? "" : " " + row.text("plan")), "us", false,
        samples.length > 0 ? Series.of(samples) : Series.told(micros, row.number("least_us"), row.number("most_us")), gb, tflop,
        row.number("ratio_to_floor")));
  }
}
