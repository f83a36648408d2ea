package dev.gatun.decoder.cli;

import dev.gatun.DeviceProperties;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;

/**
 * Measurements as llama.cpp's {@code llama-bench -o json} writes them, one row for prefill and one for decode, with fields of Gatun's own
 * behind.
 */
final class BenchRows {
  private BenchRows() {}

  static void write(PrintStream out, Path file, ModelFacts model, Figures figures) {
    try (Json document = Json.indented(out)) {
      document.array();
      if (figures.prompt() > 0) {
        common(document, file, model, figures);
        test(document, figures.prompt(), 0, 0, figures.prefillNanos(), figures.prefillRate());
        figures.putPrefill(document);
        figures.putShared(document);
        document.endObject();
      }
      if (figures.steps() > 0) {
        common(document, file, model, figures);
        test(document, 0, figures.steps(), figures.prompt(), figures.decodeNanos(), figures.decodeRate());
        figures.putDecode(document);
        figures.putShared(document);
        document.endObject();
      }
      document.endArray();
    }
  }

  private static void common(Json document, Path file, ModelFacts model, Figures figures) {
    DeviceProperties device = figures.decoder().backend().device();
    boolean cpu = device.kind().equals("cpu");
    String type = figures.decoder().options().cacheType().label();
    int chunk = figures.decoder().options().chunk();
    document.object().put("build_commit", Version.commit()).put("gatun_version", Version.number())
        .put("cpu_info", cpu ? device.name() : "").put("gpu_info", cpu ? "" : device.name())
        .put("backends", figures.decoder().backend().name())
        .put("model_filename", file.toString()).put("model_type", model.type()).put("model_size", model.tensorBytes())
        .put("model_n_params", model.parameters()).put("n_batch", chunk).put("n_ubatch", chunk).put("n_threads", threads(device))
        .put("type_k", type).put("type_v", type);
  }

  private static int threads(DeviceProperties device) {
    try {
      return Integer.parseInt(device.facts().getOrDefault("threads", ""));
    } catch (NumberFormatException _) {
      return device.units();
    }
  }

  private static void test(Json document, int prompt, int generated, int depth, Samples nanos, Samples rates) {
    document.put("n_prompt", prompt).put("n_gen", generated).put("n_depth", depth)
        .put("test_time", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString())
        .put("avg_ns", Math.round(nanos.mean())).put("stddev_ns", Math.round(nanos.deviation()))
        .put("avg_ts", rates.mean()).put("stddev_ts", rates.deviation())
        .put("samples_ns", Arrays.stream(nanos.values()).mapToLong(Math::round).toArray()).put("samples_ts", rates.values())
        .put("median_ts", rates.median()).put("min_ts", rates.least()).put("max_ts", rates.most());
  }
}
