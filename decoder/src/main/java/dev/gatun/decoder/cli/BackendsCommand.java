package dev.gatun.decoder.cli;

import dev.gatun.Backend;
import dev.gatun.BackendInfo;
import dev.gatun.DeviceProperties;
import dev.gatun.Gatun;
import dev.gatun.GatunException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What there is to run on. */
@Command(name = "backends", description = "List the backends found, the default first, with their devices or why they do not work here.",
    footer = {"", "Example:", "  gatun backends --measure"})
final class BackendsCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Mixin Help help;

  @Option(names = "--measure", description = "Measure each device's read bandwidth, which takes a moment.")
  boolean measure;

  @Option(names = "--json", description = "Print JSON.")
  boolean json;

  private record Found(BackendInfo info, Optional<DeviceProperties> device, double bandwidth, List<String> reasons) {}

  BackendsCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    List<Found> all = new ArrayList<>();
    for (BackendInfo info : Gatun.backends()) {
      all.add(look(info));
    }
    if (json) {
      writeJson(all);
    } else {
      all.forEach(this::print);
    }
    if (all.isEmpty()) {
      throw new GatunException("no backend was found on the class path or module path");
    }
    return 0;
  }

  private Found look(BackendInfo info) {
    if (!info.isAvailable()) {
      return new Found(info, Optional.empty(), 0, info.reasons());
    }
    try (Backend backend = Gatun.open(info.name())) {
      double bandwidth = measure ? Progress.during(terminal, "measuring " + info.name(), backend::bandwidth) : 0;
      return new Found(info, Optional.of(backend.device()), bandwidth, info.reasons());
    } catch (GatunException e) {
      List<String> reasons = new ArrayList<>(info.reasons());
      reasons.add(Errors.oneLine(e.getMessage()));
      return new Found(info, Optional.empty(), 0, reasons);
    }
  }

  private void print(Found found) {
    PrintStream out = terminal.out();
    out.println(found.info.name() + ": " + found.info.description());
    out.println("  available  " + (found.device.isPresent() ? "yes, score " + found.info.score() : "no"));
    found.reasons.forEach(reason -> out.println((found.device.isPresent() ? "  warning    " : "  because    ") + reason));
    found.device.ifPresent(device -> {
      out.println("  device     " + device.name() + " (" + device.kind() + ", " + device.units() + " units, "
          + Units.bytes(device.memoryBytes()) + ")");
      device.facts().forEach((name, fact) -> out.println("  " + name + " ".repeat(Math.max(1, 11 - name.length())) + fact));
      if (measure) {
        out.println("  bandwidth  " + Units.rate(found.bandwidth));
      }
    });
  }

  private void writeJson(List<Found> all) {
    try (Json document = Json.indented(terminal.out())) {
      document.array();
      for (Found found : all) {
        document.object().put("name", found.info.name()).put("description", found.info.description())
            .put("available", found.device.isPresent()).put("score", found.info.score()).put("reasons", found.reasons);
        found.device.ifPresent(device -> {
          document.object("device").put("name", device.name()).put("kind", device.kind()).put("memory_bytes", device.memoryBytes())
              .put("units", device.units()).put("alignment", device.alignment()).put("host_memory", device.hostMemory());
          device.facts().forEach(document::put);
          document.endObject();
          if (measure) {
            document.put("bandwidth_bytes_per_second", Math.round(found.bandwidth));
          }
        });
        document.endObject();
      }
      document.endArray();
    }
  }
}
