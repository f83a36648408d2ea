package dev.gatun.decoder.cli;

import dev.gatun.DeviceProperties;
import dev.gatun.decoder.Decoder;
import dev.gatun.decoder.cli.rate.HostShare;
import dev.gatun.decoder.cli.rate.Samples;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What a run measured. Bytes of a token are those of the weights that one step reads, of however many sequences.
 *
 * @param decoder what ran
 * @param loadNanos from opening the file to the first step
 * @param prompt tokens of the prompt, 0 where none was timed
 * @param prefillNanos time of each prefill, until the first token was chosen
 * @param sequences how many were decoded side by side
 * @param steps tokens of each decoded one by one, 0 where none was timed
 * @param decodeNanos time of all these steps together, each time
 * @param host what of a step is the host's, where steps were timed
 * @param memory of the process, taken before the bandwidth was measured
 * @param bandwidth bytes per second that this machine reads; NaN where no step was timed, for which it would stand beside nothing
 */
record Figures(Decoder decoder, long loadNanos, int prompt, Samples prefillNanos, int sequences, int steps, Samples decodeNanos,
    Optional<HostShare> host, Optional<ProcessMemory> memory, double bandwidth) {

  /** Measures memory, then bandwidth where steps were timed, and joins them to the times. */
  static Figures of(Terminal terminal, Decoder decoder, long loadNanos, int prompt, Samples prefillNanos, int sequences, int steps, Samples decodeNanos,
      Optional<HostShare> host) {
    Optional<ProcessMemory> memory = ProcessMemory.now();
    double bandwidth = steps == 0 ? Double.NaN : Progress.during(terminal, "measuring bandwidth", decoder.backend()::bandwidth);
    return new Figures(decoder, loadNanos, prompt, prefillNanos, sequences, steps, decodeNanos, host, memory, bandwidth);
  }

  Samples prefillRate() {
    return prefillNanos.perSecond(prompt);
  }

  Samples decodeRate() {
    return decodeNanos.perSecond((double) sequences * steps);
  }

  /** Bytes of weights read per second while decoding, at the median. */
  double bytesPerSecond() {
    return decoder.weightBytesPerToken() * decodeRate().median() / sequences;
  }

  double bandwidthShare() {
    return bytesPerSecond() / bandwidth;
  }

  void print(PrintStream out) {
    printHeading(out);
    printPrefill(out, "");
    printDecode(out, "");
    printMemory(out);
  }

  void printHeading(PrintStream out) {
    DeviceProperties device = decoder.backend().device();
    line(out, "backend", decoder.backend().name() + ", " + device.name() + ", "
        + device.facts().entrySet().stream().map(fact -> fact.getKey() + " " + fact.getValue()).collect(Collectors.joining(", ")));
    line(out, "load", Units.seconds(loadNanos) + "; prepared weights " + Units.bytes(decoder.preparedBytes()) + ", cache "
        + Units.bytes(decoder.cacheBytes()) + " for " + decoder.options().context() + " tokens in "
        + decoder.options().cacheType().label());
  }

  /** @param where behind the number of tokens */
  void printPrefill(PrintStream out, String where) {
    if (prompt > 0) {
      line(out, "prefill", shown(prefillRate(), 1) + " tokens/s, " + prompt + " tokens" + where + repeats(prefillNanos));
      line(out, "first token", "after " + Units.seconds(Math.round(prefillNanos.median())));
    }
  }

  /** @param where behind the number of tokens */
  void printDecode(PrintStream out, String where) {
    if (steps > 0) {
      line(out, "decode", shown(decodeRate(), 2) + " tokens/s, " + steps + " tokens" + (sequences == 1 ? "" : " of each of " + sequences + " sequences")
          + where + repeats(decodeNanos));
      host.ifPresent(share -> line(out, "host", Units.decimal(hostMicros(share), 1) + " us of a token beside the device's " + Units.decimal(share.device() / 1e3, 1)
          + " us; submitting takes " + Units.decimal(share.submit() / 1e3, 1) + " us, reading a token " + Units.decimal(share.read() / 1e3, 1) + " us"));
      line(out, "weights", Units.bytes(decoder.weightBytesPerToken()) + " per token, " + Units.rate(bytesPerSecond()) + " reached, "
          + Units.decimal(100 * bandwidthShare(), 0) + " % of the " + Units.rate(bandwidth) + " that this machine reads");
    }
  }

  void printMemory(PrintStream out) {
    line(out, "memory", memory.map(found -> Units.bytes(found.resident()) + " resident, " + Units.bytes(found.peak()) + " at most")
        .orElse("unknown on this system"));
  }

  /** What a step takes beyond the device's own time. */
  private double hostMicros(HostShare share) {
    return (decodeNanos.median() / steps - share.device()) / 1e3;
  }

  /** The median, with the spread where there are several. */
  static String shown(Samples samples, int digits) {
    String median = Units.decimal(samples.median(), digits);
    return samples.values().length < 2 ? median
        : median + " (" + Units.decimal(samples.least(), digits) + " to " + Units.decimal(samples.most(), digits) + ")";
  }

  static String repeats(Samples samples) {
    return samples.values().length == 1 ? "" : ", " + samples.values().length + " times";
  }

  static void line(PrintStream out, String name, String value) {
    out.println(name + " ".repeat(Math.max(1, 13 - name.length())) + value);
  }

  /** What is not of one test alone. */
  Map<String, Object> shared() {
    Map<String, Object> fields = new LinkedHashMap<>();
    DeviceProperties device = decoder.backend().device();
    fields.put("n_sequences", sequences);
    fields.put("load_ms", loadNanos / 1e6);
    fields.put("prepared_bytes", decoder.preparedBytes());
    fields.put("kv_cache_bytes", decoder.cacheBytes());
    fields.put("context", decoder.options().context());
    if (!Double.isNaN(bandwidth)) {
      fields.put("bandwidth_gb_per_s", bandwidth / 1e9);
    }
    memory.ifPresent(found -> {
      fields.put("rss_bytes", found.resident());
      fields.put("peak_rss_bytes", found.peak());
    });
    fields.put("backend", decoder.backend().name());
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("name", device.name());
    facts.put("kind", device.kind());
    facts.put("units", device.units());
    facts.put("memory_bytes", device.memoryBytes());
    facts.putAll(device.facts());
    fields.put("device", facts);
    return fields;
  }

  Map<String, Object> prefill() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("ttft_ms", prefillNanos.median() / 1e6);
    return fields;
  }

  Map<String, Object> decode() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("bytes_per_token", decoder.weightBytesPerToken());
    fields.put("gb_per_s", bytesPerSecond() / 1e9);
    fields.put("bandwidth_share", bandwidthShare());
    host.ifPresent(share -> {
      fields.put("device_us_per_step", share.device() / 1e3);
      fields.put("host_us_per_step", hostMicros(share));
      fields.put("submit_us", share.submit() / 1e3);
      fields.put("read_us", share.read() / 1e3);
    });
    return fields;
  }
}
