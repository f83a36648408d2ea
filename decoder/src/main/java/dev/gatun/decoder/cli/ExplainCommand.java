package dev.gatun.decoder.cli;

import dev.gatun.Executable;
import dev.gatun.Explanation;
import dev.gatun.decoder.Decoder;
import dev.gatun.decoder.DecoderOptions;
import dev.gatun.decoder.Model;
import dev.gatun.decoder.Sampling;
import dev.gatun.decoder.Sequence;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What a step of the decoder compiles to on a backend, with the time of each part. */
@Command(name = "explain",
    description = "Show the compiled step: operators, kernels, tiles, bytes, floors, measured times, rejected plans.",
    footer = {"", "Example:", "  gatun explain --model model.gguf --tokens 1"})
final class ExplainCommand implements Callable<Integer> {
  /** Tokens already in the cache, so that attention has something to read. */
  private static final int BEFORE = 32;
  private static final int LARGEST_CHUNK = 512;
  private static final int MOST_RUNS = 1000;
  private static final int LONGEST_WARM_UP = 600;

  private final Terminal terminal;

  @Spec CommandSpec spec;
  @Mixin Help help;
  @Mixin ModelOrShape model;

  @Option(names = "--tokens", paramLabel = "N", defaultValue = "1",
      description = "Tokens of the step: 1 is decode, more is prefill. Default: ${DEFAULT-VALUE}.")
  int tokens;

  @Option(names = "--runs", paramLabel = "N", defaultValue = "10",
      description = "How often it is timed; 0 for not. Default: ${DEFAULT-VALUE}.")
  int runs;

  @Option(names = "--warm-up", paramLabel = "SECONDS", defaultValue = "2",
      description = "How long it runs before it is timed, so that the JVM has compiled the kernels. Default: ${DEFAULT-VALUE}.")
  double warmUp;

  @Mixin BackendChoice backend;
  @Mixin CacheChoice cache;

  @Option(names = "--json", description = "Print JSON.")
  boolean json;

  /** All steps that run one kernel. */
  private record Kernel(int steps, long bytes, long flops, long nanos) {
    Kernel plus(Kernel other) {
      return new Kernel(steps + other.steps, bytes + other.bytes, flops + other.flops, nanos + other.nanos);
    }
  }

  ExplainCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    if (tokens < 1 || tokens > LARGEST_CHUNK || runs < 0 || runs > MOST_RUNS || !(warmUp >= 0 && warmUp <= LONGEST_WARM_UP)) {
      throw new ParameterException(spec.commandLine(), "--tokens is from 1 to " + LARGEST_CHUNK
          + ", --runs from 0 to " + MOST_RUNS + ", --warm-up at most " + LONGEST_WARM_UP
          + " seconds: " + tokens + ", " + runs + ", " + warmUp);
    }
    backend.rounding();
    backend.check();
    cache.check();
    try (Model opened = model.open(terminal)) {
      DecoderOptions options = cache.options(terminal, opened, tokens,
          Math.min(BEFORE, Math.max(0, opened.dimensions().context() - tokens)));
      try (Loaded loaded = Loaded.of(terminal, opened, backend, options)) {
        Explanation explanation = Progress.during(terminal, "timing", () -> explain(loaded.decoder()));
        if (json) {
          writeJson(opened.gguf().file(), explanation);
        } else {
          print(explanation);
        }
      }
    }
    return 0;
  }

  private Explanation explain(Decoder decoder) {
    Executable step = decoder.executable(tokens);
    if (runs > 0) {
      int before = Math.min(BEFORE, decoder.options().context() - tokens);
      try (Sequence sequence = decoder.newSequence(Sampling.greedy())) {
        if (before > 0) {
          decoder.feed(sequence, SeededPrompt.of(decoder.model(), before));
        }
        // The step runs again on what its last submission left in its inputs.
        decoder.feed(sequence, SeededPrompt.of(decoder.model(), tokens));
        long started = System.nanoTime();
        while (System.nanoTime() - started < warmUp * 1e9) {
          step.profile(decoder.stream(), 1);
        }
        step.profile(decoder.stream(), runs);
      }
    }
    return step.explain();
  }

  private static Map<String, Kernel> byKernel(Explanation explanation) {
    Map<String, Kernel> kernels = new LinkedHashMap<>();
    for (Explanation.Step step : explanation.steps()) {
      kernels.merge(step.kernel(), new Kernel(1, step.bytes(), step.flops(), step.nanos()), Kernel::plus);
    }
    return kernels;
  }

  private void print(Explanation explanation) {
    terminal.out().print(explanation);
    terminal.out().println();
    terminal.out().println("by kernel");
    List<Map.Entry<String, Kernel>> kernels = byKernel(explanation).entrySet().stream()
        .sorted((a, b) -> Long.compare(b.getValue().nanos, a.getValue().nanos)).toList();
    long all = kernels.stream().mapToLong(kernel -> kernel.getValue().nanos).sum();
    kernels.forEach(entry -> {
      Kernel kernel = entry.getValue();
      terminal.out().println("  " + entry.getKey() + ": " + kernel.steps + " steps, " + Units.bytes(kernel.bytes)
          + (kernel.nanos == 0 ? "" : ", " + Units.seconds(kernel.nanos) + " (" + 100 * kernel.nanos / all + " %), "
              + Units.rate(kernel.bytes * 1e9 / kernel.nanos) + ", " + Units.scaled(kernel.flops * 1e9 / kernel.nanos) + "FLOP/s"));
    });
    if (all > 0) {
      terminal.out().println("  all: " + Units.seconds(all) + ", floor "
          + Units.seconds(Math.round(explanation.bytes() / explanation.bandwidth() * 1e9)));
    }
  }

  private void writeJson(Path file, Explanation explanation) {
    try (Json document = Json.indented(terminal.out())) {
      document.object().put("model", file.toString()).put("tokens", tokens).put("program", explanation.program())
          .put("device", explanation.device())
          .put("bandwidth_bytes_per_second", explanation.bandwidth()).put("workspace_bytes", explanation.workspaceBytes())
          .put("bytes", explanation.bytes()).array("steps");
      for (Explanation.Step step : explanation.steps()) {
        document.object().put("kernel", step.kernel()).put("tile", step.tile()).put("bytes", step.bytes()).put("flops", step.flops())
            .put("floor_us", step.floorMicros(explanation.bandwidth())).put("ns", step.nanos()).put("sources", step.sources())
            .put("rejected", step.rejected()).endObject();
      }
      document.endArray().endObject();
    }
  }
}
