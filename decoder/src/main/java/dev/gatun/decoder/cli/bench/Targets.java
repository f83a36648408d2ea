package dev.gatun.decoder.cli.bench;

import dev.gatun.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** What the kernels aim at, each with what was reached, or that it was not measured. */
final class Targets {
  private static final String NOTHING = "not measured";

  private final MeasuredRows rows;
  private final TokenRates rates;
  private final double copy;
  private final List<String> lines = new ArrayList<>();

  /** @param copy the copy bandwidth of the same run in GB/s, 0 where it was not measured */
  Targets(MeasuredRows rows, double copy) {
    this.rows = rows;
    this.rates = new TokenRates(rows);
    this.copy = copy;
  }

  /** A Markdown table. */
  List<String> table() {
    lines.addAll(List.of("| target | wanted | reached | from |", "|---|---|---|---|"));
    share("llama-3-8b", "bf16", 85);
    share("llama-3.2-1b", "bf16", 78);
    share("llama-3-8b", "q4_0", 70);
    fourBits();
    for (KernelCase wanted : KernelCases.all(BenchScale.FULL)) {
      if (wanted.kernel().equals("matmul") && DType.BF16.label().equals(wanted.sizes().get("activations")) && "bf16".equals(wanted.sizes().get("type"))) {
        peer(wanted, "cuBLAS");
      } else if (wanted.kernel().equals("attention") && wanted.name().startsWith("prefill")) {
        peer(wanted, "the fastest SDPA");
      }
    }
    for (KernelCase wanted : KernelCases.all(BenchScale.FULL)) {
      if (wanted.kernel().equals("attention") && wanted.name().startsWith("decode")) {
        bandwidth(wanted);
      }
    }
    return lines;
  }

  private void line(String target, String wanted, String reached, String from) {
    lines.add("| " + target + " | " + wanted + " | " + reached + " | " + from + " |");
  }

  private void share(String shape, String type, int percent) {
    OptionalDouble rate = rates.decode(shape, type).map(row -> MeasuredRows.number(row, "gb_per_s")).orElse(OptionalDouble.empty());
    String reached = rate.isPresent() && copy > 0 ? BenchReport.shown(100 * rate.getAsDouble() / copy) + " %" : NOTHING;
    line("decode " + shape + " " + type + ", share of the copy bandwidth", "85 %".replace("85", Integer.toString(percent)), reached,
        rate.isPresent() ? BenchReport.shown(rate.getAsDouble()) + " of " + BenchReport.shown(copy) + " GB/s" : "");
  }

  private void fourBits() {
    double plain = rate("bf16");
    double narrow = Math.max(rate("q4_0"), rate("q4_k"));
    line("decode llama-3-8b in 4 bits, times bf16", "3.5", plain > 0 && narrow > 0 ? BenchReport.shown(narrow / plain) : NOTHING,
        plain > 0 && narrow > 0 ? BenchReport.shown(narrow) + " and " + BenchReport.shown(plain) + " tokens/s" : "");
  }

  private double rate(String type) {
    return rates.decode("llama-3-8b", type).map(row -> MeasuredRows.number(row, "median_ts").orElse(0)).orElse(0.0);
  }

  private void peer(KernelCase wanted, String library) {
    Optional<Map<String, Object>> own = rows.measured("gatun", wanted.kernel(), wanted.name());
    Optional<Map<String, Object>> theirs = rows.measured("torch", wanted.kernel(), wanted.name());
    String reached = own.isPresent() && theirs.isPresent() ? BenchReport.shown(time(theirs.get()) / time(own.get()))
        : own.isPresent() ? NOTHING + ": no peer" : NOTHING;
    line(wanted + ", times " + library, "1.0", reached, own.map(row -> BenchReport.shown(MeasuredRows.number(row, "tflop_per_s").orElse(0)) + " TFLOP/s").orElse(""));
  }

  private void bandwidth(KernelCase wanted) {
    Optional<Map<String, Object>> own = rows.measured("gatun", wanted.kernel(), wanted.name());
    double moved = own.map(row -> MeasuredRows.number(row, "gb_per_s").orElse(0)).orElse(0.0);
    line(wanted + ", share of the copy bandwidth", "85 %", own.isPresent() && copy > 0 ? BenchReport.shown(100 * moved / copy) + " %" : NOTHING,
        own.isPresent() ? BenchReport.shown(moved) + " GB/s" : "");
  }

  private static double time(Map<String, Object> row) {
    return MeasuredRows.number(row, "time_us").orElse(Double.NaN);
  }
}
