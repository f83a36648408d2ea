package dev.gatun.decoder.cli;

import dev.gatun.DeviceProperties;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;

/**
 * Measurements as llama.cpp's {@code llama-bench -o json} writes them, one row for prefill and one for decode, with fields of Gatun's own
 * behind. The names and their order are those of {@code get_fields} in llama.cpp's {@code tools/llama-bench/llama-bench.cpp}; settings that
 * there is no choice of here have the value that describes what is done.
 */
final class BenchRows {
  private BenchRows() {}

  static void write(PrintStream out, Path file, ModelFacts model, Figures figures, int prefillDepth, int decodeDepth) {
    try (Json document = Json.indented(out)) {
      document.array();
      if (figures.prompt() > 0) {
        common(document, file, model, figures);
        test(document, figures.prompt(), 0, prefillDepth, figures.prefillNanos(), figures.prefillRate());
        figures.putPrefill(document);
        figures.putShared(document);
        document.endObject();
      }
      if (figures.steps() > 0) {
        common(document, file, model, figures);
        test(document, 0, figures.steps(), decodeDepth, figures.decodeNanos(), figures.decodeRate());
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
    document.object().put("build_commit", Version.commit()).put("build_number", 0).put("gatun_version", Version.number())
        .put("cpu_info", cpu ? device.name() : "").put("gpu_info", cpu ? "" : device.name())
        .put("backends", figures.decoder().backend().name())
        .put("model_filename", file.toString()).put("model_type", model.type()).put("model_size", model.tensorBytes())
        .put("model_n_params", model.parameters()).put("n_batch", chunk).put("n_ubatch", chunk).put("n_threads", threads(device))
        .put("cpu_mask", "0x0").put("cpu_strict", false).put("poll", 0)
        .put("type_k", type).put("type_v", type)
        .put("n_gpu_layers", cpu ? 0 : figures.decoder().model().dimensions().layers()).put("n_cpu_moe", 0).put("split_mode", "none")
        .put("main_gpu", 0).put("no_kv_offload", false).put("flash_attn", true).put("devices", cpu ? "none" : device.name())
        .put("tensor_split", "0.00").put("tensor_buft_overrides", "none").put("use_mmap", true).put("use_direct_io", false)
        .put("embeddings", false).put("no_op_offload", 0).put("no_host", false);
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
