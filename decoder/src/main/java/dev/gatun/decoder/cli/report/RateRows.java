package dev.gatun.decoder.cli.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Rows in the form of {@code llama-bench -o json}: of llama.cpp's own and of {@code gatun bench --json}. */
final class RateRows {
  private static final Map<String, String> SETTINGS = Map.of("n_threads", "threads", "type_k", "keys", "type_v", "values", "n_ubatch", "batch",
      "n_gpu_layers", "layers on the device", "flash_attn", "flash attention");
  private static final List<String> DETAILS = List.of("gb_per_s", "bandwidth_share", "bytes_per_token", "ttft_ms", "device_us_per_step", "host_us_per_step",
      "peak_rss_bytes");

  private RateRows() {}

  static String suffix(String depth, String sequences) {
    return (depth.isEmpty() || depth.equals("0") ? "" : " @ d" + depth) + (sequences.isEmpty() || sequences.equals("1") ? "" : ", " + sequences + " sequences");
  }

  static void read(Fields row, Results results) {
    boolean own = row.has("gatun_version");
    String backend = own ? row.first("backend", "backends") : ResultFiles.word(row.text("backends"));
    String model = row.text("model_filename").replaceFirst("^.*[/\\\\]", "").replaceFirst(" \\(.*$", "").replaceFirst("\\.gguf$", "");
    double[] samples = row.numbers("samples_ts");
    if (samples.length == 0 && !(row.number("avg_ts") > 0)) {
      results.add(new Results.Missing(model + " " + test(row), "the row has no rate", false));
      return;
    }
    Map<String, String> settings = new LinkedHashMap<>();
    SETTINGS.entrySet().stream().sorted(Map.Entry.comparingByKey()).filter(entry -> row.has(entry.getKey()))
        .forEach(entry -> settings.put(entry.getValue(), row.text(entry.getKey())));
    if (!row.text("build_commit").isEmpty()) {
      settings.put("build", row.text("build_commit"));
    }
    Map<String, Double> details = new LinkedHashMap<>();
    DETAILS.stream().filter(row::has).forEach(name -> details.put(name, row.number(name)));
    Series perSecond = samples.length > 0 ? Series.of(samples)
        : Series.told(row.number("avg_ts"), row.number("avg_ts") - row.number("stddev_ts"), row.number("avg_ts") + row.number("stddev_ts"));
    String source = own ? "gatun" : "llama.cpp";
    results.add(new Rate(source, backend, model.isEmpty() ? row.text("model_type") : model, test(row), settings, perSecond, details));
    facts(row, source, backend, results);
  }

  /** In the words of llama-bench. */
  private static String test(Fields row) {
    String prompt = row.text("n_prompt");
    String generated = row.text("n_gen");
    boolean fed = !prompt.isEmpty() && !prompt.equals("0");
    boolean decoded = !generated.isEmpty() && !generated.equals("0");
    return (fed ? "pp" + prompt : "") + (fed && decoded ? "+" : "") + (decoded ? "tg" + generated : "")
        + suffix(row.text("n_depth"), row.text("n_sequences"));
  }

  private static void facts(Fields row, String source, String backend, Results results) {
    Map<String, String> told = new LinkedHashMap<>();
    for (String name : List.of("cpu_info", "gpu_info", "build_commit", "gatun_version")) {
      if (!row.text(name).isBlank()) {
        told.put(name, row.text(name));
      }
    }
    told.putAll(row.object("device").flat());
    results.add(new Results.Facts("Tokens/s, " + source + (backend.isEmpty() ? "" : " on " + backend), told));
  }
}
