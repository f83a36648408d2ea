package dev.gatun.decoder.cli;

import dev.gatun.Backend;
import dev.gatun.DeviceProperties;
import dev.gatun.decoder.Decoder;
import dev.gatun.decoder.DecoderOptions;
import dev.gatun.decoder.Model;
import dev.gatun.decoder.cli.rate.RateTest;
import dev.gatun.decoder.cli.rate.TimedDecoder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A setting ready to be timed, owned; the model and the backend belong to others.
 *
 * @param setting what it was opened for
 * @param model what it runs
 * @param timed the decoder with a clock beside it
 * @param loadNanos from opening the file to the first step
 */
record BenchSession(BenchSetting setting, Model model, TimedDecoder timed, long loadNanos) implements AutoCloseable {
  /** @param openNanos what opening the file took */
  static BenchSession of(Terminal terminal, BenchSetting setting, Model model, long openNanos, Backend backend) {
    DecoderOptions options = setting.cache().options(terminal, model, (int) setting.length(), 0).withSequences(setting.sequences());
    return Progress.during(terminal, "loading " + model.gguf().file().getFileName(), () -> {
      long started = System.nanoTime();
      Decoder decoder = new Decoder(backend, model, options);
      try {
        long nanos = openNanos + System.nanoTime() - started;
        int longest = setting.tests().stream().mapToInt(test -> Math.max(test.prompt(), test.depth() + test.prompt())).max().orElseThrow();
        int[] ids = SeededPrompt.of(model, Math.max(SeededPrompt.CHECKED, longest));
        new BenchCheck(decoder, ids).run();
        return new BenchSession(setting, model, new TimedDecoder(decoder, ids, setting.pretend()), nanos);
      } catch (RuntimeException | Error e) {
        decoder.close();
        throw e;
      }
    });
  }

  List<RateTest> tests() {
    return setting.tests();
  }

  Decoder decoder() {
    return timed.decoder();
  }

  int threads() {
    DeviceProperties device = decoder().backend().device();
    try {
      return Integer.parseInt(device.facts().getOrDefault("threads", ""));
    } catch (NumberFormatException _) {
      return device.units();
    }
  }

  /** The level of the kernels in C that a device's facts tell of; {@code none} if there are none, for whatever reason. */
  static String inC(Map<?, ?> facts) {
    String told = facts.get("native") instanceof String text ? text : "";
    return told.isEmpty() || told.startsWith("off: ") ? "none" : told.replaceFirst(" .*", "");
  }

  /** What must be the same for figures to be compared, by the names of their fields. */
  Map<String, Object> identity() {
    Map<String, Object> fields = new LinkedHashMap<>();
    ModelFacts facts = ModelFacts.of(model.gguf());
    DeviceProperties device = decoder().backend().device();
    Path name = model.gguf().file().getFileName();
    fields.put("backend", decoder().backend().name());
    fields.put("device_name", device.name());
    fields.put("device_units", device.units());
    fields.put("lanes", device.facts().getOrDefault("lanes", ""));
    fields.put("native", inC(device.facts()));
    fields.put("n_threads", threads());
    fields.put("model_file", String.valueOf(name));
    fields.put("model_type", facts.type());
    fields.put("model_size", facts.tensorBytes());
    fields.put("model_n_params", facts.parameters());
    fields.put("made", setting.source().made());
    fields.put("pretend", setting.pretend());
    fields.put("type_k", decoder().options().cacheType().label());
    fields.put("activations", decoder().options().activations().label());
    fields.put("context", decoder().options().context());
    fields.put("n_batch", decoder().options().chunk());
    fields.put("backend_options", setting.backend().settings().values());
    return fields;
  }

  @Override
  public void close() {
    decoder().close();
  }
}
