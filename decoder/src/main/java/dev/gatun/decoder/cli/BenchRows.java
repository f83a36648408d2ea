package dev.gatun.decoder.cli;

import dev.gatun.DeviceProperties;
import dev.gatun.decoder.Decoder;
import dev.gatun.decoder.cli.rate.Samples;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Measurements as llama.cpp's {@code llama-bench -o json} writes them, one row for each test, with fields of Gatun's own
 * behind. The names and their order are those of {@code get_fields} in llama.cpp's {@code tools/llama-bench/llama-bench.cpp}; settings that
 * there is no choice of here have the value that describes what is done.
 */
final class BenchRows {
  private BenchRows() {}

  static Map<String, Object> of(BenchResult result) {
    Map<String, Object> row = new LinkedHashMap<>();
    common(row, result.session());
    test(row, result);
    if (result.test().isPrefill()) {
      row.putAll(result.figures().prefill());
    }
    if (result.test().isDecode()) {
      row.putAll(result.figures().decode());
    }
    result.facts().ifPresent(facts -> {
      row.put("kernels_per_step", facts.kernels());
      row.put("step_bytes", facts.bytes());
      facts.heapBytes().ifPresent(bytes -> row.put("heap_bytes_per_step", bytes));
    });
    row.putAll(result.figures().shared());
    setting(row, result);
    return row;
  }

  private static void common(Map<String, Object> row, BenchSession session) {
    Decoder decoder = session.decoder();
    DeviceProperties device = decoder.backend().device();
    ModelFacts model = ModelFacts.of(session.model().gguf());
    boolean cpu = device.kind().equals("cpu");
    String type = decoder.options().cacheType().label();
    int chunk = decoder.options().chunk();
    put(row, "build_commit", Version.commit(), "build_number", 0, "gatun_version", Version.number(),
        "cpu_info", cpu ? device.name() : "", "gpu_info", cpu ? "" : device.name(), "backends", decoder.backend().name(),
        "model_filename", session.model().gguf().file(), "model_type", model.type(), "model_size", model.tensorBytes(),
        "model_n_params", model.parameters(), "n_batch", chunk, "n_ubatch", chunk, "n_threads", session.threads(),
        "cpu_mask", "0x0", "cpu_strict", false, "poll", 0, "type_k", type, "type_v", type,
        "n_gpu_layers", cpu ? 0 : session.model().dimensions().layers(), "n_cpu_moe", 0, "split_mode", "none",
        "main_gpu", 0, "no_kv_offload", false, "flash_attn", true, "devices", cpu ? "none" : device.name(),
        "tensor_split", "0.00", "tensor_buft_overrides", "none", "use_mmap", true, "use_direct_io", false,
        "embeddings", false, "no_op_offload", 0, "no_host", false);
  }

  private static void test(Map<String, Object> row, BenchResult result) {
    Samples nanos = result.measured().nanos();
    Samples rates = result.rates();
    put(row, "n_prompt", result.test().prompt(), "n_gen", result.test().generated(), "n_depth", result.test().depth(),
        "test_time", Instant.now().truncatedTo(ChronoUnit.SECONDS),
        "avg_ns", Math.round(nanos.mean()), "stddev_ns", Math.round(nanos.deviation()),
        "avg_ts", rates.mean(), "stddev_ts", rates.deviation(), "samples_ns", whole(nanos), "samples_ts", rates.values(),
        "median_ts", rates.median(), "mad_ts", rates.medianDeviation(), "min_ts", rates.least(), "max_ts", rates.most());
    Map<String, Object> calibration = new LinkedHashMap<>();
    put(calibration, "memory_ns", whole(result.measured().memoryNanos()), "arithmetic_ns", whole(result.measured().arithmeticNanos()));
    row.put("calibration", calibration);
  }

  private static long[] whole(Samples samples) {
    return Arrays.stream(samples.values()).mapToLong(Math::round).toArray();
  }

  /** What it takes to measure the same again. */
  private static void setting(Map<String, Object> row, BenchResult result) {
    BenchSetting setting = result.session().setting();
    if (setting.source().file().isEmpty()) {
      put(row, "shape", setting.source().shape().name(), "weight_type", setting.source().mix().label());
    }
    put(row, "made", setting.source().made(), "pretend", setting.pretend(), "activations", result.session().decoder().options().activations().label(),
        "backend_options", setting.backend().settings().values());
    String slowed = result.session().decoder().backend().device().facts().get(BenchRun.SLOWED);
    if (slowed != null) {
      row.put(BenchRun.SLOWED, slowed);
    }
  }

  private static void put(Map<String, Object> row, Object... namesAndValues) {
    for (int i = 0; i < namesAndValues.length; i += 2) {
      row.put((String) namesAndValues[i], namesAndValues[i + 1]);
    }
  }
}
