package dev.gatun.decoder.cli.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Everything that a run measured, joined: the targets, each kernel beside its floor and its peer, tokens per second. What is missing is told in its place.
 */
public final class BenchReport {
  private static final String NOTHING = "not measured";

  private final MeasuredRows rows;
  private final boolean small;
  private final double copy;
  private final double product;

  /** A report of the rows of a run. */
  public BenchReport(MeasuredRows rows) {
    this.rows = rows;
    this.small = !rows.with("source", "gatun", "kernel", "ceiling", "scale", "small").isEmpty();
    double copied = rows.most("gb_per_s", "source", "gatun", "kernel", "ceiling");
    this.copy = copied > 0 ? copied : rows.most("bandwidth_gb_per_s");
    this.product = Math.max(rows.most("tflop_per_s", "source", "gatun", "kernel", "ceiling"),
        rows.most("tflop_per_s", "source", "torch", "kernel", "matmul", "type", "bf16", "status", KernelRow.MEASURED));
  }

  /** A number for people: three digits or so. */
  static String shown(double value) {
    if (!Double.isFinite(value)) {
      return "-";
    }
    double size = Math.abs(value);
    return String.format(Locale.ROOT, size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : size >= 0.1 || size == 0 ? "%.2f" : "%.2g", value);
  }

  private double floor(Map<String, Object> row) {
    double bytes = copy > 0 ? MeasuredRows.number(row, "bytes").orElse(0) / copy / 1e3 : 0;
    double flops = product > 0 ? MeasuredRows.number(row, "flops").orElse(0) / product / 1e6 : 0;
    return Math.max(bytes, flops);
  }

  /** The report in Markdown. */
  public String markdown() {
    List<String> lines = new ArrayList<>(List.of("# What was measured", ""));
    lines.addAll(heading());
    lines.addAll(List.of("", "## Targets", ""));
    lines.addAll(new Targets(small ? new MeasuredRows(List.of()) : rows, copy).table());
    lines.addAll(List.of("", "## Kernels", "", "| kernel | bytes | flops | floor us | time us | of the floor | GB/s | TFLOP/s | times the peer | plan |",
        "|---|---|---|---|---|---|---|---|---|---|"));
    KernelCases.all(BenchScale.FULL).forEach(wanted -> lines.add(kernel(wanted)));
    lines.addAll(List.of("", "## Tokens per second", ""));
    lines.addAll(new TokenRates(rows).tables());
    lines.addAll(List.of("", "## The host's share of a decode step", ""));
    List<String> host = new TokenRates(rows).hostLines();
    if (host.isEmpty()) {
      lines.add(NOTHING);
    } else {
      lines.addAll(List.of("| model | depth | batch | device us | host us beside it | submit us | read us |", "|---|---|---|---|---|---|---|"));
      lines.addAll(host);
    }
    return String.join("\n", lines) + "\n";
  }

  private List<String> heading() {
    List<String> lines = new ArrayList<>();
    Optional<Map<String, Object>> run = rows.with("source", "gatun", "kernel", "ceiling").stream().findFirst();
    run.ifPresent(row -> lines.add("Backend " + row.get("backend") + ", " + row.get("device") + ", driver " + row.getOrDefault("driver", "-") + ", commit "
        + row.get("commit") + ". Floors are at " + shown(copy) + " GB/s of copies and " + shown(product) + " TFLOP/s of bf16 products, the best of this run."));
    if (run.isEmpty()) {
      lines.add("No ceilings were measured, so that there are no floors.");
    }
    if (small) {
      lines.add("");
      lines.add("The sizes were small ones, to try the scripts: the figures mean nothing.");
    }
    boolean torch = rows.rows().stream().anyMatch(row -> "torch".equals(row.get("source")) && KernelRow.MEASURED.equals(row.get("status")));
    lines.add("");
    lines.add(torch ? "The peer is PyTorch, in the same run." : "No peer ran: PyTorch was not at hand.");
    return lines;
  }

  private String kernel(KernelCase wanted) {
    Optional<Map<String, Object>> own = rows.measured("gatun", wanted.kernel(), wanted.name());
    if (own.isEmpty()) {
      String status = rows.with("source", "gatun", "kernel", wanted.kernel(), "case", wanted.name()).stream()
          .map(row -> String.valueOf(row.get("status"))).findFirst().orElse(NOTHING);
      return "| " + wanted + " | | | | " + status.replace("|", "/").lines().findFirst().orElse(NOTHING) + " | | | | | |";
    }
    Map<String, Object> row = own.get();
    double time = MeasuredRows.number(row, "time_us").orElse(Double.NaN);
    String peer = rows.measured("torch", wanted.kernel(), wanted.name())
        .map(theirs -> shown(MeasuredRows.number(theirs, "time_us").orElse(Double.NaN) / time) + " (" + theirs.get("plan") + ")").orElse(NOTHING);
    return "| " + wanted + " | " + row.get("bytes") + " | " + row.get("flops") + " | " + shown(floor(row)) + " | " + shown(time) + " | "
        + shown(100 * floor(row) / time) + " % | " + shown(MeasuredRows.number(row, "gb_per_s").orElse(0)) + " | "
        + shown(MeasuredRows.number(row, "tflop_per_s").orElse(0)) + " | " + peer + " | " + row.get("plan") + ", " + row.get("tile") + " |";
  }

  /** Time against floor of the kernels that were measured, as SVG. */
  public String plot() {
    List<FloorPlot.Dot> dots = new ArrayList<>();
    for (Map<String, Object> row : rows.with("source", "gatun", "status", KernelRow.MEASURED)) {
      double time = MeasuredRows.number(row, "time_us").orElse(0);
      if (time > 0 && floor(row) > 0) {
        dots.add(new FloorPlot.Dot(String.valueOf(row.get("kernel")), String.valueOf(row.get("case")), floor(row), time));
      }
    }
    return new FloorPlot(dots).svg();
  }
}
