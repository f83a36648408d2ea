package dev.gatun.decoder.cli;

import dev.gatun.DeviceProperties;
import dev.gatun.decoder.Decoder;
import java.io.PrintStream;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What a run measured. Bytes of a token are those of the weights that one step at batch 1 reads.
 *
 * @param decoder what ran
 * @param loadNanos from opening the file to the first step
 * @param prompt tokens of the prompt, 0 where none was timed
 * @param prefillNanos time of each prefill, until the first token was chosen
 * @param steps tokens decoded one by one, 0 where none was timed
 * @param decodeNanos time of all these steps together, each time
 * @param memory of the process, taken before the bandwidth was measured
 * @param bandwidth bytes per second that this machine reads
 */
record Figures(Decoder decoder, long loadNanos, int prompt, Samples prefillNanos, int steps, Samples decodeNanos,
    Optional<ProcessMemory> memory, double bandwidth) {

  /** Measures memory, then bandwidth, and joins them to the times. */
  static Figures of(Terminal terminal, Decoder decoder, long loadNanos, int prompt, Samples prefillNanos, int steps, Samples decodeNanos) {
    Optional<ProcessMemory> memory = ProcessMemory.now();
    double bandwidth = Progress.during(terminal, "measuring bandwidth", decoder.backend()::bandwidth);
    return new Figures(decoder, loadNanos, prompt, prefillNanos, steps, decodeNanos, memory, bandwidth);
  }

  Samples prefillRate() {
    return prefillNanos.perSecond(prompt);
  }

  Samples decodeRate() {
    return decodeNanos.perSecond(steps);
  }

  /** Bytes of weights read per second while decoding, at the median. */
  double bytesPerSecond() {
    return decoder.weightBytesPerToken() * decodeRate().median();
  }

  double bandwidthShare() {
    return bytesPerSecond() / bandwidth;
  }

  void print(PrintStream out) {
    DeviceProperties device = decoder.backend().device();
    line(out, "backend", decoder.backend().name() + ", " + device.name() + ", "
        + device.facts().entrySet().stream().map(fact -> fact.getKey() + " " + fact.getValue()).collect(Collectors.joining(", ")));
    line(out, "load", Units.seconds(loadNanos) + "; prepared weights " + Units.bytes(decoder.preparedBytes()) + ", cache "
        + Units.bytes(decoder.cacheBytes()) + " for " + decoder.options().context() + " tokens in "
        + decoder.options().cacheType().label());
    if (prompt > 0) {
      line(out, "prefill", prefillRate().shown(1) + " tokens/s, " + prompt + " tokens" + repeats(prefillNanos));
      line(out, "first token", "after " + Units.seconds(Math.round(prefillNanos.median())));
    }
    if (steps > 0) {
      line(out, "decode", decodeRate().shown(2) + " tokens/s, " + steps + " tokens" + repeats(decodeNanos));
      line(out, "weights", Units.bytes(decoder.weightBytesPerToken()) + " per token, " + Units.rate(bytesPerSecond()) + " reached, "
          + Units.decimal(100 * bandwidthShare(), 0) + " % of the " + Units.rate(bandwidth) + " that this machine reads");
    }
    line(out, "memory", memory.map(found -> Units.bytes(found.resident()) + " resident, " + Units.bytes(found.peak()) + " at most")
        .orElse("unknown on this system"));
  }

  private static String repeats(Samples samples) {
    return samples.values().length == 1 ? "" : ", " + samples.values().length + " times";
  }

  static void line(PrintStream out, String name, String value) {
    out.println(name + " ".repeat(Math.max(1, 13 - name.length())) + value);
  }

  /** What is not of one test alone. */
  void putShared(Json document) {
    DeviceProperties device = decoder.backend().device();
    document.put("load_ms", loadNanos / 1e6).put("prepared_bytes", decoder.preparedBytes()).put("kv_cache_bytes", decoder.cacheBytes())
        .put("context", decoder.options().context()).put("bandwidth_gb_per_s", bandwidth / 1e9);
    memory.ifPresent(found -> document.put("rss_bytes", found.resident()).put("peak_rss_bytes", found.peak()));
    document.put("backend", decoder.backend().name()).object("device").put("name", device.name()).put("kind", device.kind())
        .put("units", device.units()).put("memory_bytes", device.memoryBytes());
    device.facts().forEach(document::put);
    document.endObject();
  }

  void putPrefill(Json document) {
    document.put("ttft_ms", prefillNanos.median() / 1e6);
  }

  void putDecode(Json document) {
    document.put("bytes_per_token", decoder.weightBytesPerToken()).put("gb_per_s", bytesPerSecond() / 1e9)
        .put("bandwidth_share", bandwidthShare());
  }
}
