package dev.gatun.decoder.cli;

import dev.gatun.Backend;
import dev.gatun.DeviceProperties;
import dev.gatun.decoder.cli.bench.KernelBench;
import dev.gatun.decoder.cli.bench.KernelCase;
import dev.gatun.decoder.cli.bench.KernelRow;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How fast single kernels are on the sizes of real models. */
@Command(name = "kernels",
    description = "Measure kernels one by one on the sizes of real models, beside what the memory and the arithmetic of the device allow.",
    footer = {"", "Examples:", "  gatun kernels --backend cuda --json", "  gatun kernels --only 'matmul llama-3-8b' --seconds 60",
        "  gatun kernels --scale small --backend cuda-emulated"})
final class KernelsCommand implements Callable<Integer> {
  private static final int LONGEST = 24 * 60 * 60;

  private final Terminal terminal;

  @Spec CommandSpec spec;
  @Mixin Help help;
  @Mixin BackendChoice backend;

  @Option(names = "--scale", paramLabel = "SCALE", defaultValue = "full",
      description = "full: the models' sizes; small: such as an emulator gets through, whose figures mean nothing. Default: ${DEFAULT-VALUE}.")
  Size scale;

  @Option(names = "--seconds", paramLabel = "N", defaultValue = "600",
      description = "After this time no more cases are begun; they are written as not measured. Default: ${DEFAULT-VALUE}.")
  int seconds;

  @Option(names = "--only", paramLabel = "TEXT", description = "Only cases whose kernel and name begin with this, for example 'matmul square'.")
  Optional<String> only = Optional.empty();

  @Option(names = "--list", description = "Only list the cases.")
  boolean list;

  @Option(names = "--json", description = "Print a JSON object a line: first the ceilings, then the cases, each as soon as it is measured.")
  boolean json;

  /** How large the cases are. */
  enum Size { FULL, SMALL }

  KernelsCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    if (seconds < 1 || seconds > LONGEST) {
      throw new ParameterException(spec.commandLine(), "--seconds must be from 1 to " + LONGEST + ", not " + seconds);
    }
    boolean full = scale == Size.FULL;
    List<KernelCase> cases = KernelBench.cases(full).stream().filter(this::isWanted).toList();
    if (cases.isEmpty()) {
      throw new ParameterException(spec.commandLine(), "no case begins with '" + only.orElse("") + "'; --list shows all");
    }
    if (list) {
      cases.forEach(this::listed);
      return 0;
    }
    long deadline = System.nanoTime() + seconds * 1_000_000_000L;
    backend.check();
    try (Backend opened = backend.open(); Progress progress = Progress.of(terminal, "measuring the ceilings")) {
      KernelBench bench = new KernelBench(opened, full);
      KernelBench.Ceilings ceilings = bench.ceilings();
      heading(opened, ceilings);
      progress.say("measuring kernels");
      int[] wrong = new int[1];
      int[] done = new int[1];
      bench.measure(ceilings, cases, deadline, row -> {
        print(row);
        progress.at(++done[0], cases.size());
        wrong[0] += row.status().startsWith("wrong") ? 1 : 0;
      });
      return wrong[0] == 0 ? 0 : 1;
    }
  }

  private boolean isWanted(KernelCase wanted) {
    return only.map(text -> wanted.toString().startsWith(text)).orElse(true);
  }

  private void listed(KernelCase wanted) {
    if (!json) {
      terminal.out().println(wanted);
      return;
    }
    try (Json document = Json.compact(terminal.out())) {
      document.object().put("kernel", wanted.kernel()).put("case", wanted.name()).put("status", "listed");
      wanted.sizes().forEach(document::put);
      document.endObject();
    }
  }

  private void heading(Backend opened, KernelBench.Ceilings ceilings) {
    DeviceProperties device = opened.device();
    if (!json) {
      Figures.line(terminal.out(), "backend", opened.name() + ", " + device.name());
      Figures.line(terminal.out(), "copy", Units.rate(ceilings.bytesPerSecond()));
      Figures.line(terminal.out(), "matmul", Units.scaled(ceilings.flopsPerSecond()) + "FLOP/s");
      return;
    }
    try (Json document = Json.compact(terminal.out())) {
      document.object().put("source", "gatun").put("kernel", "ceiling").put("case", "copy and matmul").put("status", KernelRow.MEASURED)
          .put("gb_per_s", ceilings.bytesPerSecond() / 1e9).put("tflop_per_s", ceilings.flopsPerSecond() / 1e12)
          .put("scale", scale.name().toLowerCase(Locale.ROOT)).put("backend", opened.name()).put("device", device.name())
          .put("commit", Version.commit()).put("units", device.units());
      device.facts().forEach(document::put);
      document.endObject();
    }
  }

  private void print(KernelRow row) {
    if (json) {
      try (Json document = Json.compact(terminal.out())) {
        document.object();
        for (Map.Entry<String, Object> field : row.fields().entrySet()) {
          document.put(field.getKey(), field.getValue());
        }
        document.endObject();
      }
      terminal.out().flush();
      return;
    }
    String figures = row.figures().map(f -> Units.decimal(f.median() / 1e3, 1) + " us, floor " + Units.decimal(f.floor() / 1e3, 1) + " ("
        + Units.decimal(100 * f.floor() / f.median(), 0) + " %), " + Units.rate(f.bytes() / f.median() * 1e9) + ", "
        + Units.scaled(f.flops() / f.median() * 1e9) + "FLOP/s, " + f.kernel()).orElse(row.status());
    terminal.out().println(row.wanted() + ": " + figures);
  }
}
